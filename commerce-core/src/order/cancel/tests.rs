//! What a cancellation gives back, and what refuses it, in the contract's order.

use serde_json::json;

use super::Cancel;
use crate::money::LIMIT;
use crate::testing::{Shop, check, keys, refusals, shop};

/// Order 8 is of two mugs and a pen, 650 in all.
fn ordered() -> Shop {
    let shop = shop().user("lee", 0).user("kim", 500).product("mug", 300, 7).product("pen", 50, 100);
    shop.order(8, "kim", &[("mug", 2), ("pen", 1)])
}

#[test]
fn money_and_units_go_back() {
    check::<Cancel>(
        &ordered(),
        json!({ "order": 8, "reason": "too late" }),
        r#"
        {"order":8,"user":"kim","status":"cancelled","items":[{"product":"mug","name":"The mug","price":300,"quantity":2,"amount":600},{"product":"pen","name":"The pen","price":50,"quantity":1,"amount":50}],"total":650,"balance":500,"at":"1970-01-01T00:00:00.500Z","cancelled_at":"1970-01-01T00:00:01.000Z","reason":"too late"}
        update wallets user_no=2 balance=1150 last_entry=31 last_order=4
        update stocks product_no=1 stock=9
        update stocks product_no=2 stock=101
        insert ledger entry=31 user_no=2 kind=refund amount=650 balance=1150 source=8 previous_entry=3 at=1000
        insert cancellations order_id=8 entry=31 reason=too late at=1000 user_no=2 last_order=40
        insert outbox event=51 type=OrderCancelled source=8
        update store last_at=1000 last_entry=31 last_event=51
        "#,
    );
}

#[test]
fn refusals_in_their_order() {
    refusals::<Cancel>(
        ordered(),
        json!({ "order": 8 }),
        &[
            (|case| case.operation["order"] = 9.into(), r#"order_not_found {"order":9}"#),
            (
                |case| case.shop = case.shop.clone().cancelled(),
                r#"order_not_cancellable {"order":8,"order_status":"cancelled","reason":"it is already cancelled"}"#,
            ),
            (
                |case| case.shop.set_balance("kim", LIMIT - 649),
                r#"order_not_cancellable {"order":8,"order_status":"paid","reason":"the balance would exceed its limit"}"#,
            ),
            (
                |case| case.shop.set_stock("pen", LIMIT),
                r#"order_not_cancellable {"order":8,"order_status":"paid","reason":"a stock would exceed its limit"}"#,
            ),
        ],
    );
}

#[test]
fn once_under_a_key_of_the_user() {
    keys::<Cancel>(&ordered(), 2, &[json!({ "order": 8 })], &[json!({ "order": 8, "reason": "too late" })]);
}
