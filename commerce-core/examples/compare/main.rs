//! Compares ways to read and to index on one shop: the steps and the time of a query, and the pages that an index adds to
//! an order. Prints tables of `QUERIES.md`. It works on a copy and does not change the shop.
//!
//!     cargo run --release -p commerce-core --example compare -- 1m.db

#[path = "../explain/grouped.rs"]
mod grouped;
mod pages;
mod reads;
mod sellers;

use std::path::Path;

use commerce_core::{Commerce, Options, SystemClock};

/// CPU time of this thread in milliseconds, which a busy machine affects little.
fn spent() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e6
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let file = std::env::args_os().nth(1).ok_or("compare FILE")?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("copy.db");
    let shop = Commerce::open(Path::new(&file), Options::new(SystemClock))?;
    shop.backup(&path)?;
    shop.close();
    reads::compare(&path)?;
    sellers::compare(&path)?;
    pages::compare(&path)
}
