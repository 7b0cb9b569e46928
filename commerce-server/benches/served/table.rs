//! Prints the figures as tables, and compares them with the project's aims.

use serde_json::{Value, json};

use crate::cases::{self, ROUND_TRIPS};

/// Prints tables of the figures: a row for each case, a column for each round trip.
pub fn show(cases: &[Value]) {
    for (title, names, between, digits) in [
        ("orders per second", &["per_second"][..], "", 0),
        ("p50 / p99 / max, ms", &["p50_ms", "p99_ms", "max_ms"], " / ", 1),
        ("open / with the first order, ms", &["open_ms", "first_ms"], " / ", 1),
        ("requests per order", &["requests_per_order"], "", 3),
        ("orders per group", &["orders_per_group"], "", 1),
        ("syncs per order", &["syncs_per_order"], "", 3),
        ("bytes per order", &["bytes_per_order"], "", 0),
        ("CPU µs per order, client + server", &["client_cpu_us", "server_cpu_us"], " + ", 1),
        ("memory of the server, MB", &["server_memory_mb"], "", 0),
    ] {
        by_distance(title, cases, |case| {
            let figures = names.iter().filter_map(|name| case[name].as_f64());
            figures.map(|figure| format!("{figure:.digits$}")).collect::<Vec<_>>().join(between)
        });
    }
}

fn by_distance(title: &str, cases: &[Value], cell: impl Fn(&Value) -> String) {
    let mut rows: Vec<&str> = Vec::new();
    for row in cases.iter().filter_map(|case| case["row"].as_str()) {
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    let found = |row| ROUND_TRIPS.map(|ms| find(cases, row, ms).map_or(String::new(), &cell));
    let lines: Vec<_> = rows.into_iter().map(|row| (row, found(row))).collect();
    let is_empty = |cells: &[String; 4]| cells.iter().all(String::is_empty);
    if lines.iter().all(|(_, cells)| is_empty(cells)) {
        return;
    }
    println!("\n| {title} | {} |", ROUND_TRIPS.map(|ms| format!("{ms} ms")).join(" | "));
    println!("|---|{}", "--:|".repeat(ROUND_TRIPS.len()));
    for (row, cells) in lines.iter().filter(|(_, cells)| !is_empty(cells)) {
        println!("| {row} | {} |", cells.join(" | "));
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
