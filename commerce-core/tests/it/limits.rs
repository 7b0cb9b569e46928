//! Tests the limits of a cart and of an order.

use serde_json::{Value, json};

use crate::shop::Shop;

#[test]
fn a_cart_and_an_order_hold_a_thousand_products_and_no_more() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "u" }));
    shop.submit(&json!({ "op": "wallet.charge", "user": "u", "amount": 10_000 }));
    let item = |number: usize| format!("p{number}");
    for number in 0..=1_000 {
        let add =
            json!({ "op": "product.add", "product": item(number), "name": "P", "price": 1, "stock": 3 });
        assert!(shop.submit(&add)["ok"].is_object());
    }
    let put = |number: usize| -> Value {
        shop.submit(&json!({ "op": "cart.add", "user": "u", "product": item(number), "quantity": 1 }))
    };
    for number in 0..1_000 {
        assert!(put(number)["ok"].is_object(), "{number}");
    }
    let full = put(1_000);
    assert_eq!(
        (&full["refused"]["code"], &full["refused"]["limit"]),
        (&json!("limit_exceeded"), &json!(1_000))
    );
    assert!(put(999)["ok"].is_object(), "what is in the cart may still grow");
    let line = |number: usize, units: i64| json!({ "product": item(number), "quantity": units });
    let set = |items: Value| shop.submit(&json!({ "op": "cart.set", "user": "u", "items": items }));
    let told = set(json!([line(1_000, 1), line(0, 1)]));
    assert_eq!(told["refused"]["code"], "limit_exceeded", "{told}");
    let told = set(json!([line(1_000, 1), line(0, 0)]));
    assert_eq!(told["ok"]["lines"].as_array().map(Vec::len), Some(1_000), "one comes as another goes");

    let items = |count: usize| -> Vec<Value> {
        (0..count).map(|number| json!({ "product": item(number), "quantity": 1 })).collect()
    };
    let order = |count| shop.submit(&json!({ "op": "order.place", "user": "u", "items": items(count) }));
    assert!(order(1_001)["invalid"]["errors"].is_array());
    assert_eq!(order(1_000)["ok"]["total"], 1_000);
    let bought = shop.submit(&json!({ "op": "cart.checkout", "user": "u" }));
    assert_eq!(bought["ok"]["total"], 1_001, "{bought}");
    shop.clean();
}
