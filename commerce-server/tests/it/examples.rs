//! Tests the examples of the OpenAPI document: they are requests that a server has answered so, and every route has one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use commerce_core::token::Digest;
use commerce_core::{Clock, Options as StoreOptions, Time};
use commerce_server::openapi;
use commerce_server::route::ROUTES;
use serde_json::{Map, Value, json};

use crate::http::Client;
use crate::server::TestServer;

/// A clock that is a second later each time: on the last day of January 2026, from nine o'clock on.
struct Seconds(Arc<AtomicI64>);

impl Clock for Seconds {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::Relaxed))
    }
}

/// The secret of the operator who sends the last requests.
const SECRET: &str = "an-operators-secret-has-43-characters-thus-";

/// The requests, in the order in which they are sent. Where a route is asked more than once, the first request is its example.
fn requests() -> Vec<(&'static str, &'static str, Value)> {
    let line = |line: Value| format!("{line}\n");
    let lines = line(json!({ "op": "wallet.charge", "user": "alice", "amount": 5_000, "key": "c-17" }))
        + &line(
            json!({ "op": "order.place", "user": "alice", "items": [{ "product": "pen", "quantity": 500 }], "key": "o-17" }),
        );
    vec![
        ("POST", "/v1/users", json!({ "user": "alice", "name": "앨리스" })),
        ("GET", "/v1/users/alice", Value::Null),
        ("POST", "/v1/users/alice/charges", json!({ "amount": 20_000 })),
        (
            "POST",
            "/v1/products",
            json!({ "product": "mug", "name": "머그컵 ☕", "price": 1_200, "stock": 50 }),
        ),
        ("POST", "/v1/products", json!({ "product": "pen", "name": "Pen", "price": 300, "stock": 100 })),
        ("PATCH", "/v1/products/mug", json!({ "price": 1_250 })),
        ("POST", "/v1/products/mug/stock", json!({ "delta": -2, "reason": "broken" })),
        ("POST", "/v1/users/alice/cart/items", json!({ "product": "mug", "quantity": 2 })),
        ("PUT", "/v1/users/alice/cart/items/pen", json!({ "quantity": 3 })),
        ("GET", "/v1/users/alice/cart", Value::Null),
        ("DELETE", "/v1/users/alice/cart/items/pen", Value::Null),
        ("POST", "/v1/users/alice/cart/checkout", json!({ "products": ["mug"], "expected_total": 2_500 })),
        ("DELETE", "/v1/users/alice/cart", Value::Null),
        (
            "POST",
            "/v1/orders",
            json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 1 }, { "product": "pen", "quantity": 2 }] }),
        ),
        ("GET", "/v1/orders/2", Value::Null),
        ("POST", "/v1/orders/2/cancel", json!({ "reason": "changed their mind" })),
        ("GET", "/v1/orders?user=alice&limit=2", Value::Null),
        ("GET", "/v1/users/alice/balance", Value::Null),
        ("GET", "/v1/users/alice/ledger?limit=2", Value::Null),
        ("GET", "/v1/products?sort=-price&limit=2", Value::Null),
        ("GET", "/v1/products/mug", Value::Null),
        ("GET", "/v1/products/mug/stock?limit=2", Value::Null),
        ("GET", "/v1/products/top?days=3&limit=5&to=2026-01-31", Value::Null),
        ("POST", "/v1/operations", lines.into()),
        ("POST", "/v1/queries/wallet.balance", json!({ "user": "alice" })),
        ("GET", "/livez", Value::Null),
        ("GET", "/readyz", Value::Null),
        ("GET", "/v1/users?search=ali", Value::Null),
        ("GET", "/v1/outbox?status=pending&limit=1", Value::Null),
        ("POST", "/v1/outbox/retry", json!({ "all": true })),
        ("POST", "/v1/tokens", json!({ "name": "office", "role": "operator", "digest": Digest::of(SECRET) })),
        ("GET", "/v1/tokens", Value::Null),
        ("DELETE", "/v1/tokens/alices-phone", Value::Null),
    ]
}

/// The routes whose answers differ each time, or are pages or documents of their own.
const NOT_RECORDED: [&str; 6] = ["version", "verify", "events", "openapi", "docs", "metrics"];

