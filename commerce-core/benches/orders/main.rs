//! Orders per second, pages and syncs per order: the engine beside the two ways in which shops usually
//! write to SQLite, on the same tables, in one run. `cargo bench -p commerce-core --bench orders -- --help`

mod plain;
mod reads;
mod show;
mod work;

use std::io::{BufRead, BufReader};
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

/// The case on a store that is not fresh.
const GROWN: &str = "engine, 64 callers (threads), after 1,000,000 orders";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|place| args.get(place + 1));
    if args.iter().any(|arg| arg == "--help") {
        println!("{HELP}");
        return Ok(());
    }
    let seconds = value("--seconds").map_or(Ok(3.0), |text| text.parse())?;
    let run = Duration::from_secs_f64(seconds);
    if let Some(store) = value("--process") {
        return process(Path::new(store), run);
    }
    // Only `cargo bench` says `--bench`; a test run wants to know no more than that it starts.
    let has = |name: &str| args.iter().any(|arg| arg == name);
    if has("--test") || !has("--bench") {
        return Ok(());
    }
    let mut cases = fresh(run)?;
    if has("--grown") {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(&folder.path().join("shop.db"))?;
        work::grow(&shop, 1_000_000)?;
        cases.push(engine(&shop, GROWN, 64, run, Keys::Ordered)?);
    }
    let reads = reads::measure(if has("--grown") { 1_000_000 } else { 100_000 })?;
    show::show(&cases, &reads);
    let aims = show::aims(&cases);
    if let Some(file) = value("--json") {
        std::fs::write(file, json!({ "cases": cases, "reads": reads, "aims": aims }).to_string())?;
    }
    Ok(())
}

/// Every case, each on a store of its own.
fn fresh(run: Duration) -> Result<Vec<Value>> {
    let mut cases = Vec::new();
    for threads in [1, 8] {
        let folder = tempfile::tempdir()?;
        let (measured, stats) = plain::textbook(folder.path(), threads, run)?;
        // Several writers' commits cannot be told apart in the log.
        let stats = (threads == 1).then_some(stats);
        cases.push(measured.told(&format!("textbook, {threads} threads"), stats));
    }
    for (keys, name) in [(Keys::Ordered, "row by row, 64"), (Keys::Random, "row by row, 64, random keys")] {
        let folder = tempfile::tempdir()?;
        let (measured, stats) = plain::row_by_row(folder.path(), run, keys)?;
        cases.push(measured.told(name, Some(stats)));
    }
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
        requests: after.requests - before.requests,
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
    // Each says a line when it has opened the store; the end of their input lets all of them go.
    let mut outputs = Vec::new();
    for child in &mut children {
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        output.read_line(&mut String::new())?;
        outputs.push(output);
    }
    children.iter_mut().for_each(|child| drop(child.stdin.take()));
    let mut told = Vec::new();
    for (mut child, output) in children.into_iter().zip(outputs) {
        told.push(serde_json::from_reader::<_, Value>(output)?);
        child.wait()?;
    }
    let each = |name: &str| told.iter().map(|one| one[name].as_f64().unwrap_or_default()).collect::<Vec<_>>();
    let (rates, longest) = (each("per_second"), each("max_ms"));
    let total: f64 = rates.iter().sum();
    let shares: Vec<f64> = rates.iter().map(|rate| rate * count as f64 / total).collect();
    Ok(json!({
        "case": format!("engine, {count} processes of 64 callers"), "per_second": total,
        "p50_ms": each("p50_ms").into_iter().fold(0.0, f64::max),
        "p99_ms": each("p99_ms").into_iter().fold(0.0, f64::max),
        "max_ms": longest.iter().copied().fold(0.0, f64::max),
        "shares": shares, "longest_waits_ms": longest,
    }))
}

fn process(store: &Path, run: Duration) -> Result<()> {
    let shop = Commerce::open(store, Options::new(SystemClock))?;
    println!("ready");
    std::io::copy(&mut std::io::stdin(), &mut std::io::sink())?;
    let measured: Measured = work::callers(&shop, 64, run, Keys::Ordered)?;
    println!("{}", measured.told("process", None));
    Ok(())
}

/// Milliseconds since then.
fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
