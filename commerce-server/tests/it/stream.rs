//! The outbox as a live stream: in order, resumable, fed by every process, and gone when the server is.

use std::time::Duration;

use commerce_core::{Commerce, Options, SystemClock};
use commerce_server::Limits;
use serde_json::{Value, json};

use crate::http::Client;
use crate::served::Served;

fn open(served: &Served, after: Option<&str>) -> Client {
    let mut client = served.client();
    let after = after.map_or(String::new(), |id| format!("Last-Event-ID: {id}\r\n"));
    client.write(format!("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{after}\r\n").as_bytes()).unwrap();
    let head = client.head().unwrap();
    assert_eq!((head.status, head.header("content-type")), (200, Some("text/event-stream")));
    client
}

/// The next event: its id, and its envelope.
fn next(client: &mut Client) -> (String, Value) {
    let mut id = None;
    loop {
        // Between the lines of the stream stand the sizes of its chunks.
        let line = client.line().expect("an event");
        if let Some(given) = line.strip_prefix("id: ") {
            id = Some(given.to_owned());
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (id.expect("an id"), serde_json::from_str(data).expect("an envelope"));
        }
    }
}

#[test]
fn events_come_once_committed_and_a_stream_goes_on_where_it_was_left() {
    let served = Served::stocked();
    let mut live = open(&served, None);
    served.submit(
        &json!({ "op": "order.place", "user": "alice", "items": [{ "product": "mug", "quantity": 2 }] }),
    );
    let (id, envelope) = next(&mut live);
    assert_eq!((envelope["type"].as_str(), &envelope["data"]["order"]), (Some("OrderCompleted"), &json!(1)));
    assert_eq!(
        (envelope["specversion"].as_str(), envelope["subject"].as_str()),
        (Some("1.0"), Some("orders/1"))
    );

    // Another handle on the file, as another process has it.
    let other = Commerce::open(served.shop.location().clone(), Options::new(SystemClock)).unwrap();
    let cancel = commerce_core::order::Cancel { order: 1, reason: None };
    other.submit(cancel).wait().unwrap();
    assert_eq!(next(&mut live).1["type"], "OrderCancelled");
    drop(live);

    let mut again = open(&served, Some(&id));
    assert_eq!(next(&mut again).1["type"], "OrderCancelled", "after the one that was known");
    let mut all = open(&served, Some("0"));
    let types: Vec<_> = (0..3).map(|_| next(&mut all).1["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(types, ["WalletCharged", "OrderCompleted", "OrderCancelled"]);
    for bad in ["-1", "x", "1.5", "99999999999999999999"] {
        let answer = served.client().send("GET", "/v1/events", &[("Last-Event-ID", bad)], None).unwrap();
        assert_eq!(answer.status, 400, "{bad}");
    }
}

#[test]
fn many_events_come_in_order_without_a_gap() {
    let served = Served::stocked();
    let mut live = open(&served, Some("0"));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..100 {
                    served.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1 }));
                }
            });
        }
        let ids: Vec<u64> = (0..401).map(|_| next(&mut live).0.parse().unwrap()).collect();
        assert_eq!(ids, (1..=401).collect::<Vec<_>>());
    });
}

#[test]
fn a_quiet_stream_says_that_it_is_there_and_ends_with_the_server() {
    let heartbeat = Duration::from_millis(100);
    let mut served = Served::with(|options| options.limits(Limits { heartbeat, ..Limits::default() }));
    let mut live = open(&served, None);
    while live.line().expect("a sign of life") != ": still here" {}
    served.stop();
    let end = loop {
        if let Err(end) = live.line() {
            break end;
        }
    };
    assert_eq!(end.kind(), std::io::ErrorKind::UnexpectedEof, "it ended in order");
}
