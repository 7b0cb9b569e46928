//! Tests the relay with scripted sinks and with files.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use commerce_core::outbox::relay::{Notice, Options};
use commerce_core::outbox::sink::{self, Failure, FileSink, Message, Settings};
use commerce_core::outbox::{Lag, Relay, Sink};
use commerce_core::{Commerce, Error, SystemClock};
use serde_json::{Value, json};

use crate::shop::{Shop, submit};
use crate::system::until;

/// A shop with two users and `charges` charges of each.
pub fn charged(charges: u64) -> Shop {
    let shop = Shop::new();
    for user in ["alice", "bob"] {
        shop.submit(&json!({ "op": "user.add", "user": user }));
    }
    charge(&shop, charges);
    shop
}

pub fn charge(shop: &Shop, charges: u64) {
    for _ in 0..charges {
        for user in ["alice", "bob"] {
            let done = shop.submit(&json!({ "op": "wallet.charge", "user": user, "amount": 1 }));
            assert!(done.get("ok").is_some(), "{done}");
        }
    }
}

pub fn lag(shop: &Shop) -> Value {
    shop.ask("event.lag", &json!({}))
}

/// Options with pauses that are short enough for a test.
pub fn quick() -> Options {
    Options::default().back_off(Duration::from_millis(1), Duration::from_millis(20))
}

/// The numbers of the events in a list.
pub fn numbers(list: &Value) -> Vec<i64> {
    list["items"].as_array().unwrap().iter().map(|item| item["event"].as_i64().unwrap()).collect()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub type Judge = dyn Fn(&Message) -> Result<(), Failure> + Send + Sync;

/// A sink whose answers come from a function. It keeps the accepted events.
#[derive(Clone)]
pub struct ScriptedSink {
    pub answer: Arc<Judge>,
    pub accepted: Arc<Mutex<Vec<(i64, String)>>>,
    pub batch: usize,
    pub parallel: usize,
}

impl ScriptedSink {
    pub fn new(answer: impl Fn(&Message) -> Result<(), Failure> + Send + Sync + 'static) -> Self {
        Self { answer: Arc::new(answer), accepted: Arc::default(), batch: 1, parallel: 4 }
    }

    pub fn accepted(&self) -> Vec<i64> {
        self.accepted.lock().unwrap().iter().map(|(event, _)| *event).collect()
    }
}

impl Sink for ScriptedSink {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        messages.iter().try_for_each(|message| (self.answer)(message))?;
        let heard = messages.iter().map(|message| (message.event.get(), message.subject.to_string()));
        self.accepted.lock().unwrap().extend(heard);
        Ok(())
    }

    fn batch(&self) -> usize {
        self.batch
    }

    fn parallel(&self) -> usize {
        self.parallel
    }

    fn longest(&self) -> Duration {
        Duration::from_secs(1)
    }
}

#[test]
fn every_event_comes_to_the_file_as_its_envelope() {
    let shop = charged(20);
    let path = shop.path.with_file_name("events.jsonl");
    let sink = sink::open(&format!("file:{}", path.display()), &Settings::default()).unwrap().unwrap();
    let relay = Relay::start(&shop.commerce, sink, quick()).unwrap();
    until("the first are settled", || lag(&shop)["pending"] == 0);
    charge(&shop, 20);
    until("all are settled", || lag(&shop)["pending"] == 0);
    relay.stop();
    assert_eq!(relay.wait().delivered, 80);
    let told = shop.ask("event.since", &json!({ "limit": 1000 }));
    let envelopes: Vec<Value> =
        told["items"].as_array().unwrap().iter().map(|item| item["envelope"].clone()).collect();
    assert_eq!(lines(&path), envelopes);
    let delivered = shop.ask("event.list", &json!({ "status": "delivered", "limit": 100 }));
    assert_eq!(numbers(&delivered), (1..=80).collect::<Vec<_>>());
    assert_eq!(numbers(&shop.ask("event.list", &json!({ "status": "pending" }))), [0_i64; 0]);
    assert_eq!(
        shop.submit(&json!({ "op": "event.retry", "events": [3] })),
        json!({ "refused": { "code": "event_not_dead", "detail": "only dead events can be retried; not dead: 3", "events": [3] } })
    );
}

