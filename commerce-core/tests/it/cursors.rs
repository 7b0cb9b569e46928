//! Tests cursors: a cursor continues after its page, in a list with the same order and filters, and in no other list.

use serde_json::{Value, json};

use crate::shop::Shop;

fn stocked() -> Shop {
    let shop = Shop::new();
    let mut given = Vec::new();
    for user in ["ann", "anna"] {
        given.push(json!({ "op": "user.add", "user": user }));
        given.push(json!({ "op": "wallet.charge", "user": user, "amount": 100 }));
        given.push(json!({ "op": "wallet.charge", "user": user, "amount": 100 }));
    }
    for (product, price) in [("a", 3), ("b", 2), ("c", 1)] {
        given.push(
            json!({ "op": "product.add", "product": product, "name": "Pen", "price": price, "stock": 99 }),
        );
    }
    for user in ["ann", "anna", "ann", "anna"] {
        given
            .push(json!({ "op": "order.place", "user": user, "items": [{ "product": "a", "quantity": 1 }] }));
    }
    for operation in given {
        let told = shop.submit(&operation);
        assert!(told["ok"].is_object(), "{operation}: {told}");
    }
    shop
}

#[test]
fn a_cursor_is_taken_only_by_the_list_that_gave_it() {
    let shop = stocked();
    let lists = [
        (
            "product.list",
            vec![
                json!({}),
                json!({ "sort": "name" }),
                json!({ "sort": "price" }),
                json!({ "sort": "-price" }),
                json!({ "sort": "stock" }),
                json!({ "search": "pen" }),
                json!({ "active": true }),
                json!({ "search": "pen", "active": true, "sort": "-price" }),
            ],
        ),
        ("user.list", vec![json!({}), json!({ "search": "ann" })]),
        (
            "order.list",
            vec![
                json!({}),
                json!({ "user": "ann" }),
                json!({ "user": "anna" }),
                json!({ "status": "paid" }),
                json!({ "from": "2020-01-01T00:00:00Z" }),
                json!({ "to": "2999-01-01T00:00:00Z" }),
            ],
        ),
        ("event.list", vec![json!({}), json!({ "status": "pending" })]),
        ("wallet.history", vec![json!({ "user": "ann" }), json!({ "user": "anna" })]),
    ];
    let mut cursors: Vec<(String, Value)> = Vec::new();
    for (name, filters) in &lists {
        for with in filters {
            let mut first = with.clone();
            first["limit"] = 1.into();
            let cursor = shop.ask(name, &first)["next_cursor"].clone();
            assert!(cursor.is_string(), "{name} {with}");
            cursors.push((format!("{name} {with}"), cursor));
        }
    }
    for (name, filters) in &lists {
        for with in filters {
            for (of, cursor) in &cursors {
                let mut next = with.clone();
                next["cursor"] = cursor.clone();
                let told = shop.ask(name, &next);
                if *of == format!("{name} {with}") {
                    assert!(!told["items"].as_array().unwrap().is_empty(), "{of}: {told}");
                } else {
                    assert_eq!(told["invalid"]["errors"][0]["pointer"], "/cursor", "{of} in {name} {with}");
                }
            }
        }
    }
}

#[test]
fn a_cursor_works_with_another_page_size_and_another_spelling_of_the_filter() {
    let shop = stocked();
    let first = shop.ask("product.list", &json!({ "search": "PEN", "sort": "price", "limit": 1 }));
    let next = json!({ "search": "pen", "sort": "price", "limit": 2, "cursor": first["next_cursor"] });
    let products: Vec<_> = shop.ask("product.list", &next)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["product"].clone())
        .collect();
    assert_eq!(products, ["b", "a"]);
}
