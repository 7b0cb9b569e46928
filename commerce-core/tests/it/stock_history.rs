//! Tests the history of a stock: every change, exactly once, in its order, with the stock after it.

use commerce_core::catalog::StockHistory;
use commerce_core::{Caller, Error, Page, Submission, registry};
use serde_json::{Value, json};

use crate::shop::Shop;

fn place(user: &str, items: &[(&str, i64)]) -> Value {
    let items: Vec<_> = items.iter().map(|(p, q)| json!({ "product": p, "quantity": q })).collect();
    json!({ "op": "order.place", "user": user, "items": items })
}

/// The history of a product, read in pages of this length.
fn pages(shop: &Shop, product: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let page =
            shop.ask("stock.history", &json!({ "product": product, "limit": limit, "cursor": cursor }));
        let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
        assert!(items.len() <= limit);
        all.extend(items.iter().cloned());
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return all;
        }
    }
}

#[test]
fn every_change_has_its_kind_and_the_stock_after_it() {
    let shop = Shop::new();
    for op in [
        json!({ "op": "user.add", "user": "a" }),
        json!({ "op": "wallet.charge", "user": "a", "amount": 1_000_000 }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 1, "stock": 9 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 10, "stock": 5 }),
        place("a", &[("pen", 1), ("mug", 2)]),
        place("a", &[("pen", 1)]),
        json!({ "op": "order.cancel", "order": 1, "reason": "late" }),
        json!({ "op": "stock.adjust", "product": "mug", "delta": -5, "reason": "broken" }),
    ] {
        assert!(shop.submit(&op)["ok"].is_object(), "{op}");
    }
    let restock =
        registry::parse_operation(&json!({ "op": "stock.adjust", "product": "mug", "delta": 7 })).unwrap();
    let office = Caller::unrestricted().actor("office".parse().unwrap());
    shop.commerce.submit(restock.caller(office.clone())).wait().unwrap();
    let order: Submission<_> = registry::parse_operation(&place("a", &[("mug", 1)])).unwrap();
    shop.commerce.submit(order.caller(office)).wait().unwrap();

    let mut history = pages(&shop, "mug", 100);
    for change in &mut history {
        assert!(change.as_object_mut().unwrap().remove("at").unwrap().is_string());
    }
    assert_eq!(
        json!(history),
        json!([
            { "kind": "ordered", "delta": -1, "stock": 6, "order": 3, "actor": "office" },
            { "kind": "adjusted", "delta": 7, "stock": 7, "actor": "office" },
            { "kind": "adjusted", "delta": -5, "stock": 0, "reason": "broken" },
            { "kind": "cancelled", "delta": 2, "stock": 5, "order": 1, "reason": "late" },
            { "kind": "ordered", "delta": -2, "stock": 3, "order": 1 },
            { "kind": "added", "delta": 5, "stock": 5 },
        ])
    );
    let unknown = shop.ask("stock.history", &json!({ "product": "no" }));
    assert_eq!(unknown["refused"]["code"], "product_not_found");
    shop.clean();
}