#[test]
fn a_failing_subject_blocks_no_other_and_is_retried_in_order() {
    let shop = charged(5);
    let poisoned = Arc::new(Mutex::new(true));
    let asked = poisoned.clone();
    for batch in [1, 100] {
        let sink = ScriptedSink {
            batch,
            ..ScriptedSink::new({
                let asked = asked.clone();
                move |message| match (message.event.get(), *asked.lock().unwrap()) {
                    (1, true) => Err(Failure::refused("no\u{1b}[31m thanks")),
                    _ => Ok(()),
                }
            })
        };
        *poisoned.lock().unwrap() = true;
        let relay = Relay::start(&shop.commerce, Box::new(sink.clone()), quick().attempts(3)).unwrap();
        until("all else is delivered", || {
            let lag = lag(&shop);
            lag["pending"] == 0 && lag["dead"] == 1
        });
        let dead = shop.ask("event.list", &json!({ "status": "dead" }));
        assert_eq!(numbers(&dead), [1]);
        assert_eq!(
            (&dead["items"][0]["attempts"], &dead["items"][0]["last_error"]),
            (&json!(3), &json!("no[31m thanks"))
        );
        assert!(dead["items"][0]["next_attempt"].is_null());
        let accepted = sink.accepted();
        assert!(!accepted.contains(&1), "{accepted:?}");
        *poisoned.lock().unwrap() = false;
        assert_eq!(
            shop.submit(&json!({ "op": "event.retry", "events": [1] }))["ok"],
            json!({ "events": [1] })
        );
        until("the dead one is delivered", || sink.accepted().contains(&1));
        until("and settled", || lag(&shop)["pending"] == 0 && lag(&shop)["dead"] == 0);
        relay.stop();
        let status = relay.wait();
        assert_eq!((status.dead, status.active), (1, false));
        // Delivers everything again with another batch size.
        rewind(&shop);
    }
}

/// Makes every event pending, as if none had been delivered.
fn rewind(shop: &Shop) {
    let store = rusqlite::Connection::open(&shop.path).unwrap();
    store.busy_timeout(Duration::from_secs(10)).unwrap();
    store
        .execute_batch("DELETE FROM deliveries; DELETE FROM late_deliveries; UPDATE relay SET settled = 0, pruned = 0, until = 0")
        .unwrap();
}

#[test]
fn a_refused_event_holds_back_those_of_its_subject() {
    let shop = charged(6);
    let tries = Arc::new(Mutex::new(HashMap::<i64, u32>::new()));
    for batch in [1, 3, 100] {
        tries.lock().unwrap().clear();
        let counted = tries.clone();
        // The sink accepts every third event only at the third attempt.
        let sink = ScriptedSink {
            batch,
            ..ScriptedSink::new(move |message| {
                let mut tries = counted.lock().unwrap();
                let tried = tries.entry(message.event.get()).or_default();
                *tried += 1;
                if message.event.get() % 3 == 1 && *tried < 4 {
                    Err(Failure::refused("not yet"))
                } else {
                    Ok(())
                }
            })
        };
        let relay = Relay::start(&shop.commerce, Box::new(sink.clone()), quick()).unwrap();
        until("all are delivered", || lag(&shop)["pending"] == 0);
        drop(relay);
        let accepted = sink.accepted.lock().unwrap().clone();
        for user in ["wallets/alice", "wallets/bob"] {
            let of: Vec<i64> =
                accepted.iter().filter(|(_, subject)| subject == user).map(|(event, _)| *event).collect();
            assert!(of.is_sorted(), "batches of {batch}: {of:?}");
            assert_eq!(of.len(), 6, "batches of {batch}: {of:?}");
        }
        rewind(&shop);
    }
}

