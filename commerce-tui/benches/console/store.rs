//! The store of the bench, which is made once and kept, and the load beside the console.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use commerce_core::{
    Amount, Clock, Commerce, Currency, Error, Name, Options, ProductId, Quantity, Stock, Submission,
    SystemClock, Ticket, Time, UserId, catalog, order, user, wallet,
};

use crate::Result;

const PRODUCTS: u64 = 100_000;
const USERS: u64 = 10_000;
const ORDERS: u64 = 1_000_000;
const DAYS: i64 = 30;

/// The path of the store. The first run creates it, which takes minutes. `COMMERCE_BENCH_STORE` names another path.
pub fn path() -> Result<PathBuf> {
    let given = std::env::var_os("COMMERCE_BENCH_STORE").map(PathBuf::from);
    let path = given.unwrap_or_else(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("console.db"));
    if !path.exists() {
        // It is made in a folder of its own until it is complete.
        let folder = path.with_extension("making");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        eprintln!("making {} with {ORDERS} orders …", path.display());
        let made = folder.join("store.db");
        make(&made)?;
        std::fs::rename(made, &path)?;
        std::fs::remove_dir_all(&folder)?;
    }
    Ok(path)
}

/// Places one order after the other, with a pause before each, until the measurement ends.
pub fn load(
    shop: &Commerce,
    number: u64,
    pause: Duration,
    over: Arc<AtomicBool>,
    placed: Arc<AtomicU64>,
) -> JoinHandle<Result<()>> {
    let shop = shop.clone();
    std::thread::spawn(move || {
        let mut turn = number * 7_919;
        while !over.load(Ordering::Relaxed) {
            turn += 1;
            if was_placed(shop.submit(place(turn)?))? {
                placed.fetch_add(1, Ordering::Relaxed);
            }
            std::thread::sleep(pause);
        }
        Ok(())
    })
}

fn make(path: &Path) -> Result<()> {
    let won = Currency::try_from("KRW")?;
    let shop = Commerce::create(path, won, Options::new(SystemClock).queue(20_000))?;
    let now = SystemClock.now();
    let first = now.minus_days(DAYS as u16);
    let mut pending = Vec::new();
    for number in 0..PRODUCTS {
        let (price, stock) = (
            Amount::try_from(1_000 + (number % 97) as i64 * 100),
            Stock::try_from((number * 31 % 9_973) as i64 * 40),
        );
        let name = Name::try_from(format!("상품 {number} · Product {number}"))?;
        let (price, stock) = (price?, stock?);
        let add = catalog::Add { product: product(number)?, name, price, stock };
        pending.push(shop.submit(Submission::new(add).at(first)));
        if pending.len() == 10_000 {
            for ticket in pending.drain(..) {
                ticket.wait()?;
            }
        }
    }
    for number in 0..USERS {
        let user = customer(number)?;
        shop.submit(Submission::new(user::Add { user: user.clone(), name: None }).at(first));
        let amount = Amount::try_from(10_000_000_000)?;
        let charge = Submission::new(wallet::Charge::new(user, amount)?).at(first);
        if number % 1_000 == 999 {
            shop.submit(charge).wait()?;
        } else {
            shop.submit(charge);
        }
    }
    let mut orders = Vec::new();
    for number in 0..ORDERS {
        let at = first.millis() + (number as i64) * DAYS * 86_400_000 / ORDERS as i64;
        orders.push(shop.submit(Submission::new(place(number)?).at(Time::from_millis(at))));
        if orders.len() == 5_000 {
            for ticket in orders.drain(..) {
                was_placed(ticket)?;
            }
        }
    }
    shop.close();
    Ok(())
}

/// Whether an order was placed. Some products are sold out, as in a real shop.
fn was_placed(ticket: Ticket<order::Order>) -> Result<bool> {
    match ticket.wait() {
        Ok(_) => Ok(true),
        Err(Error::Refused(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

fn place(number: u64) -> Result<order::Place> {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    // Half of the orders are for the thousand best sellers.
    let best = if number.is_multiple_of(2) { mixed % 1_000 } else { mixed % PRODUCTS };
    let items = [
        (product(best)?, Quantity::try_from(1 + (mixed % 3) as i64)?),
        (product(mixed % 7_919)?, Quantity::try_from(1)?),
    ];
    Ok(order::Place {
        user: customer(mixed % USERS)?,
        items: order::Items::new(items)?,
        expected_total: None,
    })
}

fn product(number: u64) -> Result<ProductId> {
    Ok(ProductId::try_from(format!("product-{number}"))?)
}

fn customer(number: u64) -> Result<UserId> {
    Ok(UserId::try_from(format!("user-{number}"))?)
}
