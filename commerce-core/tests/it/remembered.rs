//! Tests the rows of users and products that an instance caches between groups, and how it detects changes by others.

use commerce_core::{Commerce, Options, SystemClock};
use serde_json::{Value, json};

use crate::shop::{On, Shop, everywhere, submit};

/// A shop with one customer and one product, both cached by the first instance.
fn known(on: On) -> (Shop, Commerce) {
    let shop = Shop::on(on);
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    shop.submit(&json!({ "op": "wallet.charge", "user": "alice", "amount": 1_000 }));
    shop.submit(&json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 10, "stock": 5 }));
    assert_eq!(place(shop.instance())["ok"]["total"], 10);
    let other = Commerce::open(shop.at(), Options::new(SystemClock)).expect("another instance");
    (shop, other)
}

fn place(commerce: &Commerce) -> Value {
    let items = [json!({ "product": "mug", "quantity": 1 })];
    crate::library::told(submit(commerce, &json!({ "op": "order.place", "user": "alice", "items": items })))
}

#[test]
fn an_order_sees_the_changes_of_another_instance() {
    everywhere(|on| {
        let (shop, other) = known(on);
        let change = |operation: Value| submit(&other, &operation).expect("a change");
        // Only the stock and the balance are read again.
        change(json!({ "op": "stock.adjust", "product": "mug", "delta": 20 }));
        change(json!({ "op": "wallet.charge", "user": "alice", "amount": 100 }));
        let order = place(&shop.commerce);
        assert_eq!(order["ok"]["balance"], 1_000 + 100 - 20, "{order}");
        change(json!({ "op": "product.update", "product": "mug", "price": 30, "name": "Cup" }));
        let order = place(&shop.commerce);
        assert_eq!((&order["ok"]["total"], &order["ok"]["items"][0]["name"]), (&json!(30), &json!("Cup")));
        change(json!({ "op": "product.update", "product": "mug", "active": false }));
        assert_eq!(place(&shop.commerce)["refused"]["code"], "product_inactive");
        change(json!({ "op": "product.update", "product": "mug", "active": true }));
        change(json!({ "op": "stock.adjust", "product": "mug", "delta": -21 }));
        assert_eq!(place(&shop.commerce)["ok"]["total"], 30);
        assert_eq!(place(&shop.commerce)["refused"]["code"], "out_of_stock");
        shop.clean();
    });
}

#[test]
fn changes_of_another_program_count_too() {
    let (shop, other) = known(On::File);
    other.close();
    let sql = rusqlite::Connection::open(&shop.path).expect("the file");
    sql.execute("UPDATE products SET price = 7, name = 'Beaker' WHERE product = 'mug'", []).expect("a price");
    let order = place(&shop.commerce);
    assert_eq!((&order["ok"]["total"], &order["ok"]["items"][0]["name"]), (&json!(7), &json!("Beaker")));
}

#[test]
fn a_restored_store_is_not_taken_for_the_one_before() {
    let (shop, other) = known(On::File);
    let (backup, kept) = (shop.path.with_extension("backup"), shop.path.with_extension("kept"));
    other.backup(&backup).expect("a backup");
    // Makes as many changes after the backup as the restored store will have, so that the count alone does not differ.
    submit(&other, &json!({ "op": "product.update", "product": "mug", "price": 30 })).expect("a price");
    assert_eq!(place(&shop.commerce)["ok"]["total"], 30);
    other.restore(&backup, &kept).expect("put back");
    submit(&other, &json!({ "op": "product.update", "product": "mug", "price": 40 })).expect("a price");
    assert_eq!(place(&shop.commerce)["ok"]["total"], 40);
    shop.clean();
}
