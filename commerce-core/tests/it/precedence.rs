//! Tests the order of refusals, with one row per refusal and operation. Where possible, each row also violates every later
//! rule, so that it shows which refusal comes first.

use serde_json::{Value, json};

use crate::shop::{On, Shop, everywhere};

const LIMIT: i64 = (1 << 53) - 1;

/// A shop that has a case of every possible violation.
fn shop(on: On) -> Shop {
    let shop = Shop::on(on);
    let mut given = vec![
        json!({ "op": "user.add", "user": "poor" }),
        json!({ "op": "user.add", "user": "rich" }),
        json!({ "op": "user.add", "user": "empty" }),
        json!({ "op": "wallet.charge", "user": "poor", "amount": 100 }),
        json!({ "op": "wallet.charge", "user": "rich", "amount": 1_000_000 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 100, "stock": 5 }),
        json!({ "op": "product.add", "product": "dear", "name": "Dear", "price": LIMIT, "stock": 1 }),
        json!({ "op": "product.add", "product": "full", "name": "Full", "price": 1, "stock": LIMIT }),
        json!({ "op": "product.add", "product": "gone", "name": "Gone", "price": 1, "stock": 9 }),
        json!({ "op": "product.add", "product": "many", "name": "Many", "price": 1, "stock": 3_000_000 }),
        json!({ "op": "cart.add", "user": "poor", "product": "mug", "quantity": 9 }),
        json!({ "op": "cart.add", "user": "poor", "product": "gone", "quantity": 1 }),
        json!({ "op": "cart.add", "user": "rich", "product": "many", "quantity": 1_000_000 }),
        json!({ "op": "product.update", "product": "gone", "active": false }),
        json!({ "op": "order.place", "user": "rich", "items": [{ "product": "mug", "quantity": 1 }] }),
        json!({ "op": "order.place", "user": "rich", "items": [{ "product": "mug", "quantity": 1 }] }),
        json!({ "op": "order.cancel", "order": 1 }),
        json!({ "op": "wallet.charge", "user": "rich", "amount": 7, "key": "used" }),
        token("office", "operator", None),
    ];
    given.push(json!({ "op": "wallet.charge", "user": "rich", "amount": LIMIT - 1_000_000 + 100 - 7 }));
    for operation in given {
        let told = shop.submit(&operation);
        assert!(told["ok"].is_object(), "{operation}: {told}");
    }
    shop
}

fn place(user: &str, items: Value, more: Value) -> Value {
    let mut operation = json!({ "op": "order.place", "user": user, "items": items });
    operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    operation
}

fn token(name: &str, role: &str, user: Option<&str>) -> Value {
    json!({ "op": "token.create", "name": name, "role": role, "user": user, "digest": "ab".repeat(32) })
}

