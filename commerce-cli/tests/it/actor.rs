//! Tests the name that changes bear at the command line, and the end of tokens there.

use serde_json::json;

use crate::shop::{Shop, USER, lines};

#[test]
fn what_is_done_here_bears_the_local_user() {
    let shop = Shop::stocked();
    shop.ok(&["charge", "alice", "100"]);
    shop.ok(&["buy", "alice", "mug"]);
    shop.ok(&["product", "restock", "mug", "3", "--reason", "delivery"]);
    let line = json!({ "op": "order.cancel", "order": 1 }).to_string();
    std::fs::write(shop.path("lines"), line).unwrap();
    shop.ok(&["apply", shop.path("lines").to_str().unwrap()]);
    let order = shop.json(&["order", "show", "1"]);
    assert_eq!((&order["actor"], &order["cancelled_by"]), (&json!(USER), &json!(USER)));
    for list in [&["wallet", "history", "alice"], &["product", "history", "mug"]] {
        let rows = lines(&shop.ok(&[list, &["--output", "jsonl"][..]].concat()));
        assert!(rows.len() >= 4 && rows.iter().all(|row| row["actor"] == USER), "{rows:?}");
    }
    let of = |name: &str, user: &str| {
        let mut charge = shop.program(&["charge", "alice", "1"]);
        charge.env_remove("USER").env_remove("LOGNAME").env(name, user);
        assert!(charge.output().unwrap().status.success());
        shop.json(&["wallet", "history", "alice", "--limit", "1"])["items"][0]["actor"].clone()
    };
    assert_eq!(of("LOGNAME", "사장"), "사장");
    // A name that could steer a terminal is not used; the system has one of its own, or none.
    assert_ne!(of("USER", "\u{1b}[31m"), "\u{1b}[31m");
}

#[test]
fn a_token_ends_when_it_is_told_to() {
    let shop = Shop::stocked();
    let token = shop.json(&["token", "create", "audit", "--role", "viewer", "--expires", "9999-12-31"]);
    assert_eq!((&token["role"], &token["expires"]), (&json!("viewer"), &json!("9999-12-31T23:59:59.999Z")));
    shop.ok(&["token", "create", "day", "--role", "operator", "--expires", "12h"]);
    for bad in ["2020-01-01", "0d", "soon"] {
        assert!(
            shop.fails(2, &["token", "create", "x", "--role", "viewer", "--expires", bad])
                .contains("expires")
        );
    }
    let listed = lines(&shop.ok(&["token", "list", "--output", "jsonl"]));
    assert_eq!(listed.iter().map(|token| &token["name"]).collect::<Vec<_>>(), ["audit", "day"]);
    assert!(listed[1]["expires"].is_string() && listed[1]["used_at"].is_null());
}
