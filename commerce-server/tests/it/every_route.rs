//! Tests what every route of the table does alike: other methods, HEAD, requests from pages of other origins, and compression.

use std::collections::{BTreeMap, BTreeSet};

use commerce_server::openapi;
use commerce_server::route::ROUTES;
use serde_json::{Value, json};

use crate::http::Answer;
use crate::server::TestServer;

const ORIGIN: &str = "https://shop.example";

/// The methods of each path, which has the parameters of the document's examples.
fn paths() -> BTreeMap<String, BTreeSet<&'static str>> {
    let document = openapi::document();
    let mut paths = BTreeMap::<_, BTreeSet<_>>::new();
    for route in &ROUTES {
        let described = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let mut path = route.path.to_owned();
        for parameter in described["parameters"].as_array().expect("parameters") {
            let name = format!("{{{}}}", parameter["name"].as_str().expect("a name"));
            let value = &parameter["example"];
            path = path.replace(&name, value.as_str().map_or(value.to_string(), str::to_owned).as_str());
        }
        paths.entry(path).or_default().insert(route.method.as_str());
    }
    paths
}

fn list(answer: &Answer, header: &str) -> BTreeSet<String> {
    let values = answer.header(header).unwrap_or_default().split(',');
    values.map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
}

#[test]
fn other_methods_are_refused_with_those_there_are() {
    let server = TestServer::stocked();
    let mut client = server.client();
    for (path, methods) in paths() {
        let head = methods.contains("GET").then_some("HEAD");
        let allowed: BTreeSet<_> = methods.iter().copied().chain(head).map(str::to_owned).collect();
        for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "BREW"] {
            if allowed.contains(method) {
                continue;
            }
            let answer = client.send(method, &path, &[], None).expect("an answer");
            assert_eq!((answer.status, list(&answer, "allow")), (405, allowed.clone()), "{method} {path}");
            if method != "HEAD" {
                assert_eq!(answer.code(), "method_not_allowed", "{method} {path}");
            }
        }
    }
}

#[test]
fn head_answers_as_get_without_the_body() {
    let server = TestServer::stocked();
    let (get, head) = (&mut server.client(), &mut server.client());
    for (path, methods) in paths() {
        // The stream of events has no end, and the metrics count what asks for them.
        if !methods.contains("GET") || ["/v1/events", "/metrics"].contains(&path.as_str()) {
            continue;
        }
        let got = get.send("GET", &path, &[], None).expect("an answer");
        let seen = head.send("HEAD", &path, &[], None).expect("an answer");
        assert_eq!((seen.status, seen.body.len()), (got.status, 0), "{path}");
        for header in ["content-type", "etag", "content-security-policy"] {
            assert_eq!(seen.header(header), got.header(header), "{header} of {path}");
        }
        assert_eq!(head.get("/livez").status, 200, "{path}: nothing more came");
    }
}

#[test]
fn a_page_of_an_allowed_origin_may_send_every_request() {
    let server = TestServer::with(|options| options.cors_origins(vec![ORIGIN.into()]));
    server.stock();
    let mut client = server.client();
    for (path, methods) in paths() {
        for method in methods {
            let headers = [("Origin", ORIGIN), ("Access-Control-Request-Method", method)];
            let preflight = client.send("OPTIONS", &path, &headers, None).expect("an answer");
            assert_eq!(preflight.header("access-control-allow-origin"), Some(ORIGIN), "{method} {path}");
            assert!(list(&preflight, "access-control-allow-methods").contains(method), "{method} {path}");
        }
        if path != "/v1/events" {
            let answer = client.send("PATCH", &path, &[("Origin", ORIGIN)], None).expect("an answer");
            assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN), "{path}: problems too");
            assert!(list(&answer, "access-control-expose-headers").contains("x-request-id"), "{path}");
        }
    }
}

#[test]
fn long_answers_are_compressed_for_those_who_accept_it() {
    let server = TestServer::stocked();
    for number in 0..60 {
        server.submit(&json!({ "op": "user.add", "user": format!("user-{number}"), "name": "somebody" }));
        server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
        server.token(&format!("token-{number}"), None);
    }
    let mut client = server.client().bearer(&server.token("office", None));
    let fields = json!({ "limit": 100 });
    for (method, path, body) in [
        ("GET", "/v1/users?limit=100", None),
        ("GET", "/v1/users/bob/ledger?limit=100", None),
        ("GET", "/v1/outbox?limit=100", None),
        ("GET", "/v1/tokens?limit=100", None),
        ("GET", "/openapi.json", None),
        ("POST", "/v1/queries/user.list", Some(&fields)),
    ] {
        let mut ask =
            |accepted| client.send(method, path, &[("Accept-Encoding", accepted)], body).expect("an answer");
        let (plain, short) = (ask("identity"), ask("gzip"));
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{path}");
        assert_eq!((short.status, short.header("content-encoding")), (200, Some("gzip")), "{path}");
        assert!(
            short.body.len() * 2 < plain.body.len(),
            "{path}: {} of {}",
            short.body.len(),
            plain.body.len()
        );
        assert!(plain.header("vary").is_some_and(|vary| vary.contains("accept-encoding")), "{path}");
        assert_ne!(plain.json(), Value::Null, "{path}");
    }
}
