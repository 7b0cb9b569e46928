//! Measures orders per second on a libSQL server, from one instance and from several. It compares them with
//! transactions sent statement by statement, and with a file, in one run. `cargo bench -p commerce-core --bench libsql -- --help`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod statements;
#[path = "../../../fixtures/system.rs"]
mod system;
#[allow(dead_code, reason = "the other bench needs more of it")]
#[path = "../orders/work.rs"]
mod work;

use std::time::Duration;

use commerce_core::{Commerce, Location, Options, Stats, SystemClock};
use serde_json::{Value, json};

use arguments::Arguments;
use sqld::Sqld;
use work::{Keys, Result};

const HELP: &str = "cargo bench -p commerce-core --bench libsql -- [--seconds N] [--json FILE]
  --seconds N   how long each case runs (5)
  --json FILE   write the figures to FILE as JSON";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    let run = Duration::from_secs_f64(arguments.parsed("--seconds", 5.0)?);
    if let Some(url) = arguments.get("--process") {
        return process(url, run);
    }
    if !arguments.is_bench() {
        return Ok(());
    }
    let mut cases = Vec::new();
    for threads in [1, 8, 64] {
        let server = Sqld::start();
        work::shop(server.url().parse::<Location>()?)?.close();
        let measured = statements::orders(server.port, threads, run)?;
        cases.push(measured.told(&format!("statement by statement, {threads} threads"), None));
    }
    for callers in [1, 8, 64] {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(folder.path().join("shop.db"))?;
        cases.push(engine(&shop, &format!("file, {callers} callers"), callers, run)?);
    }
    for callers in [1, 8, 64] {
        let server = Sqld::start();
        let shop = work::shop(server.url().parse::<Location>()?)?;
        cases.push(engine(&shop, &format!("server, {callers} callers"), callers, run)?);
    }
    for count in [2, 4] {
        cases.push(instances(count, run)?);
    }
    show(&cases);
    let aims = aims(&cases);
    if let Some(file) = arguments.get("--json") {
        std::fs::write(file, json!({ "cases": cases, "aims": aims }).to_string())?;
    }
    Ok(())
}

fn engine(shop: &Commerce, name: &str, callers: u64, run: Duration) -> Result<Value> {
    let before = shop.stats();
    let measured = work::callers(shop, callers, run, Keys::Ordered)?;
    let mut told = measured.told(name, None);
    requests(&mut told, before, shop.stats());
    Ok(told)
}

/// Adds the requests per group and per order.
fn requests(told: &mut Value, before: Stats, after: Stats) {
    let part = |of: fn(&Stats) -> u64| (of(&after) - of(&before)) as f64;
    let requests = part(|stats| stats.requests);
    told["orders_per_group"] = (part(|stats| stats.operations) / part(|stats| stats.groups)).into();
    if requests > 0.0 {
        told["requests_per_group"] = (requests / part(|stats| stats.groups)).into();
        told["requests_per_order"] = (requests / part(|stats| stats.operations)).into();
    }
}

/// Starts this program `count` times on one server, with 64 callers in each process.
fn instances(count: usize, run: Duration) -> Result<Value> {
    let server = Sqld::start();
    work::shop(server.url().parse::<Location>()?)?.close();
    let seconds = run.as_secs_f64().to_string();
    let told = work::processes(count, &["--process", &server.url(), "--seconds", &seconds])?;
    let each = |name: &str| told.iter().map(|one| one[name].as_f64().unwrap_or_default()).collect::<Vec<_>>();
    let most = |name: &str| each(name).into_iter().fold(0.0, f64::max);
    let mean = |name: &str| each(name).iter().sum::<f64>() / count as f64;
    let rates = each("per_second");
    Ok(json!({
        "case": format!("server, {count} instances of 64 callers"), "per_second": rates.iter().sum::<f64>(),
        "p50_ms": most("p50_ms"), "p99_ms": most("p99_ms"), "max_ms": most("max_ms"), "shares": work::shares(&rates),
        "orders_per_group": mean("orders_per_group"),
        "requests_per_group": mean("requests_per_group"), "requests_per_order": mean("requests_per_order"),
    }))
}

fn process(url: &str, run: Duration) -> Result<()> {
    let shop = Commerce::open(url.parse::<Location>()?, Options::new(SystemClock))?;
    work::take_part()?;
    println!("{}", engine(&shop, "process", 64, run)?);
    Ok(())
}

fn show(cases: &[Value]) {
    println!(
        "| case | orders/s | p50 ms | p99 ms | max ms | orders/group | requests/group | requests/order |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        let cell = |name: &str, digits: usize| {
            case[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            case["case"].as_str().unwrap_or_default(),
            cell("per_second", 0),
            cell("p50_ms", 1),
            cell("p99_ms", 1),
            cell("max_ms", 0),
            cell("orders_per_group", 1),
            cell("requests_per_group", 2),
            cell("requests_per_order", 3),
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

/// Prints each aim with its bound, the measured value and whether it was reached, and returns them.
fn aims(cases: &[Value]) -> Vec<Value> {
    let number = |start: &str, name: &str| {
        let case =
            cases.iter().find(|case| case["case"].as_str().is_some_and(|name| name.starts_with(start)));
        case.and_then(|case| case[name].as_f64()).unwrap_or(f64::NAN)
    };
    let rate = |start: &str| number(start, "per_second");
    let best = [1, 8, 64].map(|threads| rate(&format!("statement by statement, {threads} threads")));
    let best = best.into_iter().fold(0.0, f64::max);
    let p99 = number("server, 4 instances", "p99_ms");
    let (to_best, to_file) = (rate("server, 64") / best, rate("server, 64") / rate("file, 64"));
    println!("\n| aim | bound | measured | reached |\n|---|--:|--:|---|");
    let aims = [
        ("64 callers to the best statement by statement", ">= 20", to_best, to_best >= 20.0),
        ("64 callers to 64 on a file", ">= 0.15", to_file, to_file >= 0.15),
        ("4 instances: p99, ms", "< 250", p99, p99 < 250.0),
    ];
    aims.map(|(aim, bound, found, reached)| {
        println!("| {aim} | {bound} | {found:.2} | {} |", if reached { "yes" } else { "**no**" });
        json!({ "aim": aim, "bound": bound, "measured": found, "reached": reached })
    })
    .to_vec()
}
