//! The callers of a case, in a process of their own.

use std::time::{Duration, Instant};

use commerce_core::{Commerce, Location, Options, SystemClock};
use serde_json::Value;

use crate::SECRET;
use crate::load;
use crate::server::usage;
use crate::work::{self, Keys, Measured, Random, Result};

/// Takes part in a case and prints the figures. `at` is the address of the server for `requests`, and the location of the
/// shop for a `handle`.
pub fn take(how: &str, at: &str, callers: u64, run: Duration) -> Result<()> {
    let told = match how {
        "requests" => measured(|| load::run(at.parse()?, usize::try_from(callers)?, run, load::order))?,
        _ => through_a_handle(at, callers, run)?,
    };
    println!("{told}");
    Ok(())
}

/// Also measures how long it takes to open the shop, and to place the first order.
fn through_a_handle(at: &str, callers: u64, run: Duration) -> Result<Value> {
    let begun = Instant::now();
    let shop = Commerce::open(at.parse::<Location>()?.token(SECRET), Options::new(SystemClock))?;
    let opened = begun.elapsed();
    shop.perform(work::submission(&mut Random::new(u64::from(std::process::id())), Keys::Ordered)?)?;
    let first = begun.elapsed();
    let mut told = measured(|| work::callers(&shop, callers, run, Keys::Ordered))?;
    told["open_ms"] = (opened.as_secs_f64() * 1_000.0).into();
    told["first_ms"] = (first.as_secs_f64() * 1_000.0).into();
    Ok(told)
}

/// Waits for the other processes, and measures the orders and their CPU time.
fn measured(orders: impl FnOnce() -> Result<Measured>) -> Result<Value> {
    work::take_part()?;
    let before = usage(std::process::id())?.0;
    let measured = orders()?;
    let spent = usage(std::process::id())?.0 - before;
    let count = measured.waits.len() as f64;
    let mut told = measured.told("part", None);
    told["cpu_us"] = (spent * 1e6 / count).into();
    Ok(told)
}
