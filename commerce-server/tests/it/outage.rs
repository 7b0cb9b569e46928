//! Tests a server while its libSQL server stands still: what needs no store answers as always, everything else in bounded
//! time, and all of it recovers.

use std::time::{Duration, Instant};

use commerce_server::Limits;
use serde_json::json;

use crate::http::Client;
use crate::remote::{Remote, stream};
use crate::system::until;

/// How long requests wait for the store in these tests.
const BUSY: Duration = Duration::from_secs(3);

/// What a slow machine may add to a time.
const MARGIN: Duration = Duration::from_millis(700);

fn short() -> Remote {
    let limits = Limits {
        heartbeat_interval: Duration::from_millis(200),
        drain_timeout: Duration::from_secs(2),
        ..Limits::default()
    };
    Remote::with(|store| store.busy_timeout(BUSY), |options| options.limits(limits))
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    (work(), begun.elapsed())
}

#[test]
fn a_server_that_stands_still_blocks_nothing_that_needs_no_store() {
    let remote = Remote::stocked();
    let (address, url) = (remote.server.address, remote.proxy.url());
    let mut client = remote.server.client();
    assert_eq!(client.get("/v1/products/mug").status, 200);
    assert_eq!(client.get("/metrics").status, 200);
    remote.sqld.freeze();
    std::thread::scope(|scope| {
        // Far more than the runtime has threads.
        let waiting: Vec<_> = (0..40)
            .map(|number| {
                scope.spawn(move || {
                    let mut client = Client::connect(address).unwrap();
                    let order = json!({ "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] });
                    match number % 4 {
                        0 => client.post("/v1/orders", &order),
                        1 => client.get("/v1/products/mug"),
                        2 => client.get("/v1/users/alice/balance"),
                        _ => client.get("/v1/products?limit=7"),
                    }
                })
            })
            .collect();
        std::thread::sleep(Duration::from_millis(1_500));
        for _ in 0..40 {
            let (answer, took) = timed(|| client.get("/livez"));
            assert_eq!(answer.status, 200);
            assert!(took < Duration::from_millis(50) + MARGIN, "livez took {took:?}");
        }
        for _ in 0..3 {
            let (answer, took) = timed(|| client.get("/readyz"));
            assert_eq!((answer.status, answer.code().as_str()), (503, "store_unavailable"), "{answer:?}");
            assert_eq!(answer.header("retry-after"), Some("1"));
            let detail = answer.json()["detail"].to_string();
            assert!(detail.contains(&format!("{url} does not answer")), "{detail}");
            assert!(took < Duration::from_secs(1) + MARGIN, "readyz took {took:?}");
        }
        let (answer, took) = timed(|| client.get("/metrics"));
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert!(answer.status == 200 && text.contains("commerce_operations_total 5"), "{answer:?}");
        assert!(text.contains("commerce_outbox_pending 1"), "as last known: {text}");
        let silent = text.lines().find_map(|line| line.strip_prefix("commerce_store_silent_seconds "));
        assert!(silent.unwrap().parse::<f64>().unwrap() > 1.0, "{text}");
        assert!(took < Duration::from_secs(1) + MARGIN, "metrics took {took:?}");
        let probes = remote.proxy.requests();
        for _ in 0..30 {
            assert_eq!(client.get("/readyz").status, 503);
        }
        assert!(remote.proxy.requests() - probes < 10, "a check that hangs is not repeated");
        remote.sqld.thaw();
        for client in waiting {
            let answer = client.join().unwrap();
            assert!(answer.status < 300, "{answer:?}");
        }
    });
    until("the server is ready again", || client.get("/readyz").status == 200);
    assert_eq!(client.get("/v1/users/alice/balance").status, 200);
}

#[test]
fn a_server_that_takes_no_writes_is_told_from_one_that_is_away() {
    let remote = Remote::stocked();
    let mut client = remote.server.client();
    // A stranger's transaction, which the server ends after some seconds.
    let begin = json!([{ "type": "execute", "stmt": { "sql": "BEGIN IMMEDIATE" } }]);
    assert_eq!(remote.sqld.pipeline(&begin)["results"][0]["type"], "ok");
    let (answer, took) = timed(|| client.get("/readyz"));
    assert_eq!((answer.status, answer.code().as_str()), (503, "store_unavailable"), "{answer:?}");
    let detail = answer.json()["detail"].to_string();
    assert!(
        detail.contains(&format!("{} answers, but does not take a write", remote.proxy.url())),
        "{detail}"
    );
    assert!(took < Duration::from_secs(1) + MARGIN, "readyz took {took:?}");
    assert_eq!(client.get("/v1/users/alice/balance").status, 200);
    until("the server is ready again", || client.get("/readyz").status == 200);
}

#[test]
fn requests_wait_for_a_bounded_time() {
    let remote = short();
    let address = remote.server.address;
    remote.sqld.freeze();
    std::thread::scope(|scope| {
        for path in ["/v1/products/mug", "/v1/users/alice/balance", "/v1/orders", "/v1/events"] {
            scope.spawn(move || {
                let (answer, took) = timed(|| Client::connect(address).unwrap().get(path));
                assert_eq!((answer.status, answer.code().as_str()), (503, "busy"), "{path}: {answer:?}");
                assert_eq!(answer.header("retry-after"), Some("1"), "{path}");
                assert!(took < 2 * BUSY + MARGIN, "{path} took {took:?}");
            });
        }
    });
    remote.sqld.thaw();
    let mut client = remote.server.client();
    until("reads succeed again", || client.get("/v1/products/mug").status == 200);
}

#[test]
fn streams_of_events_survive_an_outage() {
    let remote = short();
    let mut live = stream(remote.server.client());
    let mut line_with = |text: &str| {
        while !live.line().expect("the stream goes on").contains(text) {}
    };
    remote.server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 1_111 }));
    line_with("1111");
    remote.sqld.freeze();
    let until = Instant::now() + 2 * BUSY;
    while Instant::now() < until {
        line_with("still here");
    }
    remote.sqld.thaw();
    remote.server.submit(&json!({ "op": "wallet.charge", "user": "bob", "amount": 2_222 }));
    line_with("2222");
}

#[test]
fn a_shutdown_ends_while_the_store_is_away() {
    let mut remote = short();
    let address = remote.server.address;
    let _live = stream(remote.server.client());
    remote.sqld.freeze();
    let waiting =
        std::thread::spawn(move || Client::connect(address).unwrap().get("/v1/products/mug").status);
    std::thread::sleep(Duration::from_millis(300));
    let ((), took) = timed(|| remote.server.stop());
    assert!(took < 2 * BUSY + MARGIN, "it took {took:?}");
    // It was answered, or cut off.
    let _ = waiting.join();
    remote.sqld.thaw();
}
