//! What hostile clients cost: memory of the server, the delay of readiness and the orders of one honest client under
//! each attack, for any build of the program.
//! `cargo bench -p commerce-server --bench hostile -- --program target/release/commerce`

#[path = "../../../fixtures/hostile.rs"]
mod hostile;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

use hostile::{ATTACKS, Attack, BOUNDED, Victim};

const HELP: &str = "cargo bench -p commerce-server --bench hostile -- --program FILE [--seconds N] [--clients N] [--orders N] [--only NAME]
  --program FILE    the program `commerce` to attack
  --seconds N       how long each attack lasts (8)
  --clients N       how many hostile clients there are (64; 100 for best sellers)
  --orders N        how many orders the shop had in the last year (200,000)
  --only NAME       only the attacks whose names hold this";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|place| args.get(place + 1));
    // Only `cargo bench` says `--bench`; a test run wants to know no more than that it starts.
    if args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let Some(program) = value("--program").map(PathBuf::from) else {
        println!("{HELP}");
        return Ok(());
    };
    let seconds = value("--seconds").map_or(Ok(8), |text| text.parse())?;
    let clients = value("--clients").map(|text| text.parse::<usize>()).transpose()?;
    let orders = value("--orders").map_or(Ok(200_000), |text| text.parse())?;
    // An older program is measured too.
    BOUNDED.store(false, Ordering::Relaxed);
    let folder = tempfile::tempdir()?;
    let store = folder.path().join("shop.db");
    hostile::shop(&program, &store, orders);
    println!("| attack | clients | peak memory MB | readyz ms, median | slowest | orders/s | slowest ms |");
    println!("|---|--:|--:|--:|--:|--:|--:|");
    let none = [("none", None)];
    let all = none.into_iter().chain(ATTACKS.map(|(name, attack)| (name, Some(attack))));
    for (name, attack) in
        all.filter(|(name, _)| value("--only").is_none_or(|only| name.contains(only.as_str())))
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
    // Each attack meets a server that has just begun.
    let victim = Victim::start(program, store);
    let suffered = victim.under(attack, clients, time);
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    println!(
        "| {name} | {clients} | {:.0} | {:.1} | {:.1} | {:.0} | {:.1} |",
        victim.peak() as f64 / 1e6,
        ms(suffered.usual),
        ms(suffered.ready),
        suffered.orders,
        ms(suffered.slowest)
    );
}
