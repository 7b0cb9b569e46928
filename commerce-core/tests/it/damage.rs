//! Tests a store with impossible rows: operations and queries that read them fail, and all others work.

use std::sync::{Arc, Mutex};

use commerce_core::outbox::Relay;
use commerce_core::outbox::relay::Notice;
use commerce_core::{Chain, Commerce, Error, Options, SystemClock, registry};
use serde_json::{Value, json};

use crate::relay::{ScriptedSink, quick};
use crate::shop::{Shop, submit};

fn stocked() -> Shop {
    let shop = Shop::new();
    for operation in [
        json!({ "op": "user.add", "user": "ann" }),
        json!({ "op": "user.add", "user": "bob" }),
        json!({ "op": "wallet.charge", "user": "ann", "amount": 1_000 }),
        json!({ "op": "wallet.charge", "user": "bob", "amount": 1_000 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 10, "stock": 9 }),
        json!({ "op": "product.add", "product": "pen", "name": "Pen", "price": 1, "stock": 9 }),
        json!({ "op": "order.place", "user": "ann", "items": [{ "product": "mug", "quantity": 2 }] }),
        json!({ "op": "cart.add", "user": "ann", "product": "mug", "quantity": 3 }),
    ] {
        assert!(shop.submit(&operation)["ok"].is_object(), "{operation}");
    }
    shop
}

/// Changes the file in a way that no operation does.
fn damage(shop: &Shop, sql: &str) {
    let connection = rusqlite::Connection::open(&shop.path).expect("the file");
    connection.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON").unwrap();
    assert_eq!(connection.execute(sql, []).expect(sql), 1, "{sql}");
}

/// The message of the store's failure.
fn failure<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(Error::Store(reason)) => reason.to_string(),
        other => panic!("{other:?}"),
    }
}

fn asked(shop: &Commerce, name: &str, with: &Value) -> Result<Value, Error> {
    shop.query(&registry::parse_query(name, with).expect("a query"))
}

#[test]
fn damage_fails_what_touches_it_and_nothing_else() {
    let place = |product: &str| json!({ "op": "order.place", "user": "ann", "items": [{ "product": product, "quantity": 1 }] });
    let charge = json!({ "op": "wallet.charge", "user": "ann", "amount": 1 });
    let cancel = json!({ "op": "order.cancel", "order": 1 });
    let add = json!({ "op": "cart.add", "user": "ann", "product": "pen", "quantity": 1 });
    let cart = ("cart.get", json!({ "user": "ann" }));
    let order = ("order.get", json!({ "order": 1 }));
    let product = ("product.get", json!({ "product": "mug" }));
    let user = ("user.get", json!({ "user": "ann" }));
    for (sql, operations, query, named) in [
        (
            "UPDATE stocks SET stock = -3 WHERE product_no = 1",
            vec![place("mug"), cancel.clone(), add.clone()],
            &product,
            "the stock of product mug is -3",
        ),
        (
            "DELETE FROM stocks WHERE product_no = 1",
            vec![place("mug")],
            &product,
            "the stock of product mug is missing",
        ),
        (
            "UPDATE products SET price = -1 WHERE product_no = 1",
            vec![place("mug")],
            &product,
            "the price of product mug is -1",
        ),
        (
            "UPDATE wallets SET balance = -5 WHERE user_no = 1",
            vec![charge.clone(), cancel.clone()],
            &user,
            "the balance of user ann is -5",
        ),
        (
            "DELETE FROM wallets WHERE user_no = 1",
            vec![charge.clone(), cancel.clone()],
            &user,
            "the balance of user ann is missing",
        ),
        (
            "UPDATE order_lines SET quantity = 0",
            vec![cancel.clone()],
            &order,
            "the quantity of mug in order 1 is 0",
        ),
        ("DELETE FROM order_lines", vec![cancel], &order, "a product of order 1 is missing"),
        ("UPDATE cart_lines SET quantity = 2000000", vec![add], &cart, "the quantity of mug in"),
    ] {
        let shop = stocked();
        damage(&shop, sql);
        let before = shop.commerce.stats().commits;
        for operation in &operations {
            let told = failure(submit(&shop.commerce, operation));
            assert!(told.contains(named), "{sql}: {operation}: {told}");
        }
        let told = failure(asked(&shop.commerce, query.0, &query.1));
        assert!(told.contains(named), "{sql}: {}: {told}", query.0);
        assert_eq!(shop.commerce.stats().commits, before, "{sql}: nothing was committed");
        assert_ne!(shop.commerce.verify().expect("a verification"), [], "{sql}");
        if query.0 == "product.get" {
            assert!(failure(asked(&shop.commerce, "sales.top", &json!({}))).contains(named), "{sql}");
        }
        // Operations on other rows still work, in this process and in others.
        let bob =
            json!({ "op": "order.place", "user": "bob", "items": [{ "product": "pen", "quantity": 1 }] });
        assert!(shop.submit(&bob)["ok"].is_object(), "{sql}");
        let other = Commerce::open(&shop.path, Options::new(SystemClock)).expect("the store");
        assert!(submit(&other, &bob).is_ok(), "{sql}");
    }
}