/// To renew the file: `COMMERCE_UPDATE=1 cargo test -p commerce-server examples`, and then the document.
#[test]
fn a_server_answers_the_examples_so() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/examples.json");
    let mut kept: Map<String, Value> =
        serde_json::from_str(&std::fs::read_to_string(&file).unwrap_or_default()).unwrap_or_default();
    let other: Map<_, _> =
        NOT_RECORDED.iter().filter_map(|name| Some(((*name).to_owned(), kept.remove(*name)?))).collect();
    let mut now = recorded();
    if std::env::var_os("COMMERCE_UPDATE").is_some() {
        let all: Map<_, _> = now.clone().into_iter().chain(other).collect();
        std::fs::write(&file, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
        kept = now.clone();
    }
    for (name, example) in &kept {
        assert_eq!(now.remove(name).as_ref(), Some(example), "{name}: renew the examples as this test says");
    }
    assert!(now.is_empty(), "{:?} are new: renew the examples as this test says", now.keys());
}

#[test]
fn every_route_has_an_example_of_what_it_takes_and_answers() {
    let document = openapi::document();
    for route in &ROUTES {
        let described = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let has_example = |holder: &Value| {
            let content = holder["content"].as_object().expect("content");
            content.values().all(|content| !content["example"].is_null())
        };
        assert!(has_example(&described["responses"][route.status.as_str()]), "the answer of {}", route.name);
        let body = &described["requestBody"];
        assert!(body.is_null() || has_example(body), "the body of {}", route.name);
        for parameter in described["parameters"].as_array().expect("parameters") {
            assert!(
                parameter["in"] != "path" || !parameter["example"].is_null(),
                "{} of {}",
                parameter["name"],
                route.name
            );
        }
    }
    assert_eq!(
        document["components"]["responses"]["Problem"]["content"]["application/problem+json"]["example"]["code"],
        "out_of_stock"
    );
}

fn recorded() -> Map<String, Value> {
    let nine = Time::parse_from("2026-01-31T09:00:00.000Z").expect("a time").millis();
    let time = Arc::new(AtomicI64::new(nine));
    let store = StoreOptions::new(Seconds(time.clone())).readers(commerce_server::readers(2));
    let server = TestServer::on(store, |options| options);
    let mut client = server.client();
    let mut recorded = Map::new();
    for (method, uri, body) in requests() {
        time.fetch_add(1_000, Ordering::Relaxed);
        let answer = send(&mut client, method, uri, &body);
        let path = uri.split('?').next().expect("a path");
        let route =
            ROUTES.iter().find(|route| route.method == method && matches(route.path, path)).expect("a route");
        assert!(answer["code"].is_null(), "{method} {uri}: {answer}");
        if uri == "/v1/tokens" && method == "POST" {
            // From the first token on, one is needed.
            client = client.bearer(SECRET);
            server.token("alices-phone", Some("alice"));
        }
        let mut example = json!({ "path": {}, "query": {}, "body": body, "answer": answer });
        for (name, value) in route.path.split('/').zip(path.split('/')) {
            if let Some(name) = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
                example["path"][name] = typed(value);
            }
        }
        for pair in
            uri.split_once('?').map_or("", |(_, query)| query).split('&').filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair.split_once('=').expect("a value");
            example["query"][name] = typed(value);
        }
        recorded.entry(route.name).or_insert(example);
    }
    let refused = json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 1_000 }] });
    recorded.insert("problem".into(), send(&mut client, "POST", "/v1/orders", &refused));
    recorded
}

/// The answer as JSON, or as text where it is something else.
fn send(client: &mut Client, method: &str, uri: &str, body: &Value) -> Value {
    let id = [("X-Request-Id", "3f9c1c6e-1")];
    let answer = match body {
        Value::Null => client.send(method, uri, &id, None),
        Value::String(lines) => Ok(client.lines(uri, lines)),
        body => client.send(method, uri, &id, Some(body)),
    };
    let answer = answer.expect("an answer");
    match answer.json() {
        _ if answer.header("content-type") == Some("application/jsonl") => {
            String::from_utf8(answer.body).expect("text").into()
        }
        Value::Null => String::from_utf8(answer.body).expect("text").into(),
        json => json,
    }
}

fn matches(template: &str, path: &str) -> bool {
    template.split('/').count() == path.split('/').count()
        && template
            .split('/')
            .zip(path.split('/'))
            .all(|(part, segment)| part == segment || part.starts_with('{'))
}

/// A value of the path or the query: a number where it is one.
fn typed(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| text.into(), Value::from)
}
