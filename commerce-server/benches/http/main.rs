//! Measures requests per second and their latency: orders and reads through HTTP, the engine called in process by as
//! many callers, and a bare server that does nothing, all in one run.
//! `cargo bench -p commerce-server --bench http -- --help`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
mod bare;
mod load;
mod server;
#[allow(dead_code, reason = "the engine's own bench does more of this work")]
#[path = "../../../commerce-core/benches/orders/work.rs"]
mod work;

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};
use serde_json::{Value, json};

use arguments::Arguments;
use server::{SECRET, Server, usage};
use work::{Keys, Result};

/// The allocator of the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str =
    "cargo bench -p commerce-server --bench http -- [--seconds N] [--rounds N] [--connections N] [--json FILE]
  --seconds N       how long each case runs in each round (1)
  --rounds N        rounds of all cases; the best of each case counts (3)
  --connections N   measure only N connections (1, 8, 64 and 256)
  --json FILE       write the figures to FILE as JSON";

const CONNECTIONS: [usize; 4] = [1, 8, 64, 256];

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    let run = Duration::from_secs_f64(arguments.parsed("--seconds", 1.0)?);
    let rounds = arguments.parsed("--rounds", 3_usize)?;
    if let Some(store) = arguments.get("--serve") {
        return server::serve(Path::new(store), bare::start);
    }
    if let (Some(store), Some(callers)) = (arguments.get("--engine"), arguments.get("--callers")) {
        return engine(Path::new(store), callers.parse()?, arguments.has("--tasks"), run);
    }
    if !arguments.is_bench() {
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let mut cases = Vec::new();
    let only = arguments.get("--connections").map(|text| text.parse::<usize>()).transpose()?;
    for connections in CONNECTIONS.into_iter().filter(|some| only.is_none_or(|only| only == *some)) {
        cases.extend(best_of(rounds, folder.path(), connections, run)?);
    }
    show(&cases);
    let aims = aims(&cases);
    if let Some(file) = arguments.get("--json") {
        std::fs::write(file, json!({ "cases": cases, "aims": aims }).to_string())?;
    }
    Ok(())
}

/// Measures every case with `connections` connections or callers and keeps the best round of each, so that a round on a
/// busy machine does not count.
fn best_of(rounds: usize, folder: &Path, connections: usize, run: Duration) -> Result<Vec<Value>> {
    let store = |name: &str| folder.join(format!("{name}-{connections}.db"));
    server::shop(&store("http"))?;
    for kind in ["threads", "tasks"] {
        work::shop(store(kind))?.close();
    }
    let server = Server::start(&store("http"))?;
    let mut best: Vec<Value> = Vec::new();
    for _ in 0..rounds {
        let mut round = through_http(&server, connections, run)?;
        for (tasks, kind) in [(false, "threads"), (true, "tasks")] {
            round.push(in_process(&store(kind), connections, tasks, run)?);
        }
        if best.is_empty() {
            best = round;
            continue;
        }
        for (best, told) in best.iter_mut().zip(round) {
            if told["per_second"].as_f64() > best["per_second"].as_f64() {
                *best = told;
            }
        }
    }
    server.end_well(&store("http"))?;
    Ok(best)
}

/// Measures every case through HTTP with `connections` connections.
fn through_http(server: &Server, connections: usize, run: Duration) -> Result<Vec<Value>> {
    let mut cases = Vec::new();
    let bare: SocketAddr = server.told.parse()?;
    for (name, address, request) in [
        ("bare server, empty", bare, load::get as load::Make),
        ("bare server, JSON echo", bare, load::order),
        ("empty route", server.address, load::live),
        ("read of a product", server.address, load::read),
        ("order", server.address, load::order),
    ] {
        let (before, counted) = (usage(server.process())?, server.counted()?);
        let measured = load::run(address, connections, run, request)?;
        let (after, more) = (usage(server.process())?, server.counted()?);
        let requests = measured.waits.len() as f64;
        let mut told = measured.told(name, None);
        told["connections"] = connections.into();
        told["cpu_us"] = ((after.0 - before.0) * 1e6 / requests).into();
        told["memory_mb"] = after.1.into();
        if more.syncs > counted.syncs {
            told["orders_per_sync"] =
                ((more.operations - counted.operations) / (more.syncs - counted.syncs)).into();
        }
        cases.push(told);
    }
    Ok(cases)
}