#[test]
fn a_group_with_an_impossible_row_is_not_stored() {
    let shop = stocked();
    damage(&shop, "UPDATE stocks SET stock = -3 WHERE product_no = 1");
    let op = |user: &str, product: &str| {
        let items = json!([{ "product": product, "quantity": 1 }]);
        let line = json!({ "op": "order.place", "user": user, "items": items });
        commerce_core::registry::parse_operation(&line).expect("an operation")
    };
    let orders = || {
        asked(&shop.commerce, "order.list", &json!({})).expect("orders")["items"].as_array().unwrap().len()
    };
    let tickets: Vec<_> =
        (0..50).map(|n| shop.commerce.submit(op("bob", if n == 25 { "mug" } else { "pen" }))).collect();
    let outcomes: Vec<_> = tickets.into_iter().map(|ticket| ticket.wait()).collect();
    let done = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!(matches!(outcomes[25], Err(Error::Store(_))), "{:?}", outcomes[25]);
    // An order of pens failed only in a group with the order of a mug, and then left nothing behind.
    assert_eq!(orders(), 1 + done);
    assert_eq!(
        asked(&shop.commerce, "product.get", &json!({ "product": "pen" })).unwrap()["stock"],
        9 - done.min(9)
    );
}

#[test]
fn a_chain_continues_after_refusals_and_ends_when_the_store_fails() {
    let shop = stocked();
    damage(&shop, "UPDATE stocks SET stock = -3 WHERE product_no = 1");
    let chain = Chain::until_store_fails();
    let submit = |line: Value| {
        let submission = commerce_core::registry::parse_operation(&line).expect("an operation");
        shop.commerce.submit(submission.chain(&chain)).wait()
    };
    let charge = |user: &str| json!({ "op": "wallet.charge", "user": user, "amount": 1 });
    assert!(matches!(submit(charge("nobody")), Err(Error::Refused(_))));
    assert!(matches!(
        submit(json!({ "op": "user.add", "user": "x", "at": "2020-01-01T00:00:00Z" })),
        Err(Error::Invalid(_))
    ));
    assert!(submit(charge("bob")).is_ok());
    let mug = json!({ "op": "order.place", "user": "bob", "items": [{ "product": "mug", "quantity": 1 }] });
    assert!(matches!(submit(mug), Err(Error::Store(_))));
    assert!(matches!(submit(charge("bob")), Err(Error::Skipped)));
    let ended = Chain::until_store_fails();
    ended.end();
    let line = commerce_core::registry::parse_operation(&charge("bob")).expect("an operation");
    assert!(matches!(shop.commerce.submit(line.chain(&ended)).wait(), Err(Error::Skipped)));
}

#[test]
fn missing_events_are_reported_once_and_later_ones_are_delivered() {
    let shop = stocked();
    for user in ["ann", "bob"] {
        shop.submit(&json!({ "op": "wallet.charge", "user": user, "amount": 1 }));
    }
    // Removes three of five events.
    for event in [2, 4, 3] {
        damage(&shop, &format!("DELETE FROM outbox WHERE event = {event}"));
    }
    // Events of two subjects have no order between them: one delivery at a time gives them one.
    let sink = ScriptedSink { parallel: 1, ..ScriptedSink::new(|_| Ok(())) };
    let notices = Arc::<Mutex<Vec<Notice>>>::default();
    let options = || {
        let heard = notices.clone();
        quick().notice(move |notice| heard.lock().unwrap().push(notice.clone()))
    };
    let status = Relay::once(&shop.commerce, Box::new(sink.clone()), options()).unwrap().wait();
    assert_eq!((sink.accepted(), status.left), (vec![1, 5], true));
    let missing = Notice::Missing { first: 2.try_into().unwrap(), last: 4.try_into().unwrap() };
    assert!(missing.to_string().starts_with("events 2 to 4 are not in the outbox"), "{missing}");
    assert_eq!(*notices.lock().unwrap(), [Notice::Active, missing]);
    // A second run does not report the missing events again.
    let status = Relay::once(&shop.commerce, Box::new(sink.clone()), options()).unwrap().wait();
    assert_eq!((sink.accepted(), status.left, notices.lock().unwrap().len()), (vec![1, 5], false, 2));
}
