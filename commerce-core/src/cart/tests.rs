//! What each operation makes of a cart, and what refuses it, in the contract's order.

use serde_json::{Value, json};

use super::{Add, Checkout, Clear, Quantities, Remove, Set};
use crate::id::OfProduct;
use crate::money::{LIMIT, Quantity};
use crate::testing::{Case, Shop, Spoil, check, done, faults, id, keys, refusals, shop};

/// Two mugs, added when they cost 250, and a pen are in the cart of kim.
fn carted() -> Shop {
    let shop = shop().user("lee", 0).user("kim", 5_000).product("mug", 300, 7).product("pen", 50, 100);
    let shop = shop.product("cup", 20, 1).product("gone", 1, 9).off_sale("gone");
    shop.line("kim", "mug", 2, 250).line("kim", "pen", 1, 50)
}

fn levels(items: &[(&str, i64)]) -> Value {
    let items: Vec<_> =
        items.iter().map(|(product, quantity)| json!({ "product": product, "quantity": quantity })).collect();
    json!({ "user": "kim", "items": items })
}

fn more(case: &mut Case, product: &str, quantity: i64) {
    let item = json!({ "product": product, "quantity": quantity });
    case.operation["items"].as_array_mut().unwrap().push(item);
}

fn named(products: &[&str]) -> Value {
    json!({ "user": "kim", "products": products })
}

#[test]
fn what_is_added_comes_to_what_is_there_at_present_prices() {
    check::<Add>(
        &carted().product("tea", 5, 9),
        levels(&[("cup", 2), ("mug", 3), ("tea", 1)]),
        r#"
        {"user":"kim","lines":[{"product":"mug","name":"The mug","price":300,"price_when_added":300,"quantity":5,"available":7},{"product":"pen","name":"The pen","price":50,"price_when_added":50,"quantity":1,"available":100},{"product":"cup","name":"The cup","price":20,"price_when_added":20,"quantity":2,"available":1,"problem":"out_of_stock"},{"product":"tea","name":"The tea","price":5,"price_when_added":5,"quantity":1,"available":9}],"total":1595}
        update cart_lines user_no=2 product_no=1 position=1 quantity=5 price=300
        insert cart_lines user_no=2 product_no=3 position=3 quantity=2 price=20
        insert cart_lines user_no=2 product_no=5 position=4 quantity=1 price=5
        update store last_at=1000
        "#,
    );
}

#[test]
fn what_is_set_is_so_and_none_leaves_the_cart() {
    check::<Set>(
        &carted(),
        levels(&[("mug", 0), ("cup", 1), ("pen", 9)]),
        r#"
        {"user":"kim","lines":[{"product":"pen","name":"The pen","price":50,"price_when_added":50,"quantity":9,"available":100},{"product":"cup","name":"The cup","price":20,"price_when_added":20,"quantity":1,"available":1}],"total":470}
        delete cart_lines user_no=2 product_no=1
        update cart_lines user_no=2 product_no=2 position=2 quantity=9 price=50
        insert cart_lines user_no=2 product_no=3 position=3 quantity=1 price=20
        update store last_at=1000
        "#,
    );
    check::<Set>(
        &carted(),
        json!({ "user": "lee", "product": "mug", "quantity": 0 }),
        r#"
        {"user":"lee","lines":[],"total":0}
        update store last_at=1000
        "#,
    );
}

#[test]
fn what_is_named_is_removed_and_the_rest_stays_as_it_was() {
    check::<Remove>(
        &carted(),
        named(&["pen", "pen"]),
        r#"
        {"user":"kim","lines":[{"product":"mug","name":"The mug","price":300,"price_when_added":250,"quantity":2,"available":7,"problem":"price_changed"}],"total":600}
        delete cart_lines user_no=2 product_no=2
        update store last_at=1000
        "#,
    );
}

#[test]
fn a_cleared_cart_is_empty() {
    check::<Clear>(
        &carted(),
        json!({ "user": "kim" }),
        r#"
        {"user":"kim","lines":[],"total":0}
        delete cart_lines user_no=2 product_no=1
        delete cart_lines user_no=2 product_no=2
        update store last_at=1000
        "#,
    );
}

