//! Tests what happens with tokens as time passes, and the names that operators' changes bear.

use std::time::{Duration, Instant};

use commerce_core::token::{self, Create, Digest, Role, Token, TokenName};
use commerce_core::{Commerce, Options, SystemClock, Time};
use commerce_server::Limits;
use serde_json::json;

use crate::server::TestServer;

/// Creates a token that expires after some milliseconds. Returns its secret.
fn expiring(server: &TestServer, name: &str, millis: i64) -> String {
    let secret = format!("{name:-<43}");
    let expires = Time::from_millis(server.shop.clock().now().millis() + millis);
    let name = TokenName::try_from(name).unwrap();
    let create = Create::new(name, Role::Viewer, None, Digest::of(&secret)).unwrap().expires(expires);
    server.shop.submit(create).wait().unwrap();
    secret
}

fn listed(shop: &Commerce, name: &str) -> Token {
    let tokens = shop.query(&token::List::default()).unwrap().items;
    tokens.into_iter().find(|token| token.name.as_str() == name).unwrap()
}

#[test]
fn a_token_that_expires_is_refused_without_any_commit_and_ends_its_stream() {
    let server = TestServer::stocked();
    server.token("office", None);
    let secret = expiring(&server, "soon", 3_000);
    let mut stream = server.client().bearer(&secret);
    let head =
        format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {secret}\r\n\r\n");
    stream.write(head.as_bytes()).unwrap();
    assert_eq!(stream.head().unwrap().status, 200);
    let version = server.shop.version().unwrap();
    let (mut client, began) = (server.client().bearer(&secret), Instant::now());
    assert_eq!(client.get("/v1/users").status, 200);
    let refused = loop {
        let answer = client.get("/v1/users");
        if answer.status != 200 {
            break answer;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "the token never expired");
    };
    assert_eq!((refused.status, refused.code().as_str()), (401, "unauthenticated"));
    assert_eq!(refused.json()["detail"], "the token has expired");
    // The last chunk ends the stream, long before the first heartbeat.
    assert_eq!(stream.line().unwrap(), "0");
    assert!(began.elapsed() < Duration::from_secs(14));
    assert_eq!(server.shop.version().unwrap(), version, "nothing was written meanwhile");
}

#[test]
fn the_last_use_is_written_once_for_many_requests_and_not_for_refused_ones() {
    let mut server = TestServer::stocked();
    let (office, late) = (server.token("office", None), expiring(&server, "late", -1));
    server.token("idle", None);
    let before = server.shop.stats().commits;
    for _ in 0..100 {
        assert_eq!(server.client().bearer(&office).get("/v1/products").status, 200);
        assert_eq!(server.client().bearer(&late).get("/v1/products").status, 401);
    }
    assert_eq!(server.shop.stats().commits, before, "no request writes");
    assert_eq!(listed(&server.shop, "office").used_at, None);
    let changes = server.shop.query(&token::Version).unwrap();
    server.stop();
    assert_eq!(server.shop.stats().commits, before + 1);
    let used = listed(&server.shop, "office").used_at.expect("a use").millis();
    let ago = server.shop.clock().now().millis() - used;
    assert!((0..600_000).contains(&ago) && used % 60_000 == 0, "{ago} ms ago");
    assert_eq!([listed(&server.shop, "late").used_at, listed(&server.shop, "idle").used_at], [None, None]);
    assert_eq!(server.shop.query(&token::Version).unwrap(), changes, "no token has changed");
}

#[test]
fn the_last_use_is_written_while_the_server_runs() {
    let token_use_interval = Duration::from_millis(50);
    let server =
        TestServer::with(|options| options.limits(Limits { token_use_interval, ..Limits::default() }));
    let office = server.token("office", None);
    assert_eq!(server.client().bearer(&office).get("/v1/products").status, 200);
    let began = Instant::now();
    while listed(&server.shop, "office").used_at.is_none() {
        assert!(began.elapsed() < Duration::from_secs(30), "the use was never written");
        std::thread::sleep(Duration::from_millis(10));
    }
    // Another instance that used it earlier changes nothing.
    let other = Commerce::open(server.shop.location().clone(), Options::new(SystemClock)).unwrap();
    let used = listed(&other, "office").used_at;
    let earlier = vec![(TokenName::try_from("office").unwrap(), Time::from_millis(1))];
    other.submit(token::Used { tokens: earlier }).wait().unwrap();
    assert!(listed(&server.shop, "office").used_at >= used);
}

#[test]
fn what_an_operator_does_bears_the_token_and_what_a_shopper_does_none() {
    let server = TestServer::stocked();
    let (office, alice) = (server.token("office", None), server.token("alices-phone", Some("alice")));
    let (mut office, mut alice) = (server.client().bearer(&office), server.client().bearer(&alice));
    let items = json!([{ "product": "pen", "quantity": 1 }]);
    let own = alice.post("/v1/orders", &json!({ "items": items })).json();
    let other = office.post("/v1/orders", &json!({ "user": "alice", "items": items })).json();
    assert_eq!((&own["actor"], &other["actor"]), (&json!(null), &json!("office")));
    let (own, other) = (&own["order"], &other["order"]);
    assert_eq!(office.post("/v1/users/alice/charges", &json!({ "amount": 5 })).status, 201);
    assert_eq!(office.post(&format!("/v1/orders/{own}/cancel"), &json!({})).json()["cancelled_by"], "office");
    assert_eq!(alice.post(&format!("/v1/orders/{other}/cancel"), &json!({})).status, 200);
    office.post("/v1/products/pen/stock", &json!({ "delta": 3 }));
    let line = json!({ "op": "stock.adjust", "product": "pen", "delta": -3 });
    assert_eq!(office.lines("/v1/operations", &line.to_string()).status, 200);

    let actors = |answer: serde_json::Value| -> Vec<(String, String)> {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or("-").to_owned();
        let items = answer["items"].as_array().cloned().unwrap();
        items.iter().map(|item| (text(&item["kind"]), text(&item["actor"]))).collect()
    };
    let pair = |kind: &str, actor: &str| (kind.to_owned(), actor.to_owned());
    assert_eq!(
        actors(office.get("/v1/users/alice/ledger?limit=5").json()),
        [
            pair("refund", "-"),
            pair("refund", "office"),
            pair("charge", "office"),
            pair("payment", "office"),
            pair("payment", "-"),
        ]
    );
    assert_eq!(
        actors(office.get("/v1/products/pen/stock?limit=6").json()),
        [
            pair("adjusted", "office"),
            pair("adjusted", "office"),
            pair("cancelled", "-"),
            pair("cancelled", "office"),
            pair("ordered", "office"),
            pair("ordered", "-"),
        ]
    );
    let events = office.post("/v1/queries/event.since", &json!({ "limit": 100 })).json();
    let told: Vec<_> = events["items"].as_array().unwrap().iter().rev().take(5).rev().cloned().collect();
    let data: Vec<_> = told
        .iter()
        .map(|event| {
            let (kind, data) = (&event["envelope"]["type"], &event["envelope"]["data"]);
            (kind.as_str().unwrap(), data["actor"].as_str(), data["cancelled_by"].as_str())
        })
        .collect();
    assert_eq!(
        data,
        [
            ("OrderCompleted", None, None),
            ("OrderCompleted", Some("office"), None),
            ("WalletCharged", Some("office"), None),
            ("OrderCancelled", None, Some("office")),
            ("OrderCancelled", Some("office"), None),
        ]
    );
    assert_eq!(alice.get("/v1/products/pen/stock").status, 403);
}