#[test]
fn a_sink_that_is_down_costs_no_attempts_and_is_reported() {
    let shop = charged(3);
    let down = Arc::new(Mutex::new(true));
    let asked = down.clone();
    let sink = ScriptedSink::new(move |_| match *asked.lock().unwrap() {
        true => Err(Failure::down("the receiver is down")),
        false => Ok(()),
    });
    let notices = Arc::new(Mutex::new(Vec::new()));
    let heard = notices.clone();
    let options = quick().notice(move |notice| heard.lock().unwrap().push(notice.clone()));
    let relay = Relay::start(&shop.commerce, Box::new(sink.clone()), options).unwrap();
    until("the store says so", || lag(&shop)["last_error"] == "the receiver is down");
    assert_eq!(lag(&shop)["pending"], 6);
    assert_eq!(lag(&shop)["oldest"]["event"], 1);
    let list = shop.ask("event.list", &json!({ "status": "pending", "limit": 1 }));
    assert_eq!(
        (&list["items"][0]["attempts"], &list["items"][0]["last_error"]),
        (&json!(0), &json!("the receiver is down"))
    );
    // Orders and charges still work.
    charge(&shop, 2);
    *down.lock().unwrap() = false;
    until("delivery continues by itself", || lag(&shop)["pending"] == 0);
    until("and so is the message", || lag(&shop).get("last_error").is_none());
    relay.stop();
    assert_eq!(relay.wait().delivered, 10);
    let notices = notices.lock().unwrap();
    assert_eq!(*notices, [Notice::Active, Notice::Down("the receiver is down".into()), Notice::Up]);
}

#[test]
fn a_receiver_that_is_gone_ends_delivery_and_loses_nothing() {
    let shop = charged(3);
    let answer = ScriptedSink::new(|message| match message.event.get() {
        1..=4 => Ok(()),
        _ => Err(Failure::Gone { reason: "410".into() }),
    });
    // With two deliveries at a time, event 5 of one subject can end them before event 4 of the other is sent.
    let gone = ScriptedSink { parallel: 1, ..answer };
    let relay = Relay::start(&shop.commerce, Box::new(gone), quick()).unwrap();
    until("the receiver is reported as gone", || relay.status().gone);
    until("the store says so", || lag(&shop)["last_error"] == "410");
    until("what was accepted is settled", || lag(&shop)["pending"] == 2);
    charge(&shop, 1);
    assert_eq!(lag(&shop)["pending"], 4);
    drop(relay);
    let sink = ScriptedSink::new(|_| Ok(()));
    let relay = Relay::once(&shop.commerce, Box::new(sink.clone()), quick()).unwrap();
    let status = relay.wait();
    assert_eq!((status.delivered, status.left), (4, false));
    assert_eq!(lag(&shop), json!({ "pending": 0, "dead": 0 }));
}

#[test]
fn once_tries_each_event_once_and_ends() {
    let shop = charged(3);
    let sink = ScriptedSink::new(|message| match message.event.get() {
        2 => Err(Failure::refused("no")),
        _ => Ok(()),
    });
    let slow = Options::default().back_off(Duration::from_secs(3_600), Duration::from_secs(3_600));
    let relay = Relay::once(&shop.commerce, Box::new(sink.clone()), slow.clone()).unwrap();
    let status = relay.wait();
    // Events 4 and 6 belong to the same wallet as event 2, and wait for it.
    assert_eq!((status.delivered, status.refused, status.left), (3, 1, true));
    let pending = shop.ask("event.list", &json!({ "status": "pending" }));
    assert_eq!(numbers(&pending), [2, 4, 6]);
    assert_eq!(pending["items"][0]["attempts"], 1);
    assert!(pending["items"][0]["next_attempt"].is_string());
    let status = Relay::once(&shop.commerce, Box::new(sink), slow).unwrap().wait();
    assert_eq!((status.delivered, status.refused, status.left), (0, 0, true), "event 2 is not due yet");
}