#[test]
fn what_is_checked_out_is_ordered_and_leaves_the_cart() {
    check::<Checkout>(
        &carted(),
        named(&["mug", "mug"]),
        r#"
        {"order":41,"user":"kim","status":"paid","items":[{"product":"mug","name":"The mug","price":300,"quantity":2,"amount":600}],"total":600,"balance":4400,"at":"1970-01-01T00:00:01.000Z"}
        update wallets user_no=2 balance=4400 last_entry=31 last_order=41
        update stocks product_no=1 stock=5
        insert orders order_id=41 user_no=2 total=600 balance=4400 previous_order=4 at=1000
        insert order_lines line=41984 product_no=1 name=The mug price=300 quantity=2
        insert ledger entry=31 user_no=2 kind=payment amount=-600 balance=4400 source=41 previous_entry=3 at=1000
        delete cart_lines user_no=2 product_no=1
        insert outbox event=51 type=OrderCompleted source=41
        update store last_at=1000 last_entry=31 last_order=41 last_event=51
        "#,
    );
    check::<Checkout>(
        &carted(),
        json!({ "user": "kim", "expected_total": 650 }),
        r#"
        {"order":41,"user":"kim","status":"paid","items":[{"product":"mug","name":"The mug","price":300,"quantity":2,"amount":600},{"product":"pen","name":"The pen","price":50,"quantity":1,"amount":50}],"total":650,"balance":4350,"at":"1970-01-01T00:00:01.000Z"}
        update wallets user_no=2 balance=4350 last_entry=31 last_order=41
        update stocks product_no=1 stock=5
        update stocks product_no=2 stock=99
        insert orders order_id=41 user_no=2 total=650 balance=4350 previous_order=4 at=1000
        insert order_lines line=41984 product_no=1 name=The mug price=300 quantity=2
        insert order_lines line=41985 product_no=2 name=The pen price=50 quantity=1
        insert ledger entry=31 user_no=2 kind=payment amount=-650 balance=4350 source=41 previous_entry=3 at=1000
        delete cart_lines user_no=2 product_no=1
        delete cart_lines user_no=2 product_no=2
        insert outbox event=51 type=OrderCompleted source=41
        update store last_at=1000 last_entry=31 last_order=41 last_event=51
        "#,
    );
}

