//! Measures everything at 10,000, 100,000 and 1,000,000 orders and products: the time and peak memory of every command,
//! each run as a process of its own, and the p50 and p99 of every route. Prints the tables of
//! `commerce-core/benches/README.md` and marks figures that grow faster than the output. Fails if a command or route is
//! missing.
//! `cargo bench -p commerce-cli --bench sizes -- --help`

#[allow(dead_code, reason = "other benches have numbers")]
#[path = "../../../fixtures/arguments.rs"]
mod arguments;
#[path = "../../../fixtures/http.rs"]
mod http;
#[path = "../../../fixtures/system.rs"]
mod system;

mod commands;
mod routes;
mod shop;
mod table;

use arguments::Arguments;
use shop::Shop;
use table::Table;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const HELP: &str = "cargo bench -p commerce-cli --bench sizes -- [--only TEXT] [--sizes N,N,N]
  --only TEXT     measure only the commands and routes whose names contain TEXT
  --sizes N,N,N   numbers of orders and products (10000,100000,1000000)";

const SIZES: &str = "10000,100000,1000000";

fn main() -> Result<()> {
    let Some(arguments) = Arguments::read(HELP) else { return Ok(()) };
    if !arguments.is_bench() {
        return Ok(());
    }
    let sizes = arguments.get("--sizes").unwrap_or(SIZES).split(',').map(str::parse);
    let sizes: Vec<u64> = sizes.collect::<std::result::Result<_, _>>()?;
    let only = arguments.get("--only").unwrap_or("");
    commands::require_all_cases()?;
    let (mut commands, mut routes) = (Table::commands(&sizes), Table::routes(&sizes));
    for &size in &sizes {
        eprintln!("{size}: a shop of {size} orders and products");
        let mut shop = Shop::grow(size)?;
        commands::measure(&mut shop, only, &mut commands)?;
        shop.reset()?;
        routes::measure(&mut shop, only, (&mut commands, &mut routes))?;
    }
    println!("{commands}\n{routes}");
    Ok(())
}
