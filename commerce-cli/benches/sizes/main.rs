//! What everything costs at 10,000, 100,000 and 1,000,000: every command as a process of its own, with its time and its
//! peak memory, and every route with its p50 and p99, as the tables of `commerce-core/benches/README.md`. What grows
//! faster than what it prints is marked. A command or route that is missing here fails the bench.
//!
//!     cargo bench -p commerce-cli --bench sizes -- [--only TEXT] [--sizes 10000,100000,1000000]

#[path = "../../../fixtures/http.rs"]
mod http;
#[path = "../../../fixtures/system.rs"]
mod system;

mod commands;
mod routes;
mod shop;
mod table;

use shop::Shop;
use table::Table;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const SIZES: &str = "10000,100000,1000000";

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| args.iter().position(|arg| arg == name).and_then(|place| args.get(place + 1));
    // Only `cargo bench` says `--bench`; a test run wants to know no more than that it starts.
    if args.iter().any(|arg| arg == "--test") || !args.iter().any(|arg| arg == "--bench") {
        return Ok(());
    }
    let sizes = value("--sizes").map_or(SIZES, String::as_str).split(',').map(str::parse);
    let sizes: Vec<u64> = sizes.collect::<std::result::Result<_, _>>()?;
    let only = value("--only").map_or("", String::as_str);
    commands::complete()?;
    let (mut commands, mut routes) = (Table::commands(&sizes), Table::routes(&sizes));
    for &size in &sizes {
        eprintln!("{size}: a shop of {size} orders and products");
        let mut shop = Shop::grow(size)?;
        commands::measure(&mut shop, only, &mut commands)?;
        shop.anew()?;
        routes::measure(&mut shop, only, (&mut commands, &mut routes))?;
    }
    println!("{commands}\n{routes}");
    Ok(())
}