fn rows() -> Vec<(Value, Value)> {
    let over = |product: &str| json!({ "product": product, "quantity": 1_000_000 });
    let item = |product: &str, quantity: i64| json!({ "product": product, "quantity": quantity });
    let wrong_total = json!({ "expected_total": 1 });
    vec![
        (json!({ "op": "user.add", "user": "poor" }), json!({ "code": "user_exists", "user": "poor" })),
        (
            json!({ "op": "wallet.charge", "user": "no", "amount": LIMIT }),
            json!({ "code": "user_not_found", "user": "no" }),
        ),
        (
            json!({ "op": "wallet.charge", "user": "poor", "amount": LIMIT }),
            json!({ "code": "limit_exceeded", "limit": LIMIT }),
        ),
        (
            json!({ "op": "product.add", "product": "mug", "name": "M", "price": 1, "stock": 1 }),
            json!({ "code": "product_exists", "product": "mug" }),
        ),
        (
            json!({ "op": "product.update", "product": "no", "price": 1 }),
            json!({ "code": "product_not_found", "products": ["no"] }),
        ),
        (
            json!({ "op": "stock.adjust", "product": "no", "delta": -9 }),
            json!({ "code": "product_not_found", "products": ["no"] }),
        ),
        (
            json!({ "op": "stock.adjust", "product": "mug", "delta": -9 }),
            json!({ "code": "out_of_stock", "items": [{ "product": "mug", "requested": 9, "available": 4 }] }),
        ),
        (json!({ "op": "stock.adjust", "product": "full", "delta": 1 }), json!({ "code": "limit_exceeded" })),
        (
            json!({ "op": "cart.add", "user": "no", "product": "no", "quantity": 1 }),
            json!({ "code": "user_not_found" }),
        ),
        (
            json!({ "op": "cart.add", "user": "rich", "product": "no", "quantity": 1 }),
            json!({ "code": "product_not_found" }),
        ),
        (
            json!({ "op": "cart.add", "user": "poor", "product": "gone", "quantity": 1_000_000 }),
            json!({ "code": "product_inactive", "products": ["gone"] }),
        ),
        (
            json!({ "op": "cart.add", "user": "rich", "product": "many", "quantity": 1 }),
            json!({ "code": "limit_exceeded", "limit": 1_000_000 }),
        ),
        (
            json!({ "op": "cart.add", "user": "rich", "product": "dear", "quantity": 2 }),
            json!({ "code": "limit_exceeded", "limit": LIMIT }),
        ),
        (
            json!({ "op": "cart.set", "user": "no", "product": "no", "quantity": 0 }),
            json!({ "code": "user_not_found" }),
        ),
        (
            json!({ "op": "cart.set", "user": "rich", "product": "no", "quantity": 0 }),
            json!({ "code": "product_not_found" }),
        ),
        (
            json!({ "op": "cart.set", "user": "poor", "product": "gone", "quantity": 0 }),
            json!({ "code": "product_inactive" }),
        ),
        (
            json!({ "op": "cart.set", "user": "rich", "product": "dear", "quantity": 2 }),
            json!({ "code": "limit_exceeded" }),
        ),
        (
            json!({ "op": "cart.add", "user": "no", "items": [item("no", 1), item("gone", 1)] }),
            json!({ "code": "user_not_found" }),
        ),
        (
            json!({ "op": "cart.add", "user": "rich", "items": [item("no", 1), item("gone", 1), over("many"), item("nor", 1)] }),
            json!({ "code": "product_not_found", "products": ["no", "nor"] }),
        ),
        (
            json!({ "op": "cart.add", "user": "rich", "items": [item("mug", 1), item("gone", 1), over("many")] }),
            json!({ "code": "product_inactive", "products": ["gone"] }),
        ),
        (
            json!({ "op": "cart.add", "user": "empty", "items": [item("mug", 1), over("many"), item("many", 1)] }),
            json!({ "code": "limit_exceeded", "limit": 1_000_000 }),
        ),
        (
            json!({ "op": "cart.set", "user": "rich", "items": [item("no", 0), item("gone", 0), item("nor", 1)] }),
            json!({ "code": "product_not_found", "products": ["no", "nor"] }),
        ),
        (
            json!({ "op": "cart.set", "user": "poor", "items": [over("mug"), over("mug"), item("gone", 0)] }),
            json!({ "code": "product_inactive", "products": ["gone"] }),
        ),
        (
            json!({ "op": "cart.set", "user": "poor", "items": [over("mug"), over("mug")] }),
            json!({ "code": "limit_exceeded", "limit": 1_000_000 }),
        ),
        (
            json!({ "op": "cart.set", "user": "rich", "items": [item("mug", 0), item("dear", 1), item("full", 2)] }),
            json!({ "code": "limit_exceeded", "limit": LIMIT }),
        ),
        (
            json!({ "op": "cart.remove", "user": "no", "products": ["no"] }),
            json!({ "code": "user_not_found" }),
        ),
        (
            json!({ "op": "cart.remove", "user": "poor", "products": ["mug", "no", "dear"] }),
            json!({ "code": "not_in_cart", "products": ["no", "dear"] }),
        ),
        (json!({ "op": "cart.clear", "user": "no" }), json!({ "code": "user_not_found" })),
        (place("no", json!([item("no", 1)]), json!({})), json!({ "code": "user_not_found" })),
        (
            place(
                "poor",
                json!([item("no", 1), item("gone", 1), over("mug"), over("mug"), item("nor", 1)]),
                wrong_total.clone(),
            ),
            json!({ "code": "product_not_found", "products": ["no", "nor"] }),
        ),
        (
            place("poor", json!([item("gone", 1), over("mug"), over("mug")]), wrong_total.clone()),
            json!({ "code": "product_inactive", "products": ["gone"] }),
        ),
        (
            place("poor", json!([over("mug"), over("mug")]), wrong_total.clone()),
            json!({ "code": "limit_exceeded", "limit": 1_000_000 }),
        ),
        (
            place("poor", json!([item("dear", 1), item("mug", 9)]), wrong_total.clone()),
            json!({ "code": "limit_exceeded", "limit": LIMIT }),
        ),
        (
            place("poor", json!([item("mug", 3), item("mug", 2), item("full", 1)]), wrong_total.clone()),
            json!({ "code": "out_of_stock", "items": [{ "product": "mug", "requested": 5, "available": 4 }] }),
        ),
        (
            place("poor", json!([item("mug", 4)]), wrong_total),
            json!({ "code": "total_changed", "expected": 1, "total": 400 }),
        ),
        (
            place("poor", json!([item("mug", 4)]), json!({})),
            json!({ "code": "insufficient_balance", "balance": 100, "total": 400 }),
        ),
        (
            json!({ "op": "cart.checkout", "user": "no", "products": ["no"] }),
            json!({ "code": "user_not_found" }),
        ),
        (
            json!({ "op": "cart.checkout", "user": "empty", "products": ["no"] }),
            json!({ "code": "empty_cart", "user": "empty" }),
        ),
        (
            json!({ "op": "cart.checkout", "user": "poor", "products": ["gone", "no"], "expected_total": 1 }),
            json!({ "code": "not_in_cart", "products": ["no"] }),
        ),
        (
            json!({ "op": "cart.checkout", "user": "poor", "expected_total": 1 }),
            json!({ "code": "product_inactive", "products": ["gone"] }),
        ),
        (
            json!({ "op": "cart.checkout", "user": "poor", "products": ["mug"], "expected_total": 1 }),
            json!({ "code": "out_of_stock" }),
        ),
        (json!({ "op": "order.cancel", "order": 99 }), json!({ "code": "order_not_found", "order": 99 })),
        (
            json!({ "op": "order.cancel", "order": 1 }),
            json!({ "code": "order_not_cancellable", "order": 1, "order_status": "cancelled" }),
        ),
        // The refund would exceed the limit of the balance.
        (
            json!({ "op": "order.cancel", "order": 2 }),
            json!({ "code": "order_not_cancellable", "order": 2, "order_status": "paid" }),
        ),
        (
            json!({ "op": "event.retry", "events": [1, 999] }),
            json!({ "code": "event_not_found", "events": [999] }),
        ),
        (json!({ "op": "event.retry", "events": [1] }), json!({ "code": "event_not_dead", "events": [1] })),
        (
            json!({ "op": "wallet.charge", "user": "rich", "amount": LIMIT, "key": "used" }),
            json!({ "code": "key_reused", "key": "used" }),
        ),
        (token("office", "shopper", Some("no")), json!({ "code": "token_exists", "name": "office" })),
        (
            json!({ "op": "token.create", "name": "new", "role": "shopper", "user": "no", "digest": "0".repeat(64) }),
            json!({ "code": "user_not_found", "user": "no" }),
        ),
        (json!({ "op": "token.revoke", "name": "no" }), json!({ "code": "token_not_found", "name": "no" })),
    ]
}

