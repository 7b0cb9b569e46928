//! Tests what it costs to name the operator of an order.

use commerce_core::{Caller, Submission, registry};
use serde_json::json;

use crate::shop::Shop;

/// The pages that 200 orders of a caller write, one at a time.
fn pages(caller: &Caller) -> u64 {
    let shop = Shop::new();
    for op in [
        json!({ "op": "user.add", "user": "kim" }),
        json!({ "op": "wallet.charge", "user": "kim", "amount": 1_000_000 }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 10, "stock": 1_000 }),
    ] {
        shop.submit(&op);
    }
    let order = || -> Submission<_> {
        let items = json!([{ "product": "mug", "quantity": 1 }]);
        registry::parse_operation(&json!({ "op": "order.place", "user": "kim", "items": items })).unwrap()
    };
    // An operator's first order writes the name.
    shop.commerce.perform(order().caller(caller.clone())).unwrap();
    let before = shop.commerce.stats().pages;
    for _ in 0..200 {
        shop.commerce.perform(order().caller(caller.clone())).unwrap();
    }
    shop.clean();
    shop.commerce.stats().pages - before
}

#[test]
fn an_operators_order_writes_no_page_more_than_a_shoppers() {
    let shopper = pages(&Caller::shopper("kim".parse().unwrap()));
    let operator = pages(&Caller::unrestricted().actor("office".parse().unwrap()));
    assert!(shopper >= 200 * 5, "{shopper} pages");
    // Two bytes in each of two histories: rows go on to the next page a little earlier.
    assert!(operator <= shopper + 4, "{operator} pages, and {shopper} for a shopper");
}
