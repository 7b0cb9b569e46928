//! Tests a month of a real shop through the program: every outcome, balance, stock and best seller.

use std::path::Path;

use serde_json::{Value, json};

use crate::shop::{Shop, lines};

/// The folder of the data beside the checkout.
const MONTH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/online-retail");

#[test]
fn a_month_of_a_real_shop_comes_out_exactly() {
    let folder = Path::new(MONTH);
    if !folder.is_dir() {
        eprintln!("not played: there is no {MONTH}");
        return;
    }
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let shop = Shop::bare();
    shop.ok(&["init", "--currency", "GBP"]);
    let file = folder.join("operations.jsonl");
    let output = shop.run(&["apply", "--trust-time", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "some orders of the month are refused");
    let results = lines(&String::from_utf8(output.stdout).unwrap());
    let expected = lines(&read("results.jsonl"));
    assert_eq!(results.len(), expected.len());
    for (result, expected) in results.iter().zip(&expected) {
        let outcome = if result["ok"].is_object() { &json!("ok") } else { &result["refused"]["code"] };
        assert_eq!((&result["line"], outcome), (&expected["line"], &expected["outcome"]), "{result}");
    }
    let state: Value = serde_json::from_str(&read("state.json")).unwrap();
    compare(&shop, &["user", "list"], ["user", "balance"], &state["balances"]);
    compare(&shop, &["product", "list"], ["product", "stock"], &state["stocks"]);
    for top in state["tops"].as_array().unwrap() {
        let (days, limit) = (top["days"].to_string(), top["limit"].to_string());
        let to = top["to"].as_str().unwrap();
        let answer = shop.json(&["top", "--days", &days, "--limit", &limit, "--to", to]);
        let sold = |item: &Value| json!({ "product": item["product"], "units": item["units"], "revenue": item["revenue"] });
        let items: Vec<Value> = answer["items"].as_array().unwrap().iter().map(sold).collect();
        assert_eq!(json!(items), top["items"], "{to}");
    }
    assert_eq!(shop.json(&["verify"])["found"], 0);
}

/// Asserts that the rows of a list have the expected figures, and that there are no others.
fn compare(shop: &Shop, list: &[&str], [id, figure]: [&str; 2], expected: &Value) {
    let rows = shop.json(&[list, &["--all"]].concat());
    let rows = rows["items"].as_array().unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!(rows.len(), expected.len(), "{list:?}");
    for row in rows {
        assert_eq!(row[figure], expected[row[id].as_str().unwrap()], "{row}");
    }
}