#[test]
fn the_first_refusal_that_applies_is_the_answer() {
    everywhere(first_refusals);
}

fn first_refusals(on: On) {
    let shop = shop(on);
    let before = state(&shop);
    for (operation, expected) in rows() {
        let told = shop.submit(&operation);
        let refused = told["refused"].as_object().unwrap_or_else(|| panic!("{operation}: {told}"));
        for (name, fact) in expected.as_object().unwrap() {
            assert_eq!(refused.get(name), Some(fact), "{operation}: {told}");
        }
        assert!(refused["detail"].as_str().is_some_and(|text| !text.is_empty()));
    }
    assert_eq!(state(&shop), before, "a refused operation changed something");
    shop.clean();
}

fn state(shop: &Shop) -> Value {
    let list = |name| shop.ask(name, &json!({ "limit": 100 }));
    json!([
        list("user.list"),
        list("product.list"),
        list("order.list"),
        list("event.list"),
        list("token.list"),
        shop.ask("cart.get", &json!({ "user": "poor" })),
        shop.ask("cart.get", &json!({ "user": "rich" }))
    ])
}

#[test]
fn malformed_input_names_every_fault() {
    let shop = Shop::new();
    for (operation, pointers) in [
        (json!([]), vec![""]),
        (json!({}), vec!["/op"]),
        (json!({ "op": "order.plaice", "x": 1 }), vec!["/op"]),
        (json!({ "op": "user.add" }), vec!["/user"]),
        (
            json!({ "op": "user.add", "user": "a b", "name": "\u{1b}[31m", "age": 3 }),
            vec!["/user", "/name", "/age"],
        ),
        (json!({ "op": "wallet.charge", "user": 7, "amount": 0 }), vec!["/user", "/amount"]),
        (json!({ "op": "wallet.charge", "user": "a", "amount": 1.5 }), vec!["/amount"]),
        (json!({ "op": "wallet.charge", "user": "a", "amount": -1 }), vec!["/amount"]),
        (json!({ "op": "wallet.charge", "user": "a", "amount": LIMIT + 1 }), vec!["/amount"]),
        (json!({ "op": "wallet.charge", "user": "a", "amount": 1e300 }), vec!["/amount"]),
        (json!({ "op": "wallet.charge", "user": "a", "amount": "1" }), vec!["/amount"]),
        (
            json!({ "op": "product.add", "product": "top", "name": "", "price": 1, "stock": -1 }),
            vec!["/name", "/stock", "/product"],
        ),
        (json!({ "op": "user.add", "user": ".", "name": " \u{200b}" }), vec!["/user", "/name"]),
        (json!({ "op": "user.add", "user": ".." }), vec!["/user"]),
        (
            json!({ "op": "product.add", "product": "..", "name": "\u{3164}", "price": 1, "stock": 1 }),
            vec!["/product", "/name"],
        ),
        (json!({ "op": "product.update", "product": "a", "name": "\u{2800}" }), vec!["/name"]),
        (token(".", "operator", None), vec!["/name"]),
        (json!({ "op": "stock.adjust", "product": "a", "delta": 0 }), vec!["/delta"]),
        (json!({ "op": "order.place", "user": "a", "items": [] }), vec!["/items"]),
        (
            json!({ "op": "order.place", "user": "a", "items": [{ "product": "b", "quantity": 0 }, 7, { "product": "nul\0", "quantity": 1, "x": 1 }] }),
            vec!["/items/0/quantity", "/items/1", "/items/2/product", "/items/2/x"],
        ),
        (json!({ "op": "cart.set", "user": "a", "product": "b", "quantity": -1 }), vec!["/quantity"]),
        (json!({ "op": "cart.add", "user": "a", "product": "b", "quantity": 0 }), vec!["/quantity"]),
        (json!({ "op": "cart.add", "user": "a" }), vec!["/product", "/quantity"]),
        (json!({ "op": "cart.add", "user": "a", "items": [] }), vec!["/items"]),
        (
            json!({ "op": "cart.add", "user": "a", "product": "b", "items": [{ "product": "b", "quantity": 0 }] }),
            vec!["/items", "/items/0/quantity"],
        ),
        (
            json!({ "op": "cart.set", "user": "a", "quantity": 1, "items": [{ "product": "b", "quantity": 0 }, { "quantity": -1 }] }),
            vec!["/items", "/items/1/product", "/items/1/quantity"],
        ),
        (json!({ "op": "cart.remove", "user": "a", "products": "b" }), vec!["/products"]),
        (json!({ "op": "user.add", "user": "a", "key": "sp ace" }), vec!["/key"]),
        (json!({ "op": "user.add", "user": "a", "at": "2999-01-01T00:00:00Z" }), vec!["/at"]),
        (json!({ "op": "order.cancel", "order": 0, "why": 1 }), vec!["/order", "/why"]),
        (json!({ "op": "order.cancel", "order": -7 }), vec!["/order"]),
        (token("a b", "owner", None), vec!["/name", "/role"]),
        (token("a", "shopper", None), vec!["/user"]),
        (token("a", "operator", Some("u")), vec!["/user"]),
        (json!({ "op": "token.create", "name": "a", "role": "operator", "digest": "AB" }), vec!["/digest"]),
    ] {
        let told = shop.submit(&operation);
        let errors = told["invalid"]["errors"].as_array().unwrap_or_else(|| panic!("{operation}: {told}"));
        let mut found: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap()).collect();
        let mut pointers = pointers;
        found.sort_unstable();
        pointers.sort_unstable();
        assert_eq!(found, pointers, "{operation}: {told}");
    }
    let items: Vec<_> = (0..10_000).map(|n| json!({ "product": format!("p{n}"), "quantity": 1 })).collect();
    for op in ["order.place", "cart.add", "cart.set"] {
        let told = shop.submit(&json!({ "op": op, "user": "a", "items": items }));
        assert_eq!(told["invalid"]["errors"][0]["pointer"], "/items", "{op}");
    }
    for order in [0, -1, i64::MIN] {
        let told = shop.ask("order.get", &json!({ "order": order }));
        assert_eq!(told["invalid"]["errors"][0]["pointer"], "/order", "{told}");
    }
}
