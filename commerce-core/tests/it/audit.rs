//! Tests the audit: it reports all damage, nothing else, and what it checked.

use commerce_core::{Commerce, Options, SystemClock};
use serde_json::json;

use crate::shop::Shop;

/// A shop with some rows in every table.
fn shop() -> Shop {
    let shop = Shop::new();
    for user in ["a", "b"] {
        shop.submit(&json!({ "op": "user.add", "user": user }));
        shop.submit(&json!({ "op": "wallet.charge", "user": user, "amount": 1_000 }));
    }
    for product in ["mug", "pen"] {
        shop.submit(
            &json!({ "op": "product.add", "product": product, "name": product, "price": 10, "stock": 50 }),
        );
    }
    for (user, product) in [("a", "mug"), ("b", "pen"), ("a", "pen")] {
        let items = json!([{ "product": product, "quantity": 2 }]);
        assert!(shop.submit(&json!({ "op": "order.place", "user": user, "items": items }))["ok"].is_object());
    }
    assert!(shop.submit(&json!({ "op": "order.cancel", "order": 2 }))["ok"].is_object());
    shop
}

/// Statements that damage a store, and the figure and item that the audit reports for each.
const DAMAGES: [(&str, &str, &str); 32] = [
    ("UPDATE wallets SET balance = 5 WHERE user_no = 1", "balance", "a"),
    ("UPDATE wallets SET last_entry = 1 WHERE user_no = 1", "newest ledger entry", "a"),
    ("UPDATE wallets SET last_order = 1 WHERE user_no = 1", "newest order", "a"),
    ("DELETE FROM wallets WHERE user_no = 2", "balance", "b"),
    ("UPDATE ledger SET balance = 7 WHERE entry = 3", "balance after ledger entry", "3"),
    ("UPDATE ledger SET previous_entry = 2 WHERE entry = 3", "entry before ledger entry", "3"),
    ("UPDATE ledger SET amount = -30 WHERE entry = 3", "payment of order", "1"),
    ("DELETE FROM ledger WHERE entry = 3", "payment of order", "1"),
    ("DELETE FROM ledger WHERE entry = 5", "payment of order", "3"),
    ("UPDATE ledger SET source = 1 WHERE entry = 5", "payment of order", "3"),
    ("UPDATE ledger SET source = 3 WHERE entry = 6", "cancellation of order", "3"),
    ("UPDATE ledger SET amount = 19 WHERE entry = 6", "refund of order", "2"),
    ("DELETE FROM cancellations", "cancellation of order", "2"),
    ("UPDATE cancellations SET entry = 5", "refund of cancellation", "2"),
    ("UPDATE cancellations SET user_no = 1", "user of cancellation", "2"),
    ("UPDATE cancellations SET last_order = 2", "newest order before cancellation", "2"),
    ("UPDATE movements SET last_entry = 9 WHERE movement = 1", "place of movement", "2"),
    ("UPDATE cancellations SET actor_no = 7", "actor of cancellation", "2"),
    ("UPDATE ledger SET actor_no = 7 WHERE entry = 1", "actor of ledger entry", "1"),
    ("UPDATE orders SET actor_no = 7 WHERE order_id = 1", "actor of order", "1"),
    ("UPDATE movements SET actor_no = 7 WHERE movement = 2", "actor of movement", "2"),
    ("UPDATE store SET last_actor = 9", "newest number", "actors"),
    ("INSERT INTO cancellations VALUES (1, 6, NULL, 0, 1, NULL, 1)", "refund of cancellation", "1"),
    ("UPDATE orders SET total = 21 WHERE order_id = 1", "total of order", "1"),
    ("UPDATE orders SET previous_order = 2 WHERE order_id = 3", "order before order", "3"),
    ("UPDATE orders SET at = 0 WHERE order_id = 3", "time of order", "3"),
    ("UPDATE order_lines SET quantity = 3 WHERE line = 1024", "total of order", "1"),
    ("DELETE FROM order_lines WHERE line = 1024", "total of order", "1"),
    ("INSERT INTO order_lines VALUES (99 * 1024, 1, 'mug', 10, 1)", "order of lines", "99"),
    ("DELETE FROM orders WHERE order_id = 3", "order of lines", "3"),
    ("UPDATE stocks SET stock = 77 WHERE product_no = 1", "stock", "mug"),
    ("UPDATE store SET last_user = 9", "newest number", "users"),
];

