//! Measures orders and reads per second on a libSQL server: from one instance and from several, beside transactions sent
//! statement by statement and a file, and over networks of several round trips, in process and through `commerce serve`.
//! `cargo bench -p commerce-core --bench libsql -- --help`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
mod delay;
mod distance;
#[allow(dead_code, reason = "the bench of HTTP sends more kinds of requests")]
#[path = "../../../commerce-server/benches/http/load.rs"]
mod load;
mod served;
#[path = "../../../fixtures/sqld.rs"]
mod sqld;
mod statements;
#[path = "../../../fixtures/system.rs"]
mod system;
mod table;
#[allow(dead_code, reason = "the other bench needs more of it")]
#[path = "../orders/work.rs"]
mod work;

use std::cell::OnceCell;
use std::path::Path;
use std::time::Duration;

use commerce_core::{Commerce, Location, Options, Stats, SystemClock};
use serde_json::{Value, json};

use arguments::Arguments;
use distance::{ROUND_TRIPS, Setting};
use sqld::Sqld;
use work::{Keys, Result};

/// The allocator of the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str = "cargo bench -p commerce-core --bench libsql -- [--program FILE] [--only TEXT] [--seconds N] [--json FILE]
  --program FILE   the program `commerce`; without it, nothing is measured through `serve`
  --only TEXT      run only the cases whose names contain TEXT
  --seconds N      how long each case runs (5)
  --json FILE      write the figures to FILE as JSON";

/// The token of the clients of `commerce serve`.
const SECRET: &str = "bench-bench-bench-bench-bench-bench-bench-1";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    let run = Duration::from_secs_f64(arguments.parsed("--seconds", 5.0)?);
    if let Some(url) = arguments.get("--process") {
        return process(url, run);
    }
    if !arguments.is_bench() {
        return Ok(());
    }
    let only = arguments.get("--only").unwrap_or("");
    let mut cases = Vec::new();
    for (name, case) in local().iter().filter(|(name, _)| name.contains(only)) {
        cases.push(case(run, name)?);
    }
    // From the root of the project, wherever cargo starts a bench.
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let program = arguments.get("--program").map(|program| root.join(program));
    let setting = Setting { run, program, server: OnceCell::new() };
    let mut far = Vec::new();
    for round_trip in ROUND_TRIPS {
        let all = distance::cases();
        for case in all.iter().filter(|case| case.name_at(round_trip).contains(only)) {
            far.extend(case.measure(&setting, round_trip)?);
        }
    }
    table::show(&cases);
    table::show_by_distance(&far);
    cases.extend(far);
    let aims = table::aims(&cases);
    if let Some(file) = arguments.get("--json") {
        std::fs::write(file, json!({ "cases": cases, "aims": aims }).to_string())?;
    }
    Ok(())
}

type Measure = Box<dyn Fn(Duration, &str) -> Result<Value>>;

/// The cases without a network in between, each on a store of its own.
fn local() -> Vec<(String, Measure)> {
    let mut cases = Vec::new();
    let mut add = |name: String, case: Measure| cases.push((name, case));
    for threads in [1, 8, 64] {
        let statements = move |run, name: &str| {
            let server = Sqld::start();
            work::shop(server.url().parse::<Location>()?)?.close();
            Ok(statements::orders(server.port, threads, run)?.told(name, None))
        };
        add(format!("statement by statement, {threads} threads"), Box::new(statements));
    }
    for callers in [1, 8, 64] {
        let file = move |run, name: &str| {
            let folder = tempfile::tempdir()?;
            engine(&work::shop(folder.path().join("shop.db"))?, name, callers, run)
        };
        add(format!("file, {callers} callers"), Box::new(file));
    }
    for callers in [1, 8, 64] {
        let server = move |run, name: &str| {
            let server = Sqld::start();
            engine(&work::shop(server.url().parse::<Location>()?)?, name, callers, run)
        };
        add(format!("server, {callers} callers"), Box::new(server));
    }
    for count in [2, 4] {
        let instances = move |run, name: &str| instances(count, name, run);
        add(format!("server, {count} instances of 64 callers"), Box::new(instances));
    }
    cases
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
fn instances(count: usize, name: &str, run: Duration) -> Result<Value> {
    let server = Sqld::start();
    work::shop(server.url().parse::<Location>()?)?.close();
    let seconds = run.as_secs_f64().to_string();
    let told = work::processes(count, &["--process", &server.url(), "--seconds", &seconds])?;
    let each = |name: &str| told.iter().map(|one| one[name].as_f64().unwrap_or_default()).collect::<Vec<_>>();
    let most = |name: &str| each(name).into_iter().fold(0.0, f64::max);
    let mean = |name: &str| each(name).iter().sum::<f64>() / count as f64;
    let rates = each("per_second");
    Ok(json!({
        "case": name, "per_second": rates.iter().sum::<f64>(),
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
