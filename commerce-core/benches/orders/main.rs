//! Measures orders per second, pages and syncs per order. It compares the engine with the two usual ways of writing
//! to SQLite, on the same tables, in one run. `cargo bench -p commerce-core --bench orders -- --help`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
mod plain;
mod reads;
mod show;
mod work;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Options, Stats, SystemClock};
use serde_json::{Value, json};

use arguments::Arguments;
use plain::Waiting;
use work::{Keys, Measured, Result};

const HELP: &str =
    "cargo bench -p commerce-core --bench orders -- [--seconds N] [--only TEXT] [--grown] [--json FILE]
  --seconds N   how long each case runs (3)
  --only TEXT   run only the cases whose names contain TEXT, and no queries
  --grown       also measure a store of 1,000,000 orders
  --json FILE   write the figures to FILE as JSON";

/// The case on a store that already holds orders.
const GROWN: &str = "engine, 64 callers (threads), after 1,000,000 orders";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    let seconds = arguments.parsed("--seconds", 3.0)?;
    let run = Duration::from_secs_f64(seconds);
    if let Some(store) = arguments.get("--process") {
        return process(Path::new(store), run);
    }
    if !arguments.is_bench() {
        return Ok(());
    }
    let only = arguments.get("--only").unwrap_or("");
    let mut told = Vec::new();
    for (name, case) in cases().iter().filter(|(name, _)| name.contains(only)) {
        told.push(case(run, name)?);
    }
    if arguments.has("--grown") && GROWN.contains(only) {
        let folder = tempfile::tempdir()?;
        let shop = work::shop(folder.path().join("shop.db"))?;
        work::grow(&shop, 1_000_000)?;
        told.push(engine(&shop, GROWN, |shop| work::callers(shop, 64, run, Keys::Ordered))?);
    }
    let reads = match (only, arguments.has("--grown")) {
        ("", true) => reads::measure(1_000_000)?,
        ("", false) => reads::measure(100_000)?,
        _ => Vec::new(),
    };
    show::show(&told, &reads);
    let aims = show::aims(&told);
    if let Some(file) = arguments.get("--json") {
        std::fs::write(file, json!({ "cases": told, "reads": reads, "aims": aims }).to_string())?;
    }
    Ok(())
}

type Case = Box<dyn Fn(Duration, &str) -> Result<Value>>;

/// Every case, each on a store of its own.
fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    let mut add = |name: String, case: Case| cases.push((name, case));
    for (threads, waiting, how) in [
        (1, Waiting::TimeOut, ""),
        (8, Waiting::TimeOut, ""),
        (8, Waiting::Polling, ", polling"),
        (8, Waiting::Retrying, ", retrying"),
    ] {
        let textbook = move |run, name: &str| {
            let folder = tempfile::tempdir()?;
            let (measured, stats, orders, failed) = plain::textbook(folder.path(), threads, run, waiting)?;
            let (placed, longest) = (measured.waits.len() as f64, measured.waits.iter().max().copied());
            // The log does not show which of several writers made a commit.
            let mut told = measured.told(name, (threads == 1).then_some(stats));
            if threads > 1 {
                told["shares"] = work::shares(&orders).into();
                told["longest_waits_ms"] = vec![longest.unwrap_or_default().as_secs_f64() * 1_000.0].into();
                told["failed_attempts_per_order"] = (failed as f64 / placed).into();
            }
            Ok(told)
        };
        add(format!("textbook, {threads} threads{how}"), Box::new(textbook));
    }
    for (keys, more) in [(Keys::Ordered, ""), (Keys::Random, ", random keys")] {
        let rows = move |run, name: &str| {
            let folder = tempfile::tempdir()?;
            let here = Path::new("/proc/thread-self");
            let before = spent(here);
            let (measured, stats) = plain::row_by_row(folder.path(), run, keys)?;
            Ok(cost(measured.told(name, Some(stats)), before, spent(here), stats))
        };
        add(format!("row by row, 64{more}"), Box::new(rows));
    }
    for callers in [1, 8, 64, 256] {
        let threads =
            move |run, name: &str| fresh(name, |shop| work::callers(shop, callers, run, Keys::Ordered));
        add(format!("engine, {callers} callers (threads)"), Box::new(threads));
    }
    for (callers, keys, more) in
        [(64, Keys::Ordered, ""), (64, Keys::Random, ", random keys"), (256, Keys::Ordered, "")]
    {
        let tasks = move |run, name: &str| fresh(name, |shop| work::tasks(shop, callers, run, keys));
        add(format!("engine, {callers} callers (tasks){more}"), Box::new(tasks));
    }
    for count in [1, 2, 4] {
        add(
            format!("engine, {count} processes of 64 callers"),
            Box::new(move |run, name| processes(name, count, run)),
        );
    }
    cases
}