/// The refusals that adding and setting share, in their order.
const REFUSED: [(Spoil, &str); 6] = [
    (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
    (
        |case| ["no", "pen", "nor"].into_iter().for_each(|product| more(case, product, 1)),
        r#"product_not_found {"products":["no","nor"]}"#,
    ),
    (|case| more(case, "gone", 1), r#"product_inactive {"products":["gone"]}"#),
    (
        |case| [999_999, 2].into_iter().for_each(|units| more(case, "pen", units)),
        r#"limit_exceeded {"what":"the quantity in the cart","limit":1000000}"#,
    ),
    (
        |case| case.shop = (2..1_000).fold(case.shop.clone(), filled),
        r#"limit_exceeded {"what":"the number of products in the cart","limit":1000}"#,
    ),
    (
        |case| {
            case.shop = case.shop.clone().product("dear", LIMIT - 669, 1);
            more(case, "dear", 1);
        },
        r#"limit_exceeded {"what":"the total of the cart","limit":9007199254740991}"#,
    ),
];

/// One more product in the cart.
fn filled(shop: Shop, number: i32) -> Shop {
    let product = format!("p{number}");
    shop.product(&product, 0, 1).line("kim", &product, 1, 0)
}

#[test]
fn refusals_in_their_order() {
    refusals::<Add>(carted(), levels(&[("cup", 1)]), &REFUSED);
    refusals::<Set>(carted(), levels(&[("cup", 1)]), &REFUSED);
    refusals::<Remove>(
        carted(),
        named(&["mug"]),
        &[
            (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
            (
                |case| case.operation["products"] = json!(["no", "pen", "cup", "no"]),
                r#"not_in_cart {"products":["no","cup"]}"#,
            ),
        ],
    );
    refusals::<Clear>(
        carted(),
        json!({ "user": "kim" }),
        &[(|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#)],
    );
    refusals::<Checkout>(
        carted(),
        named(&["mug"]),
        &[
            (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
            (|case| case.shop.empty_carts(), r#"empty_cart {"user":"kim"}"#),
            (
                |case| case.operation["products"] = json!(["no", "mug", "cup", "no"]),
                r#"not_in_cart {"products":["no","cup"]}"#,
            ),
            (
                |case| case.shop = case.shop.clone().off_sale("mug"),
                r#"product_inactive {"products":["mug"]}"#,
            ),
            (
                |case| case.shop.set_stock("mug", 1),
                r#"out_of_stock {"items":[{"product":"mug","requested":2,"available":1}]}"#,
            ),
            (
                |case| case.operation["expected_total"] = 500.into(),
                r#"total_changed {"expected":500,"total":600}"#,
            ),
            (|case| case.shop.set_balance("kim", 599), r#"insufficient_balance {"balance":599,"total":600}"#),
        ],
    );
}

#[test]
fn limits_are_what_still_fits() {
    let full = (2..999).fold(carted(), filled);
    done::<Add>(&full, levels(&[("cup", 1)]));
    done::<Add>(&carted(), levels(&[("pen", 999_999)]));
    done::<Set>(&carted(), levels(&[("pen", 1_000_000)]));
    done::<Add>(&carted().product("dear", LIMIT - 650, 1), levels(&[("dear", 1)]));
}

#[test]
fn once_under_a_key_however_the_products_are_ordered() {
    let one = json!({ "user": "kim", "product": "mug", "quantity": 2 });
    let same = [levels(&[("mug", 2), ("pen", 1)]), levels(&[("pen", 1), ("mug", 1), ("mug", 1)])];
    let other = [levels(&[("mug", 2), ("pen", 2)]), one.clone()];
    keys::<Add>(&carted(), 2, &same, &other);
    keys::<Set>(&carted(), 2, &same, &other);
    keys::<Add>(&carted(), 2, &[one.clone(), levels(&[("mug", 2)])], &[levels(&[("mug", 1)])]);
    keys::<Set>(&carted(), 2, &[one, levels(&[("mug", 2)])], &[levels(&[("mug", 0)]), levels(&[("mug", 1)])]);
    keys::<Clear>(&carted(), 2, &[json!({ "user": "kim" })], &[]);
    let same = [named(&["mug", "pen"]), named(&["pen", "mug"]), named(&["pen", "mug", "mug"])];
    keys::<Remove>(&carted(), 2, &same, &[named(&["mug"])]);
    keys::<Remove>(&carted(), 2, &[named(&["mug"]), named(&["mug", "mug"])], &[]);
    keys::<Checkout>(&carted(), 2, &same, &[named(&["mug"]), json!({ "user": "kim" })]);
}

#[test]
fn levels_are_given_as_one_product_or_as_a_list_and_never_as_both() {
    let (mug, two) = (id::<OfProduct>("mug"), Quantity::try_from(2).unwrap());
    let units = |levels: &Quantities| {
        levels.iter().map(|(product, units)| format!("{product} {units}")).collect::<Vec<_>>()
    };
    assert_eq!(units(&Quantities::one(mug.clone(), Some(two))), ["mug 2"]);
    assert_eq!(units(&Quantities::one(mug.clone(), None)), ["mug 0"]);
    let several = Quantities::new([(mug.clone(), Some(two)), (id("pen"), None), (mug, Some(two))]).unwrap();
    assert_eq!(units(&several), ["mug 4", "pen 0"]);
    assert!(Quantities::new([]).is_err());
    for both in [json!({ "product": "mug" }), json!({ "quantity": 2 })] {
        let mut operation = levels(&[("mug", 2)]);
        operation.as_object_mut().unwrap().extend(both.as_object().unwrap().clone());
        assert_eq!(faults::<Set>(&operation), "/items");
    }
}
