//! Tests `apply`: results come in order, each line follows the ones before it, and no line can break it.

use serde_json::{Value, json};

use crate::shop::Shop;

fn results(text: &[u8]) -> Vec<Value> {
    std::str::from_utf8(text).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn each_line_has_its_result_and_sees_the_lines_before() {
    let shop = Shop::in_dollars();
    let mut input = Vec::new();
    for line in [
        "{\"op\":\"user.add\",\"user\":\"bob\"}",
        "{\"op\":\"wallet.charge\",\"user\":\"bob\",\"amount\":3000,\"key\":\"k\"}",
        "",
        "{\"op\":\"order.place\",\"user\":\"bob\",\"items\":[{\"product\":\"mug\",\"quantity\":2}]}",
        "{\"op\":\"order.place\",\"user\":\"bob\",\"items\":[{\"product\":\"mug\",\"quantity\":2}]}",
        "{\"op\":\"wallet.charge\",\"user\":\"bob\",\"amount\":3000,\"key\":\"k\"}",
        "{\"op\":\"user.add\",\"user\":\"old\",\"at\":\"2010-01-01T00:00:00Z\"}",
        "not json",
        "{\"op\":\"user.add\",\"user\":\"twice\",\"user\":\"named\"}",
    ] {
        input.extend(line.as_bytes());
        input.push(b'\n');
    }
    input.extend(b"\xff\xfe\n");
    input.extend(vec![b'x'; (1 << 20) + 5]);
    input.extend(b"\n{\"op\":\"cart.clear\",\"user\":\"bob\"}");
    let output = shop.feed(&["apply", "-"], input);
    assert_eq!(output.status.code(), Some(3));
    let results = results(&output.stdout);
    let lines: Vec<_> = results.iter().map(|result| result["line"].as_u64().unwrap()).collect();
    assert_eq!(lines, [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
    assert_eq!(results[2]["ok"]["balance"], 500);
    assert_eq!(results[3]["refused"]["code"], "out_of_stock");
    assert_eq!(results[4]["ok"]["replayed"], true);
    assert_eq!(results[5]["invalid"]["errors"][0]["pointer"], "/at");
    for bad in &results[6..10] {
        assert_eq!(bad["invalid"]["code"], "invalid_request", "{bad}");
    }
    assert!(results[10]["ok"].is_object());
    assert!(String::from_utf8_lossy(&output.stderr).contains("5 done, 1 refused, 5 invalid"));
}

#[test]
fn history_is_imported_with_its_times() {
    let shop = Shop::bare();
    shop.ok(&["init"]);
    shop.file("old.jsonl", "{\"op\":\"user.add\",\"user\":\"a\",\"at\":\"2024-05-01T00:00:00Z\"}
{\"op\":\"product.add\",\"product\":\"p\",\"name\":\"P\",\"price\":1,\"stock\":9,\"at\":\"2024-05-01T00:00:00Z\"}
{\"op\":\"wallet.charge\",\"user\":\"a\",\"amount\":9,\"at\":\"2024-05-02T00:00:00Z\",\"key\":\"k\"}
{\"op\":\"order.place\",\"user\":\"a\",\"items\":[{\"product\":\"p\",\"quantity\":2}],\"at\":\"2024-05-03T00:00:00Z\"}
");
    shop.ok(&["apply", "old.jsonl", "--trust-time"]);
    assert_eq!(shop.json(&["top"])["items"], json!([]));
    let top = shop.json(&["top", "--to", "2024-05-06T00:00:00Z"]);
    assert_eq!(top["items"], json!([]), "an order at the window's open end is not in it");
    assert_eq!(shop.json(&["top", "--to", "2024-05-05T23:59:59.999Z"])["items"][0]["units"], 2);
    // In a second run, lines with a key have the same answer, and the others are older than the newest time.
    let again = shop.run(&["apply", "old.jsonl", "--trust-time", "-q"]);
    let results = results(&again.stdout);
    assert_eq!(results[2]["ok"]["replayed"], true);
    assert_eq!(results[1]["invalid"]["errors"][0]["pointer"], "/at");
    assert_eq!(again.stderr, b"");
}

#[test]
fn it_can_stop_at_the_first_error() {
    let shop = Shop::bare();
    shop.ok(&["init"]);
    let mut lines: Vec<String> =
        (0..500).map(|n| json!({ "op": "user.add", "user": format!("u{n}") }).to_string()).collect();
    lines[100] = lines[99].clone();
    shop.file("lines.jsonl", lines.join("\n"));
    let told = shop.fails(3, &["apply", "lines.jsonl", "--stop-on-error", "--results", "results.jsonl"]);
    assert!(told.contains("line 101"), "{told}");
    assert_eq!(results(&std::fs::read(shop.path("results.jsonl")).unwrap()).len(), 101);
    assert_eq!(shop.json(&["user", "list", "--all"])["items"].as_array().unwrap().len(), 100);
}

#[test]
fn an_empty_file_is_done() {
    let shop = Shop::in_dollars();
    shop.file("empty.jsonl", "");
    assert_eq!(shop.ok(&["apply", "empty.jsonl", "-q"]), "");
}