#[test]
fn once_ends_when_another_relay_keeps_the_lease_and_gets_nothing_done() {
    let shop = charged(2);
    let stuck = ScriptedSink::new(|_| Err(Failure::down("the receiver is down")));
    let short = || quick().lease(Duration::from_millis(200));
    let holder = Relay::start(&shop.commerce, Box::new(stuck), short()).unwrap();
    until("it holds the lease", || holder.status().active);
    let sink = ScriptedSink::new(|_| Ok(()));
    let once = Relay::once(&shop.commerce, Box::new(sink.clone()), short()).unwrap();
    let status = once.wait();
    let failure = once.failure().unwrap();
    assert!(matches!(failure, Error::Busy(_)) && failure.to_string().contains("another relay"), "{failure}");
    assert!(status.left && status.error.is_some(), "{status:?}");
    assert_eq!(sink.accepted(), [0_i64; 0]);
    // When the holder stops, the next relay delivers.
    holder.stop();
    holder.wait();
    let once = Relay::once(&shop.commerce, Box::new(sink.clone()), short()).unwrap();
    assert!(!once.wait().left && once.failure().is_none());
    assert_eq!(sink.accepted().len(), 4);
}

#[test]
fn warnings_of_a_sink_are_reported() {
    struct Saying(Mutex<Vec<String>>);
    impl Sink for Saying {
        fn deliver(&self, _: &[Message]) -> Result<(), Failure> {
            Ok(())
        }
        fn warnings(&self) -> Vec<String> {
            std::mem::take(&mut self.0.lock().unwrap())
        }
    }
    let shop = charged(2);
    let (told, heard) = channel();
    let options = quick().notice(move |notice| told.send(notice.clone()).unwrap());
    let sink = Saying(Mutex::new(vec!["it creaks".into()]));
    assert!(!Relay::once(&shop.commerce, Box::new(sink), options).unwrap().wait().left);
    let warnings = heard.try_iter().filter(|notice| matches!(notice, Notice::Warning(_)));
    assert_eq!(warnings.collect::<Vec<_>>(), [Notice::Warning("it creaks".into())]);
}

#[test]
fn a_sink_that_refuses_everything_uses_up_the_attempts_of_few() {
    let shop = charged(1);
    shop.submit(&json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 0, "stock": 100 }));
    for _ in 0..60 {
        let items = json!([{ "product": "mug", "quantity": 1 }]);
        assert!(
            shop.submit(&json!({ "op": "order.place", "user": "bob", "items": items })).get("ok").is_some()
        );
    }
    let slow = Options::default().back_off(Duration::from_secs(3_600), Duration::from_secs(3_600));
    let status =
        Relay::once(&shop.commerce, Box::new(ScriptedSink::new(|_| Err(Failure::refused("no")))), slow)
            .unwrap()
            .wait();
    assert_eq!(status.delivered, 0);
    assert!((16..20).contains(&status.refused), "{status:?}");
    assert_eq!(lag(&shop)["pending"], 62);
}

#[test]
fn one_relay_delivers_and_the_other_takes_over() {
    let shop = charged(50);
    let (first, second) = (ScriptedSink::new(|_| Ok(())), ScriptedSink::new(|_| Ok(())));
    let one = Relay::start(&shop.commerce, Box::new(first.clone()), quick()).unwrap();
    let two = Relay::start(&shop.commerce, Box::new(second.clone()), quick()).unwrap();
    until("all are delivered", || lag(&shop)["pending"] == 0);
    let (mut had, rest) = (first.accepted(), second.accepted());
    had.extend(rest);
    had.sort_unstable();
    assert_eq!(had, (1..=100).collect::<Vec<_>>(), "each came once, to one of them");
    let active = [&one, &two].map(|relay| relay.status().active);
    assert_eq!(active.iter().filter(|active| **active).count(), 1);
    let (owner, other) = if active[0] { (one, two) } else { (two, one) };
    drop(owner);
    charge(&shop, 1);
    until("the other takes over", || lag(&shop)["pending"] == 0);
    assert!(other.status().delivered > 0);
}

