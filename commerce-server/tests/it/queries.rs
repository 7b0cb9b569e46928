//! Tests queries by name, and the version that clients wait for.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::TestServer;

#[test]
fn a_query_by_name_answers_as_its_route() {
    let server = TestServer::stocked();
    let mut client = server.client();
    for (name, fields, path) in [
        ("product.get", json!({ "product": "mug" }), "/v1/products/mug"),
        ("product.list", json!({ "sort": "-price" }), "/v1/products?sort=-price"),
        ("wallet.history", json!({ "user": "alice", "limit": 1 }), "/v1/users/alice/ledger?limit=1"),
        ("stock.history", json!({ "product": "mug", "limit": 1 }), "/v1/products/mug/stock?limit=1"),
        ("cart.get", json!({ "user": "alice" }), "/v1/users/alice/cart"),
    ] {
        let named = client.post(&format!("/v1/queries/{name}"), &fields);
        assert_eq!((named.status, named.json()), (200, client.get(path).json()), "{name}");
    }
    let without_body = client.send("POST", "/v1/queries/product.list", &[], None).unwrap();
    assert_eq!(without_body.json()["items"].as_array().unwrap().len(), 2);
    assert_eq!(client.post("/v1/queries/no.such", &json!({})).code(), "not_found");
    assert_eq!(client.post("/v1/queries/product.get", &json!({})).code(), "invalid_request");
    assert_eq!(
        client.post("/v1/queries/product.get", &json!({ "product": "x" })).code(),
        "product_not_found"
    );
    assert_eq!(client.post("/v1/queries/product.list?limit=1", &json!({})).code(), "invalid_request");
}

#[test]
fn long_pages_are_for_programs() {
    let server = TestServer::stocked();
    let mut client = server.client();
    let limit = json!({ "limit": 1_000 });
    assert_eq!(client.post("/v1/queries/user.list", &limit).code(), "invalid_request");
    assert_eq!(client.post("/v1/queries/user.list?long=true", &limit).status, 200);
    let over = json!({ "limit": 1_001 });
    assert_eq!(client.post("/v1/queries/user.list?long=true", &over).code(), "invalid_request");
}

/// Asks for the version, and returns the answer with its number and its instance.
fn version(server: &TestServer, parameters: &str) -> (Value, i64, String) {
    let answer = server.client().get(&format!("/v1/version{parameters}"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let answer = answer.json();
    let instance = answer["instance"].as_str().unwrap().to_owned();
    (answer.clone(), answer["version"].as_i64().unwrap(), instance)
}

#[test]
fn a_version_is_waited_for() {
    let server = TestServer::stocked();
    let (answer, first, instance) = version(&server, "");
    assert_eq!(
        (&answer["role"], &answer["currency"], &answer["synced"], &answer["warnings"]),
        (&json!("operator"), &json!("KRW"), &json!(true), &json!([]))
    );
    assert!(answer["time"].is_string() && answer["token"].is_null() && answer["user"].is_null(), "{answer}");
    // The same version, since nothing has changed.
    let known = format!("?after={first}&instance={instance}");
    assert_eq!(version(&server, &known).1, first);
    // Another instance is answered at once, or this test would take a minute.
    assert_eq!(version(&server, &format!("?after={first}&instance=other&wait=60")).1, first);
    let waiting = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| version(&server, &format!("{known}&wait=60")).1);
        std::thread::sleep(Duration::from_millis(20));
        server.submit(&json!({ "op": "user.add", "user": "carol" }));
        waiting.join().unwrap()
    });
    assert_ne!(waiting, first);
    for bad in ["?wait=61", "?wait=-1", "?after=x", "?after=1&after=2", "?x=1"] {
        assert_eq!(server.client().get(&format!("/v1/version{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn who_waits_for_a_version_is_answered_at_a_shutdown_and_refused_once_revoked() {
    let mut server = TestServer::stocked();
    let (_, first, instance) = version(&server, "");
    let known = format!("/v1/version?after={first}&instance={instance}&wait=60");
    let mut waiting = server.client();
    waiting.write(format!("GET {known} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    // Until it has been received.
    std::thread::sleep(Duration::from_millis(100));
    // The first token ends what this machine may do without one.
    let secret = server.token("alice1", Some("alice"));
    assert_eq!(waiting.read(false).unwrap().code(), "unauthenticated");
    let mut alice = server.client().bearer(&secret);
    let answer = alice.get("/v1/version").json();
    assert_eq!(
        (&answer["role"], &answer["token"], &answer["user"]),
        (&json!("shopper"), &json!("alice1"), &json!("alice"))
    );
    let known = format!("/v1/version?after={}&instance={instance}&wait=60", answer["version"]);
    alice
        .write(
            format!("GET {known} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n\r\n").as_bytes(),
        )
        .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    server.begin_to_stop();
    assert_eq!(alice.read(false).unwrap().json()["version"], answer["version"]);
    server.stop();
}
