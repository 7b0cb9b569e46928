//! Prints the figures as tables, and compares them with the project's aims.

use serde_json::{Value, json};

/// Prints a table of all cases and a table of all queries.
pub fn show(cases: &[Value], reads: &[Value]) {
    let (textbook, rows) = (rate(cases, "textbook, 8"), rate(cases, "row by row"));
    let cell = |of: &Value, name: &str, digits: usize| {
        of[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
    };
    // The cell stays empty if the other case was not measured.
    let times = |ratio: f64| if ratio.is_finite() { format!("{ratio:.2}") } else { String::new() };
    println!(
        "| case | orders/s | x textbook 8 | x row by row | p50 ms | p99 ms | max ms | pages/order | orders/sync | writer us/order |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        let rate = case["per_second"].as_f64().unwrap_or_default();
        println!(
            "| {} | {rate:.0} | {} | {} | {} | {} | {} | {} | {} | {} |",
            case["case"].as_str().unwrap_or_default(),
            times(rate / textbook),
            times(rate / rows),
            cell(case, "p50_ms", 2),
            cell(case, "p99_ms", 2),
            cell(case, "max_ms", 1),
            cell(case, "pages_per_order", 2),
            cell(case, "orders_per_sync", 1),
            cell(case, "writer_us_per_order", 1),
        );
    }
    println!(
        "\n| threads or processes | share of each, 1 is fair | longest wait, ms | failed attempts per order |\n|---|---|---|--:|"
    );
    for case in cases.iter().filter(|case| case["shares"].is_array()) {
        let each = |name: &str, digits: usize| {
            let all = case[name].as_array().into_iter().flatten().filter_map(Value::as_f64);
            all.map(|value| format!("{value:.digits$}")).collect::<Vec<_>>().join(", ")
        };
        let name = case["case"].as_str().unwrap_or_default();
        let failed = cell(case, "failed_attempts_per_order", 2);
        println!("| {name} | {} | {} | {failed} |", each("shares", 2), each("longest_waits_ms", 0));
    }
    println!("\n| query | store | first ms | again ms |\n|---|---|--:|--:|");
    for read in reads {
        let text = |name: &str| read[name].as_str().unwrap_or_default();
        let (first, again) = (cell(read, "first_ms", 3), cell(read, "again_ms", 3));
        println!("| {} | {} | {first} | {again} |", text("query"), text("store"));
    }
}

/// Prints each aim with its bound, the measured value and whether it was reached, and returns them.
pub fn aims(cases: &[Value]) -> Vec<Value> {
    let rate = |start: &str| rate(cases, start);
    let figure = |start: &str, name: &str| number(cases, start, name);
    let four = cases.iter().find(|case| named(case, "engine, 4 processes"));
    let shares = four.and_then(|case| case["shares"].as_array());
    let off = shares.map_or(f64::NAN, |shares| {
        shares.iter().filter_map(Value::as_f64).map(|share| (share - 1.0).abs()).fold(0.0, f64::max)
    });
    let (threads, tasks) = ("engine, 64 callers (threads)", "engine, 64 callers (tasks)");
    let random = "engine, 64 callers (tasks), random";
    let best = rate(threads).max(rate(tasks));
    let at_least = [
        ("64 callers (threads) to textbook 8", rate(threads) / rate("textbook, 8"), 10.0),
        ("64 callers (tasks) to textbook 8", rate(tasks) / rate("textbook, 8"), 10.0),
        ("64 callers (threads) to row by row", rate(threads) / rate("row by row"), 3.0),
        ("64 callers (tasks) to row by row", rate(tasks) / rate("row by row"), 3.0),
        (
            "256 callers, the better, to 64",
            rate("engine, 256").max(rate("engine, 256 callers (tasks)")) / best,
            1.0,
        ),
        ("1 caller to textbook 1", rate("engine, 1 callers") / rate("textbook, 1"), 1.0),
        ("4 processes to 1", rate("engine, 4 processes") / rate("engine, 1 processes"), 0.75),
        ("after 1,000,000 orders to fresh", rate(crate::GROWN) / rate(threads), 0.8),
        ("orders per sync, 64 callers (threads)", figure(threads, "orders_per_sync"), 48.0),
    ];
    let at_most = [
        ("4 processes: largest deviation from a fair share", off, 0.1),
        ("4 processes: longest wait, ms", figure("engine, 4 processes", "max_ms"), 500.0),
        ("pages per order, ordered keys", figure(tasks, "pages_per_order"), 1.0),
        ("pages per order, random keys", figure(random, "pages_per_order"), 2.0),
    ];
    let least = at_least.map(|(aim, found, bound)| (aim, found, ">=", bound, found >= bound));
    let most = at_most.map(|(aim, found, bound)| (aim, found, "<=", bound, found <= bound));
    println!("\n| aim | bound | measured | reached |\n|---|--:|--:|---|");
    let measured = least.into_iter().chain(most).filter(|(_, found, ..)| found.is_finite());
    measured
        .map(|(aim, found, sign, bound, reached)| {
            println!("| {aim} | {sign} {bound} | {found:.2} | {} |", if reached { "yes" } else { "**no**" });
            json!({ "aim": aim, "bound": bound, "measured": found, "reached": reached })
        })
        .collect()
}

fn rate(cases: &[Value], start: &str) -> f64 {
    number(cases, start, "per_second")
}

/// A figure of the first case whose name begins with `start`, or NaN if it was not measured.
fn number(cases: &[Value], start: &str, name: &str) -> f64 {
    cases.iter().find(|case| named(case, start)).and_then(|case| case[name].as_f64()).unwrap_or(f64::NAN)
}

fn named(case: &Value, start: &str) -> bool {
    case["case"].as_str().is_some_and(|name| name.starts_with(start))
}
