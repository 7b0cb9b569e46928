//! Prints the figures as tables, and compares them with the project's aims.

use serde_json::{Value, json};

use crate::distance::{self, ROUND_TRIPS};

/// Prints a row for each case.
pub fn show(cases: &[Value]) {
    println!(
        "| case | orders/s | p50 ms | p99 ms | max ms | orders/group | requests/group | requests/order |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            case["case"].as_str().unwrap_or_default(),
            cell(case, "per_second", 0),
            cell(case, "p50_ms", 1),
            cell(case, "p99_ms", 1),
            cell(case, "max_ms", 0),
            cell(case, "orders_per_group", 1),
            cell(case, "requests_per_group", 2),
            cell(case, "requests_per_order", 3),
        );
    }
    for case in cases.iter().filter(|case| case["shares"].is_array()) {
        println!(
            "\n{}: share of each instance, 1 is fair: {}",
            case["case"].as_str().unwrap_or_default(),
            case["shares"]
        );
    }
}

/// Prints tables of rates, waits, first answers and requests: a row for each case, a column for each round trip.
pub fn show_by_distance(cases: &[Value]) {
    let waits = |case: &Value| {
        format!("{} / {} / {}", cell(case, "p50_ms", 1), cell(case, "p99_ms", 1), cell(case, "max_ms", 0))
    };
    by_distance("per second", cases, |case| cell(case, "per_second", 0));
    by_distance("p50 / p99 / max, ms", cases, waits);
    by_distance("first answer of the process, ms", cases, |case| cell(case, "first_ms", 0));
    by_distance("requests to the server, each", cases, |case| cell(case, "requests_each", 3));
}

fn by_distance(title: &str, cases: &[Value], cell: impl Fn(&Value) -> String) {
    println!("\n| {title} | {} |", ROUND_TRIPS.map(|ms| format!("{ms} ms")).join(" | "));
    println!("|---|{}", "--:|".repeat(ROUND_TRIPS.len()));
    for row in distance::cases() {
        let found = ROUND_TRIPS.map(|ms| cases.iter().find(|case| case["case"] == row.name_at(ms)));
        let cells = found.map(|case| case.map_or(String::new(), &cell));
        if cells.iter().any(|cell| !cell.is_empty()) {
            println!("| {} | {} |", row.name, cells.join(" | "));
        }
    }
}

/// Prints each aim that was measured, with its bound, the measured value and whether it was reached, and returns them.
pub fn aims(cases: &[Value]) -> Vec<Value> {
    let number = |name: &str, figure: &str| {
        let case = cases.iter().find(|case| case["case"] == name);
        case.and_then(|case| case[figure].as_f64()).unwrap_or(f64::NAN)
    };
    let rate = |name: &str| number(name, "per_second");
    let best = [1, 8, 64].map(|threads| rate(&format!("statement by statement, {threads} threads")));
    let best = best.into_iter().fold(f64::NAN, f64::max);
    let mut at_least = vec![
        ("64 callers to the best statement by statement".into(), rate("server, 64 callers") / best, 20.0),
        ("64 callers to 64 on a file".into(), rate("server, 64 callers") / rate("file, 64 callers"), 0.15),
    ];
    for ms in ROUND_TRIPS {
        let ratio =
            rate(&format!("serve, 64 connections, {ms} ms")) / rate(&format!("apply, 64 callers, {ms} ms"));
        at_least.push((
            format!("`serve` with 64 connections to `apply` with 64 callers, {ms} ms"),
            ratio,
            0.7,
        ));
    }
    for (ms, bound) in [(0, 20_000.0), (5, 5_000.0)] {
        let found = rate(&format!("serve, 64 connections: a product, {ms} ms"));
        at_least.push((format!("product reads a second with 64 connections, {ms} ms"), found, bound));
    }
    let p99 = number("server, 4 instances of 64 callers", "p99_ms");
    let mut at_most = vec![("4 instances: p99, ms".into(), p99, 250.0)];
    for name in ["apply, 1 callers, 20 ms", "serve, 1 connections, 20 ms"] {
        at_most.push((format!("an order, {name}: p50, ms"), number(name, "p50_ms"), 45.0));
    }
    let least = at_least.into_iter().map(|(aim, found, bound)| (aim, found, ">=", bound, found >= bound));
    let most = at_most.into_iter().map(|(aim, found, bound)| (aim, found, "<=", bound, found <= bound));
    println!("\n| aim | bound | measured | reached |\n|---|--:|--:|---|");
    let measured = least.chain(most).filter(|(_, found, ..)| found.is_finite());
    measured
        .map(|(aim, found, sign, bound, reached)| {
            println!("| {aim} | {sign} {bound} | {found:.2} | {} |", if reached { "yes" } else { "**no**" });
            json!({ "aim": aim, "bound": bound, "measured": found, "reached": reached })
        })
        .collect()
}

/// A figure with this many digits, or nothing where there is none.
fn cell(of: &Value, name: &str, digits: usize) -> String {
    of[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
}
