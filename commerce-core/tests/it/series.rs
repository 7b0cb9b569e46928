//! Tests the queries of the console: sales step by step, and users by a part of their name.

use serde_json::json;

use crate::shop::Shop;

#[test]
fn steps_count_paid_orders_without_cancelled_ones() {
    let shop = Shop::new();
    let place = |at: &str| json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 1 }], "at": at });
    for operation in [
        json!({ "op": "user.add", "user": "alice", "at": "2024-03-01T00:00:00Z" }),
        json!({ "op": "wallet.charge", "user": "alice", "amount": 10_000, "at": "2024-03-01T00:00:00Z" }),
        json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 700, "stock": 9, "at": "2024-03-01T00:00:00Z" }),
        place("2024-03-01T09:59:59.999Z"),
        place("2024-03-01T10:00:00Z"),
        place("2024-03-01T10:59:59.999Z"),
        place("2024-03-01T12:30:00Z"),
        json!({ "op": "order.cancel", "order": 3, "at": "2024-03-01T13:00:00Z" }),
    ] {
        let told = shop.submit(&operation);
        assert!(told["ok"].is_object(), "{operation}: {told}");
    }
    let ask = |step, count| {
        let with = json!({ "step": step, "count": count, "to": "2024-03-01T12:45:00Z" });
        let items = shop.ask("sales.series", &with)["items"].clone();
        let of = |sold: &serde_json::Value| (sold["orders"].as_i64(), sold["revenue"].as_i64());
        items.as_array().unwrap().iter().map(of).collect::<Vec<_>>()
    };
    let (one, none) = ((Some(1), Some(700)), (Some(0), Some(0)));
    assert_eq!(ask("hour", 4), [one, one, none, one]);
    assert_eq!(ask("day", 2), [none, (Some(3), Some(2100))]);
    assert_eq!(ask("minute", 16), [[one].as_slice(), &[none; 15]].concat());
    let told = shop.ask("sales.series", &json!({ "step": "week", "count": 401 }));
    assert_eq!(told["invalid"]["errors"].as_array().map(Vec::len), Some(2), "{told}");
}

#[test]
fn users_are_found_by_a_part_of_identifier_or_name() {
    let shop = Shop::new();
    for (user, name) in [("minji", "민지 Minji"), ("alice", "Alice 앨리스"), ("bob-2", "")] {
        let name = (!name.is_empty()).then_some(name);
        let mut operation = json!({ "op": "user.add", "user": user });
        if let Some(name) = name {
            operation["name"] = name.into();
        }
        shop.submit(&operation);
    }
    let find = |search: &str| {
        let found = shop.ask("user.list", &json!({ "search": search }));
        found["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|u| u["user"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(find("ALI"), ["alice"]);
    assert_eq!(find("민지"), ["minji"]);
    assert_eq!(find("b-2"), ["bob-2"]);
    assert_eq!(find("i"), ["alice", "minji"]);
    assert_eq!(find("zz"), [""; 0]);
}
