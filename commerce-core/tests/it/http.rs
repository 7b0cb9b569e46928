//! Tests the HTTP sink.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use commerce_core::outbox::Relay;
use commerce_core::outbox::sink::{self, HttpSink, Settings};
use serde_json::json;

use crate::receiver::{Answer, Receiver, SECRET};
use crate::relay::{charge, charged, lag, numbers, quick};
use crate::system::until;

fn http(url: &str) -> HttpSink {
    let sink = HttpSink::new(url, SECRET.parse().unwrap()).unwrap();
    sink.allow_private(true).timeout(Duration::from_millis(500))
}

#[test]
fn events_are_posted_signed_and_each_answer_means_what_it_says() {
    let shop = charged(10);
    // The receiver rejects the first three requests of each kind of failure.
    let left = Arc::new([const { AtomicU16::new(3) }; 5]);
    let receiver = Receiver::start(move |event| {
        let number = event["data"]["charge"].as_u64().unwrap_or_default() as usize;
        let answers = [
            Answer::Status(500),
            Answer::Drop,
            Answer::Late(Duration::from_secs(2)),
            Answer::Status(302),
            Answer::Status(429),
        ];
        let again =
            left[number % 5].fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if again.is_ok() { answers[number % 5] } else { Answer::Status(204) }
    });
    let relay = Relay::start(&shop.commerce, Box::new(http(&receiver.url())), quick()).unwrap();
    until("all are delivered", || lag(&shop)["pending"] == 0);
    relay.stop();
    assert!(relay.wait().refused > 0);
    assert_eq!(*receiver.faults.lock().unwrap(), [""; 0]);
    let mut ids = receiver.ids();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 20);
    assert_eq!(lag(&shop), json!({ "pending": 0, "dead": 0 }));
}

#[test]
fn status_410_ends_delivery_and_events_stay_pending() {
    let shop = charged(2);
    let receiver = Receiver::start(|_| Answer::Status(410));
    let relay = Relay::start(&shop.commerce, Box::new(http(&receiver.url())), quick()).unwrap();
    until("the receiver is reported as gone", || relay.status().gone);
    until("the store says so", || {
        lag(&shop)["last_error"].as_str().is_some_and(|error| error.contains("410"))
    });
    charge(&shop, 1);
    drop(relay);
    assert_eq!(numbers(&shop.ask("event.list", &json!({ "status": "pending" }))), [1, 2, 3, 4, 5, 6]);
}

#[test]
fn private_and_unreachable_addresses_are_reported() {
    let shop = charged(1);
    let receiver = Receiver::start(|_| Answer::Status(200));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let port = receiver.address.port();
    for (url, allow, told) in [
        (receiver.url(), false, "127.0.0.1 is private"),
        (format!("http://localhost:{port}/"), false, "is private, which is not allowed"),
        (format!("http://[::ffff:127.0.0.1]:{port}/"), false, "is private, which is not allowed"),
        (format!("http://{free}/"), true, "refused"),
        ("http://no-such-host.invalid/".into(), true, ""),
    ] {
        let settings =
            Settings { secret: Some(SECRET.parse().unwrap()), allow_private: allow, ..Settings::default() };
        let sink = sink::open(&url, &settings).unwrap().unwrap();
        let status = Relay::once(&shop.commerce, sink, quick()).unwrap().wait();
        let error = status.error.unwrap_or_else(|| panic!("{url}: no error"));
        assert!(error.contains(told), "{url}: {error}");
        assert_eq!(lag(&shop)["pending"], 2, "{url}");
    }
    assert_eq!(receiver.ids().len(), 0);
    let relay = Relay::once(&shop.commerce, Box::new(http(&receiver.url())), quick()).unwrap();
    assert_eq!(relay.wait().delivered, 2);
    assert_eq!(*receiver.faults.lock().unwrap(), [""; 0]);
}

#[test]
fn an_invalid_address_is_refused() {
    let none = Settings::default();
    assert!(sink::open("none", &none).unwrap().is_none());
    for bad in ["", "file:", "ftp://example.com", "/var/events", "https://example.com/without-a-secret"] {
        assert!(sink::open(bad, &none).is_err(), "{bad}");
    }
}
