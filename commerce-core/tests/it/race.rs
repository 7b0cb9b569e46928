//! Tests processes of eight threads each on one store: nothing is oversold, doubled or lost, and no process starves.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};
use serde_json::json;

use crate::shop::{On, Shop, everywhere, submit};
use crate::worker::{Worker, go, race};

/// A shop with 32 rich users, one further user that all threads share, and products.
fn shop(on: On) -> Shop {
    let shop = Shop::on(on);
    let users = (0..32).map(|number| format!("u{number}")).chain(["shared".into()]);
    for user in users {
        shop.submit(&json!({ "op": "user.add", "user": user }));
        shop.submit(&json!({ "op": "wallet.charge", "user": user, "amount": 1_000_000_000 }));
    }
    let products = (0..7).map(|number| format!("p{number}")).chain(["plenty".into()]);
    for product in products {
        let add = json!({ "op": "product.add", "product": product, "name": product, "price": 5, "stock": 100_000_000 });
        assert!(shop.submit(&add)["ok"].is_object());
    }
    shop.submit(
        &json!({ "op": "product.add", "product": "rare", "name": "Rare", "price": 10, "stock": 333 }),
    );
    shop
}

fn count(said: &[Vec<String>], start: &str) -> usize {
    said.iter().flatten().filter(|line| line.starts_with(start)).count()
}

#[test]
fn the_last_units_are_sold_once() {
    everywhere(sell_the_last_units);
}

fn sell_the_last_units(on: On) {
    let shop = shop(on);
    let said = race(&shop, "last-unit");
    assert_eq!(count(&said, "ok"), 333);
    assert_eq!(count(&said, "out_of_stock"), on.processes() * 8 * 25 - 333);
    assert_eq!(shop.ask("product.get", &json!({ "product": "rare" }))["stock"], 0);
    shop.clean();
}

#[test]
fn concurrent_charges_of_one_wallet_all_count() {
    everywhere(charge_one_wallet);
}

fn charge_one_wallet(on: On) {
    let shop = shop(on);
    let said = race(&shop, "charge");
    let charges = on.processes() * 8 * 25;
    assert_eq!(count(&said, "ok"), charges);
    assert_eq!(
        shop.ask("wallet.balance", &json!({ "user": "shared" }))["balance"],
        1_000_000_000 + charges * 3
    );
    shop.clean();
}

#[test]
fn a_cart_is_bought_once() {
    everywhere(buy_one_cart);
}

fn buy_one_cart(on: On) {
    let shop = shop(on);
    shop.submit(&json!({ "op": "cart.add", "user": "shared", "product": "plenty", "quantity": 4 }));
    let said = race(&shop, "checkout");
    assert_eq!(count(&said, "ok"), 1);
    assert_eq!(count(&said, "empty_cart"), on.processes() * 8 - 1);
    assert_eq!(shop.ask("wallet.balance", &json!({ "user": "shared" }))["balance"], 1_000_000_000 - 20);
    shop.clean();
}

#[test]
fn one_key_has_one_effect_and_one_answer() {
    everywhere(use_one_key);
}

fn use_one_key(on: On) {
    let shop = shop(on);
    let said = race(&shop, "same-key");
    let answers: HashSet<&String> = said.iter().flatten().collect();
    assert_eq!(answers, HashSet::from([&"ok 1".to_owned()]));
    assert_eq!(shop.ask("wallet.balance", &json!({ "user": "shared" }))["balance"], 1_000_000_000 - 10);
    shop.clean();
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
fn every_process_gets_its_share() {
    everywhere(share);
}

fn share(on: On) {
    let shop = shop(on);
    let processes = on.processes();
    let workers: Vec<_> = (0..processes).map(|number| Worker::start(&shop, "forever", number)).collect();
    go(&shop.path);
    std::thread::sleep(Duration::from_secs(3));
    std::fs::write(shop.path.with_file_name("stop"), "").unwrap();
    let shares: Vec<usize> = workers.into_iter().map(|worker| worker.all().len()).collect();
    let fair = shares.iter().sum::<usize>() / processes;
    assert!(fair > 0 && shares.iter().all(|&share| share * 2 >= fair), "{shares:?}");
    shop.clean();
}

/// For more rounds: `COMMERCE_TEST_KILLS=1000 cargo test -p commerce-core killed`.
#[test]
fn killed_processes_lose_nothing_and_block_nobody() {
    let rounds = std::env::var("COMMERCE_TEST_KILLS").map(|text| text.parse().expect("a number of rounds"));
    kill(On::File, rounds.clone().unwrap_or(50));
    // A process that dies inside a transaction on a server blocks the others until the transaction times out.
    kill(On::Server(4), rounds.map_or(8, |rounds| rounds / 10));
}

fn kill(on: On, rounds: usize) {
    let shop = shop(on);
    let start = |number| Worker::start(&shop, "forever", number);
    let mut workers: Vec<_> = (0..4).map(start).collect();
    go(&shop.path);
    let mut acknowledged = Vec::new();
    let mut random = 0x2545_F491_4F6C_DD1D_u64;
    for round in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        std::thread::sleep(Duration::from_micros(random % 40_000));
        let victim = (random >> 32) as usize % 4;
        workers[victim].child.kill().expect("a process to kill");
        workers[victim].child.wait().expect("its end");
        acknowledged.extend(workers[victim].lines.iter());
        // The others continue: each acknowledges a new order after the kill.
        for (number, worker) in workers.iter().enumerate().filter(|&(number, _)| number != victim) {
            acknowledged.extend(worker.lines.try_iter());
            let next = worker.lines.recv_timeout(Duration::from_secs(20));
            acknowledged
                .push(next.unwrap_or_else(|e| panic!("round {round}: process {number} stopped: {e}")));
        }
        workers[victim] = start(victim);
    }
    std::fs::write(shop.path.with_file_name("stop"), "").unwrap();
    for worker in workers {
        acknowledged.extend(worker.all());
    }
    let mut seen = HashMap::new();
    for line in &acknowledged {
        let [_, order, user, key] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("{line}") };
        assert_eq!(seen.insert(order, key), None, "order {order} was acknowledged twice");
        let found = shop.ask("order.get", &json!({ "order": order.parse::<i64>().unwrap() }));
        assert_eq!(found["user"], user, "{line}");
    }
    assert!(seen.len() > rounds, "{} orders in {rounds} rounds", seen.len());
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
