//! Tests a month of a real shop: every figure is exact.

use std::collections::VecDeque;
use std::path::Path;

use commerce_core::{Error, input, registry};
use serde_json::{Value, json};

use crate::shop::{On, Shop};

/// The folder of the data beside the checkout. Without it, the tests use the small month of the stories.
const MONTH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/online-retail");

#[test]
fn a_month_of_a_real_shop_comes_out_exactly() {
    [On::File, On::Server(1)].into_iter().for_each(play_the_month);
}

fn play_the_month(on: On) {
    let folder = Path::new(MONTH);
    if !folder.is_dir() {
        eprintln!("not played: there is no {MONTH}");
        return;
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let shop = Shop::on(on);
    let (operations, results) = (read("operations.jsonl"), read("results.jsonl"));
    let mut flying = VecDeque::new();
    for line in operations.lines() {
        let submission = registry::parse_operation(&input::json(line.as_bytes()).unwrap()).unwrap();
        flying.push_back(shop.commerce.submit(submission));
        assert!(flying.len() <= 8_192, "the queue holds the whole month");
    }
    for (expected, ticket) in results.lines().zip(flying) {
        let expected: Value = serde_json::from_str(expected).unwrap();
        let outcome = match ticket.wait() {
            Ok(_) => "ok",
            Err(Error::Refused(refusal)) => refusal.code(),
            Err(other) => panic!("{expected}: {other}"),
        };
        assert_eq!(outcome, expected["outcome"], "{expected}");
    }
    let state: Value = serde_json::from_str(&read("state.json")).unwrap();
    for (user, balance) in state["balances"].as_object().unwrap() {
        assert_eq!(shop.ask("wallet.balance", &json!({ "user": user }))["balance"], *balance, "{user}");
    }
    for (product, stock) in state["stocks"].as_object().unwrap() {
        assert_eq!(shop.ask("product.get", &json!({ "product": product }))["stock"], *stock, "{product}");
    }
    for top in state["tops"].as_array().unwrap() {
        let with = json!({ "to": top["to"], "days": top["days"], "limit": top["limit"] });
        let answer = shop.ask("sales.top", &with);
        let sold: Vec<Value> = answer["items"].as_array().unwrap().iter().map(|item| {
            json!({ "product": item["product"], "units": item["units"], "revenue": item["revenue"] })
        }).collect();
        assert_eq!(json!(sold), top["items"], "{with}");
    }
    shop.clean();
    // In a second run, every line with a key has the same answer and the others are refused, so nothing changes.
    let charge = operations.lines().find(|line| line.contains("wallet.charge")).unwrap();
    assert_eq!(shop.submit(&serde_json::from_str(charge).unwrap())["ok"]["replayed"], true);
}
