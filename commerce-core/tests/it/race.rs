//! Tests processes of eight threads each on one store: nothing is oversold, doubled or lost, and no process starves.

use commerce_core::{Commerce, Options, SystemClock};
use serde_json::json;

use crate::races::{Arena, fill};
use crate::shop::{On, Shop, everywhere, submit};

/// A shop with users and products.
fn shop(on: On) -> Shop {
    let shop = Shop::on(on);
    fill(&shop.commerce);
    shop
}

fn race(on: On, test: impl FnOnce(&Arena)) {
    let shop = shop(on);
    let folder = shop.path.parent().expect("its folder").to_owned();
    test(&Arena { shop: shop.commerce.clone(), at: shop.at(), folder, processes: on.processes() });
}

#[test]
fn the_last_units_are_sold_once() {
    everywhere(|on| race(on, Arena::sell_the_last_units));
}

#[test]
fn concurrent_charges_of_one_wallet_all_count() {
    everywhere(|on| race(on, Arena::charge_one_wallet));
}

#[test]
fn a_cart_is_bought_once() {
    everywhere(|on| race(on, Arena::buy_one_cart));
}

#[test]
fn one_key_has_one_effect_and_one_answer() {
    everywhere(|on| race(on, Arena::use_one_key));
}

#[test]
fn every_process_gets_its_share() {
    everywhere(|on| race(on, Arena::share));
}

/// For more rounds: `COMMERCE_TEST_KILLS=1000 cargo test -p commerce-core killed`.
#[test]
fn killed_processes_lose_nothing_and_block_nobody() {
    let rounds = std::env::var("COMMERCE_TEST_KILLS").map(|text| text.parse().expect("a number of rounds"));
    race(On::File, |arena| arena.kill(rounds.clone().unwrap_or(50)));
    // A process that dies inside a transaction on a server blocks the others until the transaction times out.
    race(On::Server(4), |arena| arena.kill(rounds.map_or(8, |rounds| rounds / 10)));
}

#[test]
fn a_checkpoint_by_another_program_fails_no_commit() {
    let shop = shop(On::File);
    let done = std::sync::atomic::AtomicBool::new(false);
    // While a reader holds this snapshot, the log only grows, and each commit tries a checkpoint.
    let reader = rusqlite::Connection::open(&shop.path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM users").unwrap();
    let mut failed = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let other = rusqlite::Connection::open(&shop.path).unwrap();
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
            }
        });
        for round in 0..1_500 {
            let charge = json!({ "op": "wallet.charge", "user": format!("u{}", round % 32), "amount": 1 });
            failed.extend(crate::shop::submit(&shop.commerce, &charge).err());
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert!(failed.is_empty(), "{failed:?}");
    shop.clean();
}

#[test]
fn the_version_changes_with_every_commit_here_and_elsewhere_and_nothing_else() {
    everywhere(watch_the_version);
}

fn watch_the_version(on: On) {
    let shop = Shop::on(on);
    let other = Commerce::open(shop.at(), Options::new(SystemClock)).expect("the same store");
    let version = || shop.commerce.version().expect("a version");
    let start = version();
    assert_eq!(version(), start, "nothing happened");
    submit(&shop.commerce, &json!({"op": "user.add", "user": "u"})).expect("a user");
    let own = version();
    assert_ne!(own, start, "a commit of this process");
    submit(&other, &json!({"op": "wallet.charge", "user": "u", "amount": 1})).expect("a charge");
    let foreign = version();
    assert_ne!(foreign, own, "a commit through another handle");
    submit(&shop.commerce, &json!({"op": "user.add", "user": "u"})).expect_err("a refusal");
    shop.commerce.query(&commerce_core::user::List::default()).expect("a list");
    assert_eq!(version(), foreign, "refusals and reads change nothing");
}
