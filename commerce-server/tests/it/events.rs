//! Tests the live stream of the outbox: it is in order and resumable, has the events of every process, and ends with the
//! server.

use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};
use commerce_server::Limits;
use serde_json::{Value, json};

use crate::http::Client;
use crate::server::TestServer;

/// An open stream.
struct Live {
    client: Client,
    text: String,
}

fn open(server: &TestServer, after: Option<&str>) -> Live {
    let mut client = server.client();
    begin(&mut client, after);
    Live { client, text: String::new() }
}

fn begin(client: &mut Client, after: Option<&str>) {
    let own: String = client.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let after = after.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
    let head = format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{own}{after}\r\n");
    client.write(head.as_bytes()).unwrap();
    let head = client.head().unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
}

impl Live {
    /// The next line of the chunked stream, or `None` at its orderly end.
    fn line(&mut self) -> Option<String> {
        while !self.text.contains('\n') {
            let size = self.client.line().expect("a chunk");
            let size = usize::from_str_radix(&size, 16).expect("its size");
            self.text += std::str::from_utf8(&self.client.exactly(size + 2)[..size]).expect("text");
            if size == 0 {
                return None;
            }
        }
        let (line, rest) =
            self.text.split_once('\n').map(|(line, rest)| (line.to_owned(), rest.to_owned()))?;
        self.text = rest;
        Some(line)
    }

    /// The value of the next line of this kind.
    fn next(&mut self, kind: &str) -> String {
        loop {
            let line = self.line().expect("a line");
            if let Some(text) = line.strip_prefix(kind).and_then(|text| text.strip_prefix(": ")) {
                return text.to_owned();
            }
        }
    }
}

/// The next event: its id, and its envelope.
fn next(live: &mut Live) -> (String, Value) {
    let id = live.next("id");
    (id, serde_json::from_str(&live.next("data")).expect("an envelope"))
}

#[test]
fn events_come_after_their_commit_and_a_stream_resumes() {
    let server = TestServer::stocked();
    let mut live = open(&server, None);
    server.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 2 }] }),
    );
    let (id, envelope) = next(&mut live);
    assert_eq!((envelope["type"].as_str(), &envelope["data"]["order"]), (Some("OrderCompleted"), &json!(1)));
    assert_eq!(
        (envelope["specversion"].as_str(), envelope["subject"].as_str()),
        (Some("1.0"), Some("orders/1"))
    );

    // Another handle on the file, as another process would have.
    let other = Commerce::open(server.shop.location().clone(), Options::new(SystemClock)).unwrap();
    let cancel = commerce_core::order::Cancel { order: 1.try_into().unwrap(), reason: None };
    other.submit(cancel).wait().unwrap();
    assert_eq!(next(&mut live).1["type"], "OrderCancelled");
    drop(live);

    let mut again = open(&server, Some(&id));
    assert_eq!(next(&mut again).1["type"], "OrderCancelled", "after the one that was known");
    let mut all = open(&server, Some("0"));
    let types: Vec<_> = (0..3).map(|_| next(&mut all).1["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, ["WalletCharged", "OrderCompleted", "OrderCancelled"]);
    for bad in ["-1", "x", "1.5", "99999999999999999999"] {
        let answer = server.client().send("GET", "/v1/events", &[("Last-Event-ID", bad)], None).unwrap();
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[test]
fn many_events_come_in_order_without_a_gap() {
    let server = TestServer::stocked();
    let mut live = open(&server, Some("0"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
                }
            });
        }
        let ids: Vec<u64> = (0..401).map(|_| next(&mut live).0.parse().unwrap()).collect();
        assert_eq!(ids, (1..=401).collect::<Vec<_>>());
    });
}

#[test]
fn a_quiet_stream_sends_heartbeats_and_ends_with_the_server() {
    let heartbeat_interval = Duration::from_millis(100);
    let mut server =
        TestServer::with(|options| options.limits(Limits { heartbeat_interval, ..Limits::default() }));
    let mut live = open(&server, None);
    while live.line().expect("a sign of life") != ": still here" {}
    server.stop();
    while live.line().is_some() {}
    assert_eq!(
        live.client.line().unwrap_err().kind(),
        std::io::ErrorKind::UnexpectedEof,
        "it ended in order"
    );
}

#[test]
fn a_stream_ends_when_its_token_is_revoked() {
    let server = TestServer::stocked();
    let (office, other) = (server.token("office", None), server.token("other", None));
    let [mut revoked, mut kept] = [office, other].map(|secret| {
        let mut client = server.client().bearer(&secret);
        begin(&mut client, None);
        Live { client, text: String::new() }
    });
    server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
    assert_eq!(
        (next(&mut revoked).1["type"].as_str(), next(&mut kept).1["type"].as_str()),
        (Some("WalletCharged"), Some("WalletCharged"))
    );
    // Through another handle on the same file, as another process would.
    let shop = Commerce::open(server.shop.location().clone(), Options::new(SystemClock)).unwrap();
    let name = commerce_core::token::TokenName::try_from("office").unwrap();
    shop.submit(commerce_core::token::Revoke { name }).wait().unwrap();
    while revoked.line().is_some() {}
    server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 2 }));
    assert_eq!(next(&mut kept).1["data"]["amount"], 2, "others go on");
}

#[test]
fn a_stream_without_a_token_ends_when_the_first_is_made() {
    let server = TestServer::stocked();
    let mut live = open(&server, None);
    server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
    assert_eq!(next(&mut live).1["type"], "WalletCharged");
    let shop = Commerce::open(server.shop.location().clone(), Options::new(SystemClock)).unwrap();
    let name = commerce_core::token::TokenName::try_from("first").unwrap();
    let digest = commerce_core::token::Digest::of("secret");
    shop.submit(commerce_core::token::Create::operator(name, digest)).wait().unwrap();
    while live.line().is_some() {}
}

#[test]
fn a_client_that_asks_for_pruned_events_is_sent_a_gap() {
    let server = TestServer::stocked();
    for amount in 1..=5 {
        server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": amount }));
    }
    // The state after a relay delivered three events long ago and gave up the second.
    let store = rusqlite::Connection::open(server.path()).unwrap();
    store
        .execute_batch("DELETE FROM outbox WHERE event IN (1, 3); UPDATE relay SET settled = 3, pruned = 3")
        .unwrap();
    let mut live = open(&server, Some("0"));
    assert_eq!(live.next("event"), "gap");
    assert_eq!(live.next("data"), r#"{"after":0,"through":3}"#);
    let ids: Vec<_> = (0..4).map(|_| next(&mut live).0).collect();
    assert_eq!(ids, ["2", "4", "5", "6"], "what is left still comes, once, and no more is said of the gap");
    let mut live = open(&server, Some("3"));
    assert_eq!(live.next("event"), "WalletCharged", "nothing is missing for who knows so much");

    // Further events are pruned.
    store
        .execute_batch("DELETE FROM outbox WHERE event = 5; UPDATE relay SET settled = 5, pruned = 5")
        .unwrap();
    let mut live = open(&server, Some("4"));
    assert_eq!((live.next("event"), live.next("data")), ("gap".into(), r#"{"after":4,"through":5}"#.into()));
    assert_eq!(next(&mut live).0, "6");
}