#[test]
fn every_damage_is_reported() {
    for (damage, what, id) in DAMAGES {
        let shop = shop();
        shop.clean();
        let connection = rusqlite::Connection::open(&shop.path).unwrap();
        connection.execute_batch("PRAGMA foreign_keys = off").unwrap();
        connection.execute_batch(damage).unwrap();
        let told = shop.commerce.verify().unwrap();
        assert!(told.iter().any(|d| d.what == what && d.id == id), "{damage}: {told:?}");
    }
}

#[test]
fn dangling_references_are_reported() {
    let shop = shop();
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    connection
        .execute_batch("PRAGMA foreign_keys = off; DELETE FROM products WHERE product = 'pen'")
        .unwrap();
    let told = shop.commerce.verify().unwrap();
    assert!(told.iter().any(|d| d.what == "reference to products" && d.stored == "broken"), "{told:?}");
}

#[test]
fn the_report_of_a_shop_that_is_wrong_everywhere_is_bounded() {
    let shop = Shop::new();
    for number in 0..1_500 {
        shop.submit(&json!({ "op": "user.add", "user": format!("u{number}") }));
    }
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    connection.execute_batch("UPDATE wallets SET balance = 1").unwrap();
    let audit = shop.commerce.audit(&mut |_| {}).unwrap();
    assert_eq!((audit.found, audit.differences.len()), (1_500, 1_000));
}

#[test]
fn it_reports_what_it_checked_and_its_progress() {
    let shop = shop();
    let mut heard = Vec::new();
    let audit = shop.commerce.audit(&mut |progress| heard.push(progress)).unwrap();
    let count = |what: &str| audit.checked.iter().find(|checked| checked.what == what).map(|c| c.count);
    for (what, expected) in [
        ("movements of stock", 2),
        ("orders", 3),
        ("lines of orders", 3),
        ("ledger entries", 6),
        ("cancellations", 1),
        ("balances", 2),
        ("stocks", 2),
        ("best sellers", 2),
    ] {
        assert_eq!(count(what), Some(expected), "{what}");
    }
    assert!(heard.iter().all(|progress| progress.done <= progress.total), "{heard:?}");
    assert!(heard.iter().any(|progress| progress.what == "ledger entries"), "{heard:?}");
}

#[test]
fn repairs_fix_derived_figures() {
    let shop = shop();
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    connection
        .execute_batch(
            "UPDATE wallets SET balance = 5, last_entry = 1, last_order = 0; UPDATE stocks SET stock = 77;
             UPDATE cancellations SET user_no = 1",
        )
        .unwrap();
    drop(connection);
    assert_ne!(shop.commerce.verify().unwrap(), []);
    shop.commerce.repair().unwrap();
    shop.clean();
}

#[test]
fn a_shop_at_work_is_audited_as_of_one_moment() {
    let shop = shop();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let other = Commerce::open(shop.at(), Options::new(SystemClock)).unwrap();
    std::thread::scope(|scope| {
        let (stop, commerce) = (&stop, &shop.commerce);
        for user in ["a", "b"] {
            scope.spawn(move || {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let order = json!({ "op": "order.place", "user": user, "items": [{ "product": "mug", "quantity": 1 }] });
                    let placed = crate::shop::submit(commerce, &order);
                    if let Ok(order) = placed {
                        crate::shop::submit(commerce, &json!({ "op": "order.cancel", "order": order["order"] })).unwrap();
                    }
                }
            });
        }
        for _ in 0..50 {
            assert_eq!(other.verify().unwrap(), []);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
}
