//! Tests that copies, restores and repairs on a server end within none of its time limits: a transaction is taken away
//! after a second, and a stream ends after 10 s without a request.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use commerce_core::{Commerce, Error, Location, Options, SystemClock};
use serde_json::{Value, json};

use crate::proxy::{Fault, Proxy};
use crate::shop::{On, Shop, submit};

/// A shop on a server, an instance that reaches it through a proxy, and a folder with a backup in which alice has 500.
/// She has 507 now.
fn shop() -> (Shop, Proxy, Commerce, tempfile::TempDir) {
    let shop = Shop::on(On::Server(1));
    for number in 0..3 {
        shop.submit(&json!({ "op": "product.add", "product": format!("p{number}"), "name": "P", "price": 5, "stock": 9 }));
    }
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    shop.submit(&charge(515));
    shop.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "p0", "quantity": 3 }] }),
    );
    let folder = tempfile::tempdir().unwrap();
    shop.commerce.backup(&folder.path().join("copy")).unwrap();
    shop.submit(&charge(7));
    let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
    let far = open(&proxy, Duration::from_secs(60));
    assert_eq!(balance(&shop), 507);
    (shop, proxy, far, folder)
}

fn open(proxy: &Proxy, busy: Duration) -> Commerce {
    let options = Options::new(SystemClock).busy_timeout(busy);
    Commerce::open(proxy.url().parse::<Location>().unwrap(), options).unwrap()
}

fn charge(amount: i64) -> Value {
    json!({ "op": "wallet.charge", "user": "alice", "amount": amount })
}

fn balance(shop: &Shop) -> i64 {
    shop.ask("wallet.balance", &json!({ "user": "alice" }))["balance"].as_i64().unwrap()
}

/// Whether nothing that a restore needs is left on the server.
fn tidy(shop: &Shop) -> bool {
    let count = json!({ "sql": "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'upkeep%'" });
    let answer = shop
        .server
        .as_ref()
        .unwrap()
        .pipeline(&json!([{ "type": "execute", "stmt": count }, { "type": "close" }]));
    answer["results"][0]["response"]["result"]["rows"][0][0]["value"] == "0"
}

fn restore(shop: &Commerce, folder: &Path) -> Result<(), Error> {
    let kept = folder.join("kept");
    // The last restore left it.
    let _ = std::fs::remove_file(&kept);
    shop.restore(&folder.join("copy"), &kept)
}

#[test]
fn a_restore_of_many_seconds_succeeds_beside_an_instance_that_writes() {
    let (shop, proxy, far, folder) = shop();
    proxy.delay_all(Duration::from_millis(200));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                submit(&shop.commerce, &charge(1)).expect("others are not held up");
            }
        });
        let begun = std::time::Instant::now();
        let restored = restore(&far, folder.path());
        done.store(true, Ordering::Relaxed);
        restored.unwrap();
        assert!(
            begun.elapsed() > Duration::from_secs(3),
            "it took longer than the time-out of a transaction"
        );
    });
    // What was charged after the restore is there.
    assert!(balance(&shop) >= 500 && tidy(&shop));
    shop.clean();
}

#[test]
fn a_restore_cut_anywhere_changes_everything_or_nothing() {
    let (shop, proxy, far, folder) = shop();
    for (place, fault, done) in [
        ("CREATE TABLE IF NOT EXISTS upkeep", Fault::CutRequest(500), true),
        ("CREATE TABLE IF NOT EXISTS upkeep", Fault::CutAnswer(0), true),
        ("INSERT OR REPLACE INTO upkeep", Fault::CutRequest(900), true),
        ("INSERT OR REPLACE INTO upkeep", Fault::CutAnswer(500), true),
        ("CREATE TRIGGER", Fault::CutAnswer(0), true),
        ("\"INSERT INTO upkeep", Fault::CutRequest(500), false),
        ("\"INSERT INTO upkeep", Fault::CutAnswer(0), true),
        ("DROP TABLE", Fault::CutAnswer(0), true),
    ] {
        proxy.arm_at(place, fault);
        let restored = restore(&far, folder.path());
        proxy.wait_for_fault();
        assert_eq!(restored.is_ok(), done, "{place} {fault:?}: {restored:?}");
        assert_eq!(balance(&shop), if done { 500 } else { 507 }, "{place} {fault:?}");
        assert!(done || matches!(restored, Err(Error::Busy(_))), "{restored:?}");
        assert!(tidy(&shop), "{place} {fault:?}");
        shop.clean();
        shop.submit(&charge(507 - balance(&shop)));
    }
}

#[test]
fn what_a_killed_restore_left_is_in_no_backup_and_the_next_one_removes_it() {
    let (shop, proxy, _, folder) = shop();
    let far = open(&proxy, Duration::from_secs(2));
    proxy.arm_at("CREATE TRIGGER", Fault::Swallow);
    std::thread::scope(|scope| {
        // Its instance is gone for the others. It ends when its own time is up.
        scope.spawn(|| restore(&far, folder.path()).unwrap_err());
        proxy.wait_for_fault();
        proxy.refuse();
        submit(&shop.commerce, &charge(1)).unwrap();
        assert!(!tidy(&shop));
        let copy = folder.path().join("meanwhile");
        shop.commerce.backup(&copy).unwrap();
        assert_eq!(Commerce::open(&copy, Options::new(SystemClock)).unwrap().verify().unwrap(), []);
        shop.clean();
        shop.commerce.restore(&copy, &folder.path().join("kept too")).unwrap();
        assert!(tidy(&shop));
    });
    assert_eq!(balance(&shop), 508);
    shop.clean();
}

#[test]
fn a_repair_of_which_the_answer_is_lost_was_done() {
    let (shop, proxy, far, _folder) = shop();
    let broken = json!({ "type": "sequence", "sql": "UPDATE wallets SET balance = 5" });
    for fault in [Fault::CutAnswer(0), Fault::CutRequest(500)] {
        shop.server.as_ref().unwrap().pipeline(&json!([broken, { "type": "close" }]));
        proxy.arm_at("\"INSERT INTO upkeep", fault);
        let repaired = far.repair();
        assert_eq!(repaired.is_ok(), shop.commerce.verify().unwrap().is_empty(), "{repaired:?}");
        assert_eq!(repaired.is_ok(), matches!(fault, Fault::CutAnswer(_)));
    }
    far.repair().unwrap();
    assert!(tidy(&shop));
    shop.clean();
}

#[test]
fn a_backup_that_pauses_for_too_long_fails_and_leaves_no_file() {
    let (shop, proxy, far, folder) = shop();
    proxy.arm_at("FROM ledger", Fault::Delay(Duration::from_secs(12)));
    let copy = folder.path().join("paused");
    let failed = far.backup(&copy).unwrap_err();
    assert!(matches!(failed, Error::Busy(_)), "{failed}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "only the first copy");
    far.backup(&copy).unwrap();
    assert_eq!(Commerce::open(&copy, Options::new(SystemClock)).unwrap().verify().unwrap(), []);
    shop.clean();
}