/// The engine on a new store.
fn fresh(name: &str, measure: impl FnOnce(&Commerce) -> Result<Measured>) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    engine(&work::shop(folder.path().join("shop.db"))?, name, measure)
}

fn engine(shop: &Commerce, name: &str, measure: impl FnOnce(&Commerce) -> Result<Measured>) -> Result<Value> {
    let writer = writer().unwrap_or_default();
    let (stats, busy) = (shop.stats(), spent(&writer));
    let measured = measure(shop)?;
    let stats = since(stats, shop.stats());
    Ok(cost(measured.told(name, Some(stats)), busy, spent(&writer), stats))
}

/// Adds the writer thread's CPU time per order, where the system reports it. A busy machine affects it far less than
/// the rate.
fn cost(mut told: Value, before: Option<Duration>, after: Option<Duration>, stats: Stats) -> Value {
    if let Some((before, after)) = before.zip(after) {
        let micros = (after - before).as_secs_f64() * 1e6;
        told["writer_us_per_order"] = (micros / stats.operations as f64).into();
    }
    told
}

/// The folder in `/proc` of the engine's writer thread (Linux, proc(5)).
fn writer() -> Option<PathBuf> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let name = |task: &Path| std::fs::read_to_string(task.join("comm")).unwrap_or_default();
    tasks.flatten().map(|task| task.path()).find(|task| name(task).trim() == "commerce-writer")
}

/// CPU time of a thread so far.
fn spent(thread: &Path) -> Option<Duration> {
    let told = std::fs::read_to_string(thread.join("schedstat")).ok()?;
    Some(Duration::from_nanos(told.split(' ').next()?.parse().ok()?))
}

fn since(before: Stats, after: Stats) -> Stats {
    Stats {
        groups: after.groups - before.groups,
        operations: after.operations - before.operations,
        commits: after.commits - before.commits,
        pages: after.pages - before.pages,
        requests: after.requests - before.requests,
        ..Stats::default()
    }
}

/// Starts this program `count` times on one file, with 64 callers in each process.
fn processes(name: &str, count: usize, run: Duration) -> Result<Value> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("shop.db");
    work::shop(&path)?.close();
    let (store, seconds) = (path.to_string_lossy(), run.as_secs_f64().to_string());
    let told = work::processes(count, &["--process", &store, "--seconds", &seconds])?;
    let each = |name: &str| told.iter().map(|one| one[name].as_f64().unwrap_or_default()).collect::<Vec<_>>();
    let (rates, longest) = (each("per_second"), each("max_ms"));
    Ok(json!({
        "case": name, "per_second": rates.iter().sum::<f64>(),
        "p50_ms": each("p50_ms").into_iter().fold(0.0, f64::max),
        "p99_ms": each("p99_ms").into_iter().fold(0.0, f64::max),
        "max_ms": longest.iter().copied().fold(0.0, f64::max),
        "shares": work::shares(&rates), "longest_waits_ms": longest,
    }))
}

fn process(store: &Path, run: Duration) -> Result<()> {
    let shop = Commerce::open(store, Options::new(SystemClock))?;
    work::take_part()?;
    let measured: Measured = work::callers(&shop, 64, run, Keys::Ordered)?;
    println!("{}", measured.told("process", None));
    Ok(())
}

/// Milliseconds since an instant.
fn millis(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
