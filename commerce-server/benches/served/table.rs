//! Prints the figures as tables, and compares them with the project's aims.

use serde_json::{Value, json};

use crate::cases::{self, ROUND_TRIPS};

/// Prints tables of the figures: a row for each case, a column for each round trip.
pub fn show(cases: &[Value]) {
    by_distance("orders per second", cases, |case| cell(case, "per_second", 0));
    by_distance("p50 / p99 / max, ms", cases, |case| {
        format!("{} / {} / {}", cell(case, "p50_ms", 1), cell(case, "p99_ms", 1), cell(case, "max_ms", 0))
    });
    by_distance("open / with the first order, ms", cases, |case| {
        format!("{} / {}", cell(case, "open_ms", 1), cell(case, "first_ms", 1))
    });
    by_distance("requests per order", cases, |case| cell(case, "requests_per_order", 3));
    by_distance("orders per group", cases, |case| cell(case, "orders_per_group", 1));
    by_distance("syncs per order", cases, |case| cell(case, "syncs_per_order", 3));
    by_distance("bytes per order", cases, |case| cell(case, "bytes_per_order", 0));
    by_distance("CPU µs per order, client + server", cases, |case| {
        format!("{} + {}", cell(case, "client_cpu_us", 1), cell(case, "server_cpu_us", 1))
    });
    by_distance("memory of the server, MB", cases, |case| cell(case, "server_memory_mb", 0));
}

fn by_distance(title: &str, cases: &[Value], cell: impl Fn(&Value) -> String) {
    println!("\n| {title} | {} |", ROUND_TRIPS.map(|ms| format!("{ms} ms")).join(" | "));
    println!("|---|{}", "--:|".repeat(ROUND_TRIPS.len()));
    let mut rows: Vec<&str> = Vec::new();
    for row in cases.iter().filter_map(|case| case["row"].as_str()) {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    for row in rows {
        let found = ROUND_TRIPS.map(|ms| find(cases, row, ms).map_or(String::new(), &cell));
        println!("| {row} | {} |", found.join(" | "));
    }
}

fn find<'a>(cases: &'a [Value], row: &str, round_trip: u64) -> Option<&'a Value> {
    let name = cases::name(row, round_trip);
    cases.iter().find(|case| case["case"] == name.as_str())
}

/// Prints each aim that was measured, with its bound, the measured value and whether it was reached, and returns them.
pub fn aims(cases: &[Value]) -> Vec<Value> {
    let rate = |row: &str, round_trip| {
        find(cases, row, round_trip).and_then(|case| case["per_second"].as_f64()).unwrap_or(f64::NAN)
    };
    let of = |row: &str, beside: &str| rate(row, 0) / rate(beside, 0);
    println!("\n| aim | at least | measured | reached |\n|---|--:|--:|---|");
    [
        (
            "256 threads to the engine in process",
            of("served, 256 threads", "engine in process, 256 threads"),
            0.7,
        ),
        (
            "256 threads to one order a request",
            of("served, 256 threads", "one order a request, 256 threads"),
            1.3,
        ),
        ("256 tasks to one order a request", of("served, 256 tasks", "one order a request, 256 tasks"), 1.3),
        (
            "1,000 threads over 20 ms to the same without",
            rate("served, 1000 threads", 20) / rate("served, 1000 threads", 0),
            0.8,
        ),
    ]
    .into_iter()
    .filter(|(_, measured, _)| measured.is_finite())
    .map(|(aim, measured, bound)| {
        let reached = measured >= bound;
        println!("| {aim} | {bound} | {measured:.2} | {} |", if reached { "yes" } else { "**no**" });
        json!({ "aim": aim, "bound": bound, "measured": measured, "reached": reached })
    })
    .collect()
}

/// A figure with this many digits, or nothing where there is none.
fn cell(of: &Value, name: &str, digits: usize) -> String {
    of[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
}
