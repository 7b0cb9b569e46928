//! Measures orders per second through handles on a shop that is served, beside one order a request and the engine in
//! process, over networks of several round trips. `cargo bench -p commerce-server --bench served -- --help`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
mod cases;
#[path = "../../../commerce-core/benches/libsql/delay.rs"]
mod delay;
#[allow(dead_code, reason = "the bench of HTTP sends more kinds of requests")]
#[path = "../http/load.rs"]
mod load;
mod part;
#[path = "../http/server.rs"]
mod server;
mod table;
#[allow(dead_code, reason = "the engine's own bench does more of this work")]
#[path = "../../../commerce-core/benches/orders/work.rs"]
mod work;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use arguments::Arguments;
use server::SECRET;
use work::Result;

/// The allocator of the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const HELP: &str =
    "cargo bench -p commerce-server --bench served -- [--seconds N] [--rounds N] [--only TEXT] [--json FILE]
  --seconds N   how long each case runs in each round (2)
  --rounds N    rounds of all cases; the best of each case counts (1)
  --only TEXT   run only the cases whose names contain TEXT
  --json FILE   write the figures to FILE as JSON";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    rlimit::increase_nofile_limit(u64::MAX)?;
    let run = Duration::from_secs_f64(arguments.parsed("--seconds", 2.0)?);
    if let Some(store) = arguments.get("--serve") {
        return server::serve(Path::new(store), async || Ok("alone"));
    }
    if let (Some(how), Some(at)) = (arguments.get("--part"), arguments.get("--at")) {
        let count = |kind| arguments.get(kind).map(str::parse).transpose();
        return part::take(how, at, (count("--threads")?, count("--tasks")?), run);
    }
    if !arguments.is_bench() {
        return Ok(());
    }
    let only = arguments.get("--only").unwrap_or("");
    let folder = tempfile::tempdir()?;
    let template = folder.path().join("template.db");
    server::shop(&template)?;
    let mut best: Vec<Value> = Vec::new();
    for _ in 0..arguments.parsed("--rounds", 1_usize)? {
        for case in cases::all().into_iter().filter(|case| case.name().contains(only)) {
            let told = case.measure(&template, run)?;
            match best.iter_mut().find(|known| known["case"] == told["case"]) {
                None => best.push(told),
                Some(known) if told["per_second"].as_f64() > known["per_second"].as_f64() => *known = told,
                Some(_) => {}
            }
        }
    }
    table::show(&best);
    let aims = table::aims(&best);
    if let Some(file) = arguments.get("--json") {
        std::fs::write(file, json!({ "cases": best, "aims": aims }).to_string())?;
    }
    Ok(())
}
