//! Orders per second, pages and syncs per order: the engine beside the two ways in which shops usually
//! write to SQLite, on the same tables, in one run. `cargo bench -p commerce-core --bench orders -- --help`

mod plain;
mod reads;
mod work;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Options, Stats, SystemClock};
use serde_json::{Value, json};

use work::{Keys, Measured, Result};

const HELP: &str = "cargo bench -p commerce-core --bench orders -- [--seconds N] [--grown] [--json FILE]
  --seconds N   how long each case runs (3)
  --grown       also on a store of 1,000,000 orders
  --json FILE   the figures as JSON too";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|place| args.get(place + 1));
    if args.iter().any(|arg| arg == "--help") {
        println!("{HELP}");
        return Ok(());
    }
    // `cargo test --benches` only wants to know that it starts.
    if args.iter().any(|arg| arg == "--test") {
        return Ok(());
    }
    let seconds = value("--seconds").map_or(Ok(3.0), |text| text.parse())?;
    let run = Duration::from_secs_f64(seconds);
    if let Some(store) = value("--process") {
        return process(Path::new(store), run);
    }
    let mut cases = fresh(run)?;
    let mut reads = Vec::new();
    if args.iter().any(|arg| arg == "--grown") {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(&folder.path().join("shop.db"))?;
        work::grow(&shop, 1_000_000)?;
        cases.push(engine(&shop, "engine, 64 callers, 1,000,000 orders before", 64, run, Keys::Ordered)?);
        reads.extend(reads::measure(&shop, "1,000,000 orders")?);
    }
    let folder = tempfile::tempdir()?;
    let shop = work::shop(&folder.path().join("shop.db"))?;
    reads::stock_up(&shop)?;
    reads.extend(reads::measure(&shop, "100,000 products")?);
    show(&cases, &reads);
    if let Some(file) = value("--json") {
        std::fs::write(file, json!({ "cases": cases, "reads": reads }).to_string())?;
    }
    Ok(())
}

/// Every case, each on a store of its own.
fn fresh(run: Duration) -> Result<Vec<Value>> {
    let mut cases = Vec::new();
    for threads in [1, 8] {
        let folder = tempfile::tempdir()?;
        cases.push(
            plain::textbook(folder.path(), threads, run)?.told(&format!("textbook, {threads} threads"), None),
        );
    }
    let folder = tempfile::tempdir()?;
    cases.push(plain::row_by_row(folder.path(), run)?.told("row by row, groups of 64, savepoints", None));
    for callers in [1, 8, 64, 256] {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(&folder.path().join("shop.db"))?;
        cases.push(engine(
            &shop,
            &format!("engine, {callers} callers (threads)"),
            callers,
            run,
            Keys::Ordered,
        )?);
    }
    for (tasks, keys, name) in [
        (64, Keys::Ordered, "engine, 64 callers (tasks)"),
        (64, Keys::Random, "engine, 64 callers (tasks), random keys"),
        (256, Keys::Ordered, "engine, 256 callers (tasks)"),
    ] {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(&folder.path().join("shop.db"))?;
        let before = shop.stats();
        let measured = work::tasks(&shop, tasks, run, keys)?;
        cases.push(measured.told(name, Some(since(before, shop.stats()))));
    }
    for count in [1, 2, 4] {
        cases.push(processes(count, run)?);
    }
    Ok(cases)
}

fn engine(shop: &Commerce, name: &str, callers: u64, run: Duration, keys: Keys) -> Result<Value> {
    let before = shop.stats();
    let measured = work::callers(shop, callers, run, keys)?;
    Ok(measured.told(name, Some(since(before, shop.stats()))))
}

fn since(before: Stats, after: Stats) -> Stats {
    Stats {
        groups: after.groups - before.groups,
        operations: after.operations - before.operations,
        commits: after.commits - before.commits,
        pages: after.pages - before.pages,
    }
}

/// So many processes of 64 callers each on one file: this program, started again.
fn processes(count: usize, run: Duration) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    work::shop(&path)?.close();
    let start = |_| {
        Command::new(std::env::current_exe()?)
            .args(["--process", &path.to_string_lossy(), "--seconds", &run.as_secs_f64().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
    };
    let mut children = (0..count).map(start).collect::<std::io::Result<Vec<_>>>()?;
    std::thread::sleep(Duration::from_millis(500));
    // The end of their input lets all of them go.
    children.iter_mut().for_each(|child| drop(child.stdin.take()));
    let mut shares = Vec::new();
    let mut longest = 0.0_f64;
    for child in children {
        let output = child.wait_with_output()?;
        let told: Value = serde_json::from_slice(&output.stdout)?;
        shares.push(told["per_second"].as_f64().unwrap_or_default());
        longest = longest.max(told["max_ms"].as_f64().unwrap_or_default());
    }
    let total: f64 = shares.iter().sum();
    let off = shares.iter().map(|share| (share * count as f64 / total - 1.0).abs()).fold(0.0, f64::max);
    Ok(json!({
        "case": format!("engine, {count} processes of 64 callers"), "per_second": total, "max_ms": longest,
        "furthest_from_fair_share": off,
    }))
}

fn process(store: &Path, run: Duration) -> Result<()> {
    let shop = Commerce::open(store, Options::new(SystemClock))?;
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    let measured: Measured = work::callers(&shop, 64, run, Keys::Ordered)?;
    println!("{}", measured.told("process", None));
    Ok(())
}

fn show(cases: &[Value], reads: &[Value]) {
    let of = |case: &Value, name: &str| case[name].as_f64();
    let base = |start: &str| {
        let case =
            cases.iter().find(|case| case["case"].as_str().is_some_and(|name| name.starts_with(start)));
        case.and_then(|case| of(case, "per_second")).unwrap_or(f64::NAN)
    };
    let (textbook, rows) = (base("textbook, 8"), base("row by row"));
    let cell =
        |value: Option<f64>, digits: usize| value.map_or(String::new(), |value| format!("{value:.digits$}"));
    println!(
        "| case | orders/s | x textbook 8 | x row by row | p50 ms | p99 ms | max ms | pages/order | orders/sync |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        let rate = of(case, "per_second").unwrap_or_default();
        println!(
            "| {} | {rate:.0} | {:.2} | {:.2} | {} | {} | {} | {} | {} |",
            case["case"].as_str().unwrap_or_default(),
            rate / textbook,
            rate / rows,
            cell(of(case, "p50_ms"), 2),
            cell(of(case, "p99_ms"), 2),
            cell(of(case, "max_ms"), 1),
            cell(of(case, "pages_per_order"), 2),
            cell(of(case, "orders_per_sync"), 1),
        );
        if let Some(off) = of(case, "furthest_from_fair_share") {
            println!("|   furthest from its fair share: {:.0} % | | | | | | | | |", off * 100.0);
        }
    }
    println!("\n| query | store | first ms | again ms |\n|---|---|--:|--:|");
    for read in reads {
        let text = |name: &str| read[name].as_str().unwrap_or_default().to_owned();
        println!(
            "| {} | {} | {} | {} |",
            text("query"),
            text("store"),
            cell(of(read, "first_ms"), 3),
            cell(of(read, "again_ms"), 3)
        );
    }
}

/// Milliseconds since then.
fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
