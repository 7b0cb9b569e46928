//! Measures hostile clients: the server's memory, the delay of `/readyz` and the orders of one honest client under each
//! attack, for any build of the program.
//! `cargo bench -p commerce-server --bench hostile -- --program target/release/commerce`

#[path = "../../../fixtures/arguments.rs"]
mod arguments;
#[path = "../../../fixtures/hostile.rs"]
mod hostile;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use arguments::Arguments;
use hostile::{ATTACKS, Attack, BOUNDED, Victim};

const HELP: &str = "cargo bench -p commerce-server --bench hostile -- --program FILE [--seconds N] [--clients N] [--orders N] [--only NAME]
  --program FILE    the program `commerce` to attack
  --seconds N       how long each attack lasts (8)
  --clients N       number of hostile clients (64; 100 for best sellers)
  --orders N        orders of the shop in the last year (200,000)
  --only NAME       run only the attacks whose names contain NAME";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    if !arguments.is_bench() {
        return Ok(());
    }
    let Some(program) = arguments.get("--program").map(PathBuf::from) else {
        println!("{HELP}");
        return Ok(());
    };
    let seconds = arguments.parsed("--seconds", 8)?;
    let clients = arguments.get("--clients").map(|text| text.parse::<usize>()).transpose()?;
    let orders = arguments.parsed("--orders", 200_000)?;
    // An older program without these limits can be measured too.
    BOUNDED.store(false, Ordering::Relaxed);
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("shop.db");
    hostile::shop(&program, &store, orders);
    println!("| attack | clients | peak memory MB | readyz ms, median | slowest | orders/s | slowest ms |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let none = [("none", None)];
    let all = none.into_iter().chain(ATTACKS.map(|(name, attack)| (name, Some(attack))));
    for (name, attack) in
        all.filter(|(name, _)| arguments.get("--only").is_none_or(|only| name.contains(only)))
    {
        let clients = match attack {
            None => 0,
            Some(_) => clients.unwrap_or(if name.contains("best sellers") { 100 } else { 64 }),
        };
        measure(&program, &store, name, attack, clients, Duration::from_secs(seconds));
    }
    Ok(())
}

fn measure(program: &Path, store: &Path, name: &str, attack: Option<Attack>, clients: usize, time: Duration) {
    // Each attack gets a new server.
    let victim = Victim::start(program, store);
    let impact = victim.under(attack, clients, time);
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "| {name} | {clients} | {:.0} | {:.1} | {:.1} | {:.0} | {:.1} |",
        victim.peak() as f64 / 1e6,
        ms(impact.usual),
        ms(impact.ready),
        impact.orders,
        ms(impact.slowest)
    );
}
