//! Tests that idempotency keys are kept for the configured time and then deleted.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use commerce_core::{Clock, Commerce, Currency, Options, SystemClock, Time};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::shop::submit;

const HOUR: i64 = 3_600_000;

#[derive(Clone)]
struct Set(Arc<AtomicI64>);

impl Clock for Set {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }
}

fn charge(key: &str) -> Value {
    json!({ "op": "wallet.charge", "user": "u", "amount": 1, "key": key })
}

#[test]
fn a_key_is_kept_for_the_configured_time_and_deleted_when_others_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let clock = Set(Arc::new(AtomicI64::new(1_800_000_000_000)));
    let options = Options::new(clock.clone()).keep_keys(Duration::from_hours(24));
    let shop =
        Commerce::create(&path, Currency::try_from("KRW").expect("a currency"), options).expect("a store");
    let replayed = |key: &str| submit(&shop, &charge(key)).expect("a charge")["replayed"] == true;
    submit(&shop, &json!({ "op": "user.add", "user": "u" })).expect("a user");

    assert!(!replayed("old"));
    clock.0.fetch_add(23 * HOUR, Ordering::SeqCst);
    for number in 0..700 {
        assert!(!replayed(&format!("new-{number}")));
    }
    assert!(replayed("old"), "after 23 hours");
    clock.0.fetch_add(2 * HOUR, Ordering::SeqCst);
    assert!(replayed("old"), "it is let go only when others come");
    for number in 700..2_400 {
        assert!(!replayed(&format!("new-{number}")));
    }
    assert!(!replayed("old"), "after 25 hours");
    assert!(replayed("new-0"), "after 2 hours");

    // In the end only the keys of the last 24 hours are left.
    clock.0.fetch_add(30 * HOUR, Ordering::SeqCst);
    for number in 0..6_000 {
        assert!(!replayed(&format!("later-{number}")));
    }
    // After a round that found no old keys, the sweep pauses for an hour.
    clock.0.fetch_add(2 * HOUR, Ordering::SeqCst);
    for number in 6_000..14_000 {
        assert!(!replayed(&format!("later-{number}")));
    }
    shop.close();
    let connection = rusqlite::Connection::open(&path).expect("the file");
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).expect("a count");
    assert_eq!(count("SELECT count(*) FROM keys WHERE key NOT LIKE 'later-%'"), 0);
    assert_eq!(count("SELECT count(*) FROM keys"), 14_000);
}

#[test]
fn the_keys_of_an_imported_history_are_kept_from_the_import_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = Set(Arc::new(AtomicI64::new(1_800_000_000_000)));
    let won = Currency::try_from("KRW").expect("a currency");
    let shop = Commerce::create(folder.path().join("shop.db"), won, Options::new(clock)).expect("a store");
    let add = json!({ "op": "user.add", "user": "u", "key": "a", "at": "2020-01-01T00:00:00Z" });
    submit(&shop, &add).expect("a user of long ago");
    for number in 0..700 {
        submit(&shop, &charge(&format!("b-{number}"))).expect("a charge");
    }
    assert_eq!(submit(&shop, &add).expect("the same again")["replayed"], true);
}

/// The digest that an earlier version stored of an operation's content.
fn earlier(name: &str, content: &str) -> i64 {
    let digest = sha2::Sha256::digest(format!("{name}{content}"));
    i64::from_le_bytes(digest[..8].try_into().expect("eight bytes"))
}

#[test]
fn keys_that_an_earlier_version_kept_are_still_answered() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("shop.db");
    let won = Currency::try_from("KRW").expect("a currency");
    let shop = Commerce::create(&path, won, Options::new(SystemClock)).expect("a store");
    let items = json!([{ "product": "b", "quantity": 1 }, { "product": "a", "quantity": 2 }]);
    let keyed = [
        json!({ "op": "order.place", "user": "u", "items": items, "key": "place" }),
        json!({ "op": "order.cancel", "order": 1, "key": "cancel" }),
        json!({ "op": "cart.add", "user": "u", "product": "a", "quantity": 2, "key": "add" }),
        json!({ "op": "cart.set", "user": "u", "product": "a", "quantity": 0, "key": "set" }),
        json!({ "op": "cart.add", "user": "u", "items": items, "key": "several" }),
        json!({ "op": "cart.remove", "user": "u", "products": ["b", "a"], "key": "remove" }),
    ];
    let given = [
        json!({ "op": "user.add", "user": "u" }),
        json!({ "op": "wallet.charge", "user": "u", "amount": 1_000 }),
        json!({ "op": "product.add", "product": "a", "name": "A", "price": 1, "stock": 9 }),
        json!({ "op": "product.add", "product": "b", "name": "B", "price": 1, "stock": 9 }),
    ];
    for operation in given.iter().chain(&keyed) {
        submit(&shop, operation).unwrap_or_else(|e| panic!("{operation}: {e}"));
    }
    shop.close();
    drop(shop);

    let connection = rusqlite::Connection::open(&path).expect("the file");
    let kept = |key: &str| -> i64 {
        connection
            .query_row("SELECT digest FROM keys WHERE key = ?1", [key], |row| row.get(0))
            .expect("a key")
    };
    // An operation on one product has the same digest as before.
    assert_eq!(kept("add"), earlier("cart.add", r#"{"user":"u","product":"a","quantity":2}"#));
    assert_eq!(kept("set"), earlier("cart.set", r#"{"user":"u","product":"a","quantity":null}"#));
    assert_eq!(kept("cancel"), earlier("order.cancel", r#"{"order":1}"#));
    // Earlier versions distinguished the order of several products, and cancellations had keys of the store.
    let place = earlier("order.place", r#"{"user":"u","items":[["b",1],["a",2]]}"#);
    let remove = earlier("cart.remove", r#"{"user":"u","products":["b","a"]}"#);
    assert_ne!(kept("place"), place);
    for (key, digest) in [("place", place), ("remove", remove)] {
        connection.execute("UPDATE keys SET digest = ?2 WHERE key = ?1", (key, digest)).expect("an update");
    }
    connection.execute("UPDATE keys SET user_no = 0 WHERE key = 'cancel'", []).expect("an update");
    drop(connection);

    let shop = Commerce::open(&path, Options::new(SystemClock)).expect("the store");
    for operation in &keyed {
        let told = submit(&shop, operation).unwrap_or_else(|e| panic!("{operation}: {e}"));
        assert_eq!(told["replayed"], true, "{operation}");
    }
    // A store's key of a cancellation does not block a customer's use of the same key.
    let charge = json!({ "op": "wallet.charge", "user": "u", "amount": 1, "key": "cancel" });
    assert!(submit(&shop, &charge).expect("a charge")["replayed"].is_null());
    assert_eq!(shop.verify().expect("a verification"), []);
}