#[test]
fn pages_of_any_length_hold_every_change_once_while_the_stock_goes_on_changing() {
    let shop = Shop::new();
    for op in [
        json!({ "op": "user.add", "user": "a" }),
        json!({ "op": "wallet.charge", "user": "a", "amount": 1_000_000 }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 1, "stock": 0 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 40 }),
    ] {
        shop.submit(&op);
    }
    let mut expected = vec![("added", 40, 40)];
    // In one millisecond and group, many changes follow one another.
    let mut tickets = Vec::new();
    let mut submit = |op: Value| tickets.push(shop.commerce.submit(registry::parse_operation(&op).unwrap()));
    let (mut orders, mut cancelled) = (0, 0);
    for round in 0..60_i64 {
        match round * 7 % 11 {
            0 | 1 => {
                submit(json!({ "op": "stock.adjust", "product": "mug", "delta": 3 }));
                change(&mut expected, "adjusted", 3);
            }
            2 if orders > cancelled => {
                submit(json!({ "op": "order.cancel", "order": orders }));
                cancelled = orders;
                change(&mut expected, "cancelled", 2);
                submit(json!({ "op": "stock.adjust", "product": "mug", "delta": -1 }));
                change(&mut expected, "adjusted", -1);
            }
            3 => {
                submit(json!({ "op": "wallet.charge", "user": "a", "amount": 1 }));
                submit(json!({ "op": "stock.adjust", "product": "pen", "delta": 1 }));
            }
            _ if stock_of(&expected) >= 2 => {
                orders += 1;
                submit(place("a", &[("mug", 2)]));
                change(&mut expected, "ordered", -2);
            }
            _ => {}
        }
    }
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    expected.reverse();
    let told = |history: &[Value]| -> Vec<(String, i64, i64)> {
        let change = |c: &Value| {
            (c["kind"].as_str().unwrap().into(), c["delta"].as_i64().unwrap(), c["stock"].as_i64().unwrap())
        };
        history.iter().map(change).collect()
    };
    let expected: Vec<(String, i64, i64)> =
        expected.into_iter().map(|(kind, delta, stock)| (kind.into(), delta, stock)).collect();
    for limit in [1, 2, 3, 7, 100] {
        assert_eq!(told(&pages(&shop, "mug", limit)), expected, "pages of {limit}");
    }
    // A cursor stays exact while the stock changes.
    let first = shop.ask("stock.history", &json!({ "product": "mug", "limit": 5 }));
    shop.submit(&json!({ "op": "stock.adjust", "product": "mug", "delta": 100 }));
    let rest =
        shop.ask("stock.history", &json!({ "product": "mug", "limit": 5, "cursor": first["next_cursor"] }));
    assert_eq!(told(rest["items"].as_array().unwrap()), expected[5..10]);
    shop.clean();
}

fn change(changes: &mut Vec<(&'static str, i64, i64)>, kind: &'static str, delta: i64) {
    changes.push((kind, delta, stock_of(changes) + delta));
}

fn stock_of(changes: &[(&str, i64, i64)]) -> i64 {
    changes.last().map_or(0, |&(.., stock)| stock)
}

#[test]
fn what_is_rare_among_many_orders_and_cancellations_is_found_span_by_span() {
    let shop = Shop::new();
    for op in [
        json!({ "op": "user.add", "user": "a" }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 10 }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 1, "stock": 10 }),
    ] {
        shop.submit(&op);
    }
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    let rows = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 70000)";
    connection
        .execute_batch(&format!(
            "BEGIN;
            INSERT INTO orders {rows} SELECT n, 1, 1, 1, n - 1, 1700000000000 + n, NULL FROM n;
            INSERT INTO order_lines {rows} SELECT n * 1024, 2, 'Pen', 1, 1 FROM n;
            INSERT INTO order_lines VALUES (5 * 1024 + 1, 1, 'Mug', 1, 1), (40000 * 1024 + 1, 1, 'Mug', 1, 2);
            INSERT INTO cancellations {rows} SELECT n, 70000 + n, NULL, 1700000100000, 1, NULL, 70000 FROM n;
            UPDATE store SET last_order = 70000, last_entry = 140000;
            UPDATE stocks SET stock = 8 WHERE product_no = 1; DELETE FROM cancellations WHERE order_id = 40000; COMMIT"
        ))
        .unwrap();
    let history = pages(&shop, "mug", 100);
    let told: Vec<_> = history
        .iter()
        .map(|c| (c["kind"].as_str().unwrap(), c["order"].as_i64(), c["stock"].as_i64().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("cancelled", Some(5), 8),
            ("ordered", Some(40_000), 7),
            ("ordered", Some(5), 9),
            ("added", None, 10)
        ]
    );
    let mut pens = Vec::new();
    let query = StockHistory { product: "pen".parse().unwrap(), page: Page::first(100) };
    let read = |change| {
        pens.push(change);
        Ok::<(), Error>(())
    };
    shop.commerce.each(query, read).unwrap();
    // 70,000 orders, of which all but one were cancelled, and the addition.
    assert_eq!(pens.len(), 140_000);
    assert!(pens.windows(2).all(|two| two[0].stock - two[0].delta == two[1].stock));
}