#[test]
fn delivered_events_are_pruned_and_others_stay() {
    let shop = charged(300);
    let sink = ScriptedSink::new(|message| match message.event.get() {
        7 => Err(Failure::refused("never")),
        _ => Ok(()),
    });
    let options = quick().attempts(1).retention(Duration::ZERO);
    let relay = Relay::start(&shop.commerce, Box::new(sink), options.clone()).unwrap();
    until("all but one are delivered", || lag(&shop)["pending"] == 0);
    drop(relay);
    let relay =
        Relay::start(&shop.commerce, Box::new(ScriptedSink::new(|_| Ok(()))), options.clone()).unwrap();
    charge(&shop, 1);
    let left = || numbers(&shop.ask("event.list", &json!({ "limit": 100 })));
    until("they are gone", || left().first() == Some(&7) && left().get(1).is_none_or(|&event| event > 256));
    assert_eq!(shop.submit(&json!({ "op": "event.retry", "events": [7] }))["ok"], json!({ "events": [7] }));
    until("the last is delivered", || lag(&shop)["pending"] == 0);
    drop(relay);
    Relay::once(&shop.commerce, Box::new(ScriptedSink::new(|_| Ok(()))), options).unwrap().wait();
    assert_eq!(left(), [0_i64; 0]);
    shop.clean();
}

#[test]
fn a_full_or_read_only_folder_is_reported_and_delivery_continues_when_it_is_fixed() {
    let shop = charged(3);
    let folder = shop.path.with_file_name("not-there-yet");
    let path = folder.join("events.jsonl");
    let relay = Relay::start(&shop.commerce, Box::new(FileSink::new(&path)), quick()).unwrap();
    until("the store says so", || {
        lag(&shop)["last_error"].as_str().is_some_and(|e| e.contains("events.jsonl"))
    });
    charge(&shop, 1);
    std::fs::create_dir(&folder).unwrap();
    until("delivery continues by itself", || lag(&shop) == json!({ "pending": 0, "dead": 0 }));
    drop(relay);
    assert_eq!(lines(&path).len(), 8);
}

#[test]
fn waiting_ends_with_a_commit_here_or_elsewhere() {
    let shop = charged(1);
    let other =
        commerce_core::Commerce::open(&shop.path, commerce_core::Options::new(commerce_core::SystemClock));
    let other = other.unwrap();
    let mut version = shop.commerce.version().unwrap();
    assert_eq!(shop.commerce.wait(version, Duration::ZERO).unwrap(), version, "nobody committed");
    for commerce in [&shop.commerce, &other] {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                submit(commerce, &json!({ "op": "wallet.charge", "user": "bob", "amount": 1 })).unwrap()
            });
            let now = shop.commerce.wait(version, Duration::from_secs(60)).unwrap();
            assert_ne!(now, version);
        });
        version = shop.commerce.version().unwrap();
    }
}

#[test]
fn a_store_from_before_the_relay_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema/0001_shop.sql")).unwrap();
    old.execute_batch(
        "PRAGMA application_id = 1399353200; PRAGMA user_version = 1;
        INSERT INTO store VALUES (1, '6c125207-d0f7-48f9-938a-a5e55363f327', 'KRW', 5, 1, 0, 0, 1, 1, 0, 1);
        INSERT INTO users VALUES (1, 'alice', NULL, 5);
        INSERT INTO wallets VALUES (1, 100, 1, 0);
        INSERT INTO ledger VALUES (1, 1, 'charge', 100, 100, 1, 0, 5);
        INSERT INTO outbox VALUES (1, 'WalletCharged', 1);",
    )
    .unwrap();
    drop(old);
    let shop = Commerce::open(&path, commerce_core::Options::new(SystemClock)).unwrap();
    assert_eq!(shop.query(&Lag).unwrap().pending, 1);
    let sink = ScriptedSink::new(|_| Ok(()));
    assert_eq!(Relay::once(&shop, Box::new(sink.clone()), quick()).unwrap().wait().delivered, 1);
    assert_eq!(sink.accepted(), [1]);
    assert_eq!(shop.query(&Lag).unwrap().pending, 0);
}
