//! Tests operations that come as lines: their results, their order, and what becomes of them when clients misbehave.

use serde_json::{Value, json};

use crate::server::TestServer;

/// Lines that hold these values.
fn lines<'a>(values: impl IntoIterator<Item = &'a Value>) -> String {
    values.into_iter().map(|value| format!("{value}\n")).collect()
}

/// What happened to a line: its number, and `ok`, `refused`, `invalid`, or the code of the failure.
fn outcome(result: &Value) -> (u64, String) {
    let number = result["line"].as_u64().unwrap();
    let kinds = ["ok", "refused", "invalid"];
    let kind = kinds.into_iter().find(|kind| result[kind].is_object());
    let code = || result["failed"]["code"].as_str().unwrap().to_owned();
    (number, kind.map_or_else(code, str::to_owned))
}

fn pen(user: &str) -> Value {
    json!({ "op": "order.place", "user": user, "items": [{ "product": "pen", "quantity": 1 }] })
}

#[test]
fn each_line_has_a_result_as_in_apply() {
    let server = TestServer::stocked();
    let text = lines(&[
        json!({ "op": "wallet.charge", "user": "alice", "amount": 5, "key": "k" }),
        json!({ "op": "wallet.charge", "user": "nobody", "amount": 5 }),
    ]) + "\n  \r\n{\"op\":\"wallet.charge\",\"user\":\"alice\"}\nnot json\n"
        + &lines(&[
            json!({ "op": "wallet.charge", "user": "alice", "amount": 5, "key": "k" }),
            json!({ "op": "token.create", "name": "x", "role": "operator", "digest": "0".repeat(64) }),
            json!({ "op": "user.add", "user": "carol", "at": "2020-01-01" }),
        ]);
    let answer = server.client().lines("/v1/operations", &text);
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jsonl")));
    let results = answer.json_lines();
    let outcomes: Vec<_> = results.iter().map(outcome).collect();
    let expected = [
        (1, "ok"),
        (2, "refused"),
        (5, "invalid"),
        (6, "invalid"),
        (7, "ok"),
        (8, "invalid"),
        (9, "invalid"),
    ];
    assert_eq!(outcomes, expected.map(|(number, kind)| (number, kind.to_owned())));
    assert_eq!(
        (&results[0]["ok"]["balance"], &results[0]["ok"]["replayed"]),
        (&json!(100_005), &Value::Null)
    );
    assert_eq!(results[1]["refused"]["code"], "user_not_found");
    assert_eq!(results[2]["invalid"]["errors"][0]["pointer"], "/amount");
    assert_eq!(
        (&results[4]["ok"]["balance"], &results[4]["ok"]["replayed"]),
        (&json!(100_005), &json!(true))
    );
    assert!(results[5]["invalid"]["detail"].as_str().unwrap().contains("tokens"), "{}", results[5]);
    assert_eq!(results[6]["invalid"]["errors"][0]["pointer"], "/at");
}

#[test]
fn lines_share_commits_and_keep_their_order() {
    let server = TestServer::stocked();
    let before = server.shop.stats().commits;
    let orders = vec![pen("alice"); 300];
    let results = server.client().lines("/v1/operations", &lines(&orders)).json_lines();
    let placed: Vec<_> = results.iter().map(|result| result["ok"]["order"].as_u64()).collect();
    assert_eq!(placed, (1..=300).map(Some).collect::<Vec<_>>());
    let commits = server.shop.stats().commits - before;
    assert!(commits <= 30, "{commits} commits for 300 orders");
}
