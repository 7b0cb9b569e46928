//! Measures how fast delivered events are pruned and delivered, and the rate of orders at the same time.

use std::path::Path;
use std::time::{Duration, Instant};

use commerce_core::outbox::relay::Options;
use commerce_core::outbox::{Lag, Newest, Relay};
use commerce_core::{Commerce, EventId, SystemClock};

use crate::work::{self, Keys, Result};
use crate::{file, since};

/// Orders whose events are delivered and then pruned.
const ORDERS: u64 = 400_000;

pub fn pruning(run: Duration, rounds: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let delivered = folder.path().join("delivered.db");
    let events = rates(folder.path(), &delivered)?;
    println!(
        "\n| 64 callers, relay | orders/s, median | ratio to delivering alone | best | ratio to delivering alone | pruned/s |\n|---|--:|--:|--:|--:|--:|"
    );
    let mut rates = [("delivers", Vec::new(), 0.0), ("delivers and prunes", Vec::new(), 0.0)];
    for _ in 0..rounds {
        for (name, rates, most) in &mut rates {
            let path = folder.path().join("shop.db");
            for file in std::fs::read_dir(folder.path())?.flatten() {
                if file.file_name().to_string_lossy().starts_with("shop.db") {
                    std::fs::remove_file(file.path())?;
                }
            }
            std::fs::copy(&delivered, &path)?;
            let shop = Commerce::open(path.as_path(), commerce_core::Options::new(SystemClock))?;
            let options = Options::default();
            let options = if *name == "delivers" { options } else { options.retention(Duration::ZERO) };
            let relay = Relay::start(&shop, file(folder.path()), options)?;
            let measured = work::callers(&shop, 64, run, Keys::Ordered)?;
            let pruned = shop.query(&Newest)?.pruned.map_or(0, EventId::get);
            if pruned >= events {
                println!("(all {events} events were pruned before the end: the rate is higher)");
            }
            let took = measured.took.as_secs_f64();
            rates.push(measured.waits.len() as f64 / took);
            *most = f64::max(*most, pruned as f64 / took);
            drop(relay);
        }
    }
    let of = |rates: &[f64]| {
        let mut sorted = rates.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        (sorted[sorted.len() / 2], sorted[sorted.len() - 1])
    };
    let alone = of(&rates[0].1);
    for (name, rates, pruned) in &rates {
        let (median, best) = of(rates);
        println!(
            "| {name} | {median:.0} | {:.2} | {best:.0} | {:.2} | {pruned:.0} |",
            median / alone.0,
            best / alone.1
        );
    }
    Ok(())
}

/// Delivers events while no orders arrive, copies the store, and then prunes the events. Returns their number.
fn rates(folder: &Path, delivered: &Path) -> Result<i64> {
    println!("\n| without orders | events | events/s | groups | pages/event |\n|---|--:|--:|--:|--:|");
    let shop = work::shop(folder.join("first.db"))?;
    work::grow(&shop, ORDERS)?;
    let events = shop.query(&Lag)?.pending;
    for name in ["delivered", "pruned"] {
        let options = Options::default();
        let options = if name == "delivered" { options } else { options.retention(Duration::ZERO) };
        let (before, started) = (shop.stats(), Instant::now());
        Relay::once(&shop, file(folder), options)?.wait();
        let (took, after) = (started.elapsed().as_secs_f64(), shop.stats());
        let (groups, pages) = (after.groups - before.groups, since(before, after) / events as f64);
        println!("| {name} | {events} | {:.0} | {groups} | {pages:.4} |", events as f64 / took);
        if name == "delivered" {
            shop.backup(delivered)?;
        }
    }
    Ok(events)
}