/// Measures the engine with `callers` callers, in a process of its own as well.
fn in_process(store: &Path, callers: usize, tasks: bool, run: Duration) -> Result<Value> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--engine", &store.to_string_lossy(), "--callers", &callers.to_string()]);
    command.args(["--seconds", &run.as_secs_f64().to_string()]);
    if tasks {
        command.arg("--tasks");
    }
    let done = command.stderr(Stdio::inherit()).output()?;
    let mut told: Value = serde_json::from_slice(&done.stdout)?;
    told["connections"] = callers.into();
    Ok(told)
}

fn engine(store: &Path, callers: u64, tasks: bool, run: Duration) -> Result<()> {
    let shop = Commerce::open(store, Options::new(SystemClock))?;
    let before = usage(std::process::id())?.0;
    let (name, measured) = match tasks {
        true => ("engine in process (tasks)", work::tasks(&shop, callers, run, Keys::Ordered)?),
        false => ("engine in process (threads)", work::callers(&shop, callers, run, Keys::Ordered)?),
    };
    let (seconds, memory) = usage(std::process::id())?;
    let requests = measured.waits.len() as f64;
    let mut told = measured.told(name, Some(shop.stats()));
    told["cpu_us"] = ((seconds - before) * 1e6 / requests).into();
    told["memory_mb"] = memory.into();
    println!("{told}");
    Ok(())
}

fn show(cases: &[Value]) {
    println!(
        "| connections | case | per second | p50 ms | p99 ms | p99.9 ms | max ms | CPU µs each | memory MB | orders/sync |"
    );
    println!("|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|");
    for case in cases {
        let cell = |name: &str, digits: usize| {
            case[name].as_f64().map_or(String::new(), |value| format!("{value:.digits$}"))
        };
        println!(
            "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            case["connections"],
            case["case"].as_str().unwrap_or_default(),
            cell("per_second", 0),
            cell("p50_ms", 2),
            cell("p99_ms", 2),
            cell("p999_ms", 2),
            cell("max_ms", 1),
            cell("cpu_us", 1),
            cell("memory_mb", 0),
            cell("orders_per_sync", 1),
        );
    }
}

/// Prints each aim with its bound, the measured value and whether it was reached, and returns them.
fn aims(cases: &[Value]) -> Vec<Value> {
    let rate = |name: &str| {
        let found = cases.iter().find(|case| case["connections"] == 64 && case["case"] == name);
        found.and_then(|case| case["per_second"].as_f64()).unwrap_or(f64::NAN)
    };
    let (threads, tasks) = (rate("engine in process (threads)"), rate("engine in process (tasks)"));
    println!("\n| aim, with 64 connections | at least | measured | reached |\n|---|--:|--:|---|");
    let aims = [
        ("orders to the engine in process (threads)", rate("order") / threads, 0.85),
        ("orders to the engine in process (tasks)", rate("order") / tasks, 0.85),
        ("orders to the JSON echo of a bare server", rate("order") / rate("bare server, JSON echo"), 0.35),
        ("reads to the empty route", rate("read of a product") / rate("empty route"), 0.6),
        ("reads to a bare server", rate("read of a product") / rate("bare server, empty"), 0.6),
    ];
    aims.map(|(aim, measured, bound)| {
        let reached = measured >= bound;
        println!("| {aim} | {bound} | {measured:.2} | {} |", if reached { "yes" } else { "**no**" });
        json!({ "aim": aim, "bound": bound, "measured": measured, "reached": reached })
    })
    .into()
}
