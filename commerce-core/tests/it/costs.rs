//! What the statements of the engine cost, told by SQLite itself.

use commerce_core::{Commerce, Cost, Options, SystemClock};
use serde_json::json;

use crate::shop::{Shop, submit};

#[test]
fn costs_are_counted_where_they_are_asked_for() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    assert_eq!(shop.commerce.costs(), []);
    let counted = Commerce::open(shop.at(), Options::new(SystemClock).count_costs()).unwrap();
    submit(&counted, &json!({ "op": "user.add", "user": "bob" })).unwrap();
    let costs = counted.costs();
    let of =
        |part: &str| costs.iter().find(|cost| cost.sql.contains(part)).unwrap_or_else(|| panic!("{costs:?}"));
    let insert = of("INTO users");
    assert_eq!((insert.runs, insert.rows, insert.scanned, insert.sorts), (1, 1, 0, 0));
    assert!(insert.steps > 5, "{insert:?}");
    assert_eq!((of("FROM store").rows, of("json_each").rows), (1, 0));
    assert_eq!(counted.costs(), [], "each is told once");
    counted.query(&commerce_core::user::List::default()).unwrap();
    let [Cost { runs: 1, rows: 2, .. }] = counted.costs()[..] else {
        panic!("one statement that reads two users")
    };
}
