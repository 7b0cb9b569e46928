//! What an order changes, and what refuses it, in the contract's order.

use serde_json::{Value, json};

use super::Place;
use crate::money::LIMIT;
use crate::testing::{Case, Shop, check, keys, refusals, shop};

fn stocked() -> Shop {
    shop().user("lee", 0).user("kim", 5_000).product("mug", 300, 7).product("pen", 50, 100)
}

fn place(items: &[(&str, i64)]) -> Value {
    let items: Vec<_> = items.iter().map(|(product, quantity)| item(product, *quantity)).collect();
    json!({ "user": "kim", "items": items })
}

fn item(product: &str, quantity: i64) -> Value {
    json!({ "product": product, "quantity": quantity })
}

/// Orders more.
fn more(case: &mut Case, product: &str, quantity: i64) {
    case.operation["items"].as_array_mut().unwrap().push(item(product, quantity));
}

#[test]
fn the_units_are_taken_and_paid() {
    check::<Place>(
        &stocked(),
        place(&[("mug", 2), ("pen", 10), ("mug", 1)]),
        r#"
        {"order":41,"user":"kim","status":"paid","items":[{"product":"mug","name":"The mug","price":300,"quantity":3,"amount":900},{"product":"pen","name":"The pen","price":50,"quantity":10,"amount":500}],"total":1400,"balance":3600,"at":"1970-01-01T00:00:01.000Z"}
        update wallets user_no=2 balance=3600 last_entry=31 last_order=41
        update stocks product_no=1 stock=4
        update stocks product_no=2 stock=90
        insert orders order_id=41 user_no=2 total=1400 balance=3600 previous_order=4 at=1000
        insert order_lines line=41984 product_no=1 name=The mug price=300 quantity=3
        insert order_lines line=41985 product_no=2 name=The pen price=50 quantity=10
        insert ledger entry=31 user_no=2 kind=payment amount=-1400 balance=3600 source=41 previous_entry=3 at=1000
        insert outbox event=51 type=OrderCompleted source=41
        update store last_at=1000 last_entry=31 last_order=41 last_event=51
        "#,
    );
}

#[test]
fn the_last_unit_and_the_last_money_are_enough() {
    let mut shop = stocked().product("gift", 0, 1);
    shop.set_balance("kim", 2_100);
    let mut operation = place(&[("mug", 7), ("gift", 1)]);
    operation["expected_total"] = 2_100.into();
    check::<Place>(
        &shop,
        operation,
        r#"
        {"order":41,"user":"kim","status":"paid","items":[{"product":"mug","name":"The mug","price":300,"quantity":7,"amount":2100},{"product":"gift","name":"The gift","price":0,"quantity":1,"amount":0}],"total":2100,"balance":0,"at":"1970-01-01T00:00:01.000Z"}
        update wallets user_no=2 balance=0 last_entry=31 last_order=41
        update stocks product_no=1 stock=0
        update stocks product_no=3 stock=0
        insert orders order_id=41 user_no=2 total=2100 balance=0 previous_order=4 at=1000
        insert order_lines line=41984 product_no=1 name=The mug price=300 quantity=7
        insert order_lines line=41985 product_no=3 name=The gift price=0 quantity=1
        insert ledger entry=31 user_no=2 kind=payment amount=-2100 balance=0 source=41 previous_entry=3 at=1000
        insert outbox event=51 type=OrderCompleted source=41
        update store last_at=1000 last_entry=31 last_order=41 last_event=51
        "#,
    );
}

#[test]
fn refusals_in_their_order() {
    refusals::<Place>(
        stocked()
            .product("gone", 1, 9)
            .off_sale("gone")
            .product("sand", 1, 3_000_000)
            .product("dear", LIMIT, 9),
        place(&[("mug", 2)]),
        &[
            (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
            (
                |case| ["no", "pen", "nor"].into_iter().for_each(|product| more(case, product, 1)),
                r#"product_not_found {"products":["no","nor"]}"#,
            ),
            (|case| more(case, "gone", 1), r#"product_inactive {"products":["gone"]}"#),
            (
                |case| [1_000_000, 1].into_iter().for_each(|units| more(case, "sand", units)),
                r#"limit_exceeded {"what":"the quantity of a product","limit":1000000}"#,
            ),
            (|case| more(case, "dear", 2), r#"limit_exceeded {"what":"the total","limit":9007199254740991}"#),
            (|case| more(case, "dear", 1), r#"limit_exceeded {"what":"the total","limit":9007199254740991}"#),
            (
                |case| {
                    [("mug", 6), ("pen", 101)]
                        .into_iter()
                        .for_each(|(product, units)| more(case, product, units))
                },
                r#"out_of_stock {"items":[{"product":"mug","requested":8,"available":7},{"product":"pen","requested":101,"available":100}]}"#,
            ),
            (
                |case| case.operation["expected_total"] = 601.into(),
                r#"total_changed {"expected":601,"total":600}"#,
            ),
            (|case| case.shop.set_balance("kim", 599), r#"insufficient_balance {"balance":599,"total":600}"#),
        ],
    );
}

#[test]
fn once_under_a_key_however_the_items_are_ordered() {
    let total = |total: i64| {
        let mut operation = place(&[("mug", 2), ("pen", 1)]);
        operation["expected_total"] = total.into();
        operation
    };
    keys::<Place>(
        &stocked(),
        2,
        &[place(&[("pen", 1), ("mug", 2)]), place(&[("mug", 1), ("pen", 1), ("mug", 1)])],
        &[place(&[("mug", 2)]), place(&[("mug", 2), ("pen", 2)]), total(650)],
    );
}
