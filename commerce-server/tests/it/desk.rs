//! Tests the routes of an operator: tokens, events that are sent again, and the audit.

use serde_json::{Value, json};

use crate::server::TestServer;

#[test]
fn a_token_is_made_used_and_revoked() {
    let server = TestServer::stocked();
    let made = server.client().post("/v1/tokens", &json!({ "name": "office", "role": "operator" }));
    assert_eq!(made.status, 201, "{made:?}");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 43);
    let mut office = server.client().bearer(&secret);
    let shopper = json!({ "name": "phone", "role": "shopper", "user": "alice" });
    let phone = office.post("/v1/tokens", &shopper).json();
    let mut alice = server.client().bearer(phone["secret"].as_str().unwrap());
    assert_eq!(alice.get("/v1/version").json()["user"], "alice");
    let listed = office.get("/v1/tokens").json();
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().map(|token| &token["name"]).collect();
    assert_eq!(names, ["office", "phone"]);
    assert!(!listed.to_string().contains("secret") && !listed.to_string().contains("digest"), "{listed}");
    let revoked = office.send("DELETE", "/v1/tokens/phone", &[], None).unwrap();
    assert!(revoked.json()["revoked_at"].is_string(), "{revoked:?}");
    assert_eq!(alice.get("/v1/version").status, 401);
    assert_eq!(office.post("/v1/tokens", &shopper).code(), "token_exists");
    let without_user = json!({ "name": "other", "role": "shopper" });
    assert_eq!(office.post("/v1/tokens", &without_user).code(), "invalid_request");
}

#[test]
fn a_client_with_a_secret_of_its_own_can_ask_for_a_token_again() {
    let server = TestServer::stocked();
    let secret = "s".repeat(43);
    let digest = commerce_core::token::Digest::of(&secret).to_string();
    let body = json!({ "name": "office", "role": "operator", "digest": digest });
    let key = [("Idempotency-Key", "t-1")];
    let made = server.client().send("POST", "/v1/tokens", &key, Some(&body)).unwrap();
    assert_eq!((made.status, &made.json()["secret"]), (201, &Value::Null), "{made:?}");
    let mut office = server.client().bearer(&secret);
    let again = office.send("POST", "/v1/tokens", &key, Some(&body)).unwrap();
    assert_eq!((again.status, again.header("idempotent-replayed")), (201, Some("true")));
    assert_eq!(again.json()["at"], made.json()["at"]);
    // A secret that the server made is never shown twice.
    let body = json!({ "name": "other", "role": "viewer" });
    let key = [("Idempotency-Key", "t-2")];
    assert!(office.send("POST", "/v1/tokens", &key, Some(&body)).unwrap().json()["secret"].is_string());
    assert_eq!(office.send("POST", "/v1/tokens", &key, Some(&body)).unwrap().code(), "key_reused");
}

#[test]
fn events_are_listed_and_dead_ones_sent_again() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let listed = client.get("/v1/outbox?status=pending").json();
    assert_eq!(listed["items"][0]["type"], "WalletCharged", "{listed}");
    // Ten events that a receiver did not accept.
    for _ in 0..10 {
        server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
    }
    let store = rusqlite::Connection::open(server.path()).unwrap();
    store.execute_batch("UPDATE relay SET settled = 11; INSERT INTO deliveries (event, attempts, error, next_at, dead) SELECT event, 9, 'no', NULL, 1 FROM outbox WHERE event > 1").unwrap();
    let dead = client.get("/v1/outbox?status=dead&limit=100").json();
    assert_eq!(dead["items"].as_array().unwrap().len(), 10, "{dead}");
    let named = client.post("/v1/outbox/retry", &json!({ "events": [3, 2] }));
    assert_eq!((named.status, named.json()), (200, json!({ "events": [2, 3] })));
    assert_eq!(client.post("/v1/outbox/retry", &json!({ "events": [2] })).code(), "event_not_dead");
    let key = [("Idempotency-Key", "r-1")];
    let all = client.send("POST", "/v1/outbox/retry", &key, Some(&json!({ "all": true }))).unwrap();
    assert_eq!((all.status, all.json()), (200, json!({ "count": 8 })));
    assert_eq!(client.post("/v1/outbox/retry", &json!({ "all": true })).json(), json!({ "count": 0 }));
    for bad in
        [json!({}), json!({ "all": false }), json!({ "all": true, "events": [1] }), json!({ "all": 1 })]
    {
        assert_eq!(client.post("/v1/outbox/retry", &bad).code(), "invalid_request", "{bad}");
    }
}

#[test]
fn the_audit_runs_where_the_store_is() {
    let server = TestServer::stocked();
    let answer = server.client().get("/v1/verify");
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/jsonl")));
    let lines = answer.json_lines();
    let (last, progress) = lines.split_last().unwrap();
    assert!(progress.iter().all(|line| line["progress"]["done"].is_u64()), "{lines:?}");
    assert_eq!((&last["audit"]["differences"], &last["audit"]["found"]), (&json!([]), &json!(0)), "{last}");
    assert!(!last["audit"]["checked"].as_array().unwrap().is_empty(), "{last}");
    let store = rusqlite::Connection::open(server.path()).unwrap();
    store.execute_batch("UPDATE wallets SET balance = balance + 1 WHERE balance > 0").unwrap();
    let lines = server.client().get("/v1/verify").json_lines();
    assert_eq!(lines.last().unwrap()["audit"]["found"], 1, "{lines:?}");
}

#[test]
fn users_are_found() {
    let server = TestServer::stocked();
    let found = server.client().get("/v1/users?search=ALI").json();
    assert_eq!((&found["items"][0]["user"], found["items"].as_array().unwrap().len()), (&json!("alice"), 1));
}
