//! Tests that delivered events are deleted soon after the retention and never before, few rows in a group, in every mode
//! of a relay.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use commerce_core::outbox::relay::Options;
use commerce_core::outbox::sink::Failure;
use commerce_core::outbox::{Lag, Relay};
use commerce_core::{Clock, Commerce, Currency, Ticket, Time};
use rusqlite::Connection;
use serde_json::json;

use crate::relay::{ScriptedSink, quick};
use crate::shop::submit;
use crate::system::until;

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;

/// The latest time after the retention at which an event is deleted.
const LATE: i64 = HOUR;

/// A clock that the test sets.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }
}

struct Shop {
    commerce: Commerce,
    clock: Hand,
    store: Connection,
    _folder: tempfile::TempDir,
}

impl Shop {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let clock = Hand(Arc::new(AtomicI64::new(Time::try_from("2026-01-01T00:00:00Z").unwrap().millis())));
        let won = Currency::try_from("KRW").unwrap();
        let commerce =
            Commerce::create(path.as_path(), won, commerce_core::Options::new(clock.clone())).unwrap();
        let store = Connection::open(&path).unwrap();
        store.busy_timeout(Duration::from_secs(10)).unwrap();
        submit(&commerce, &json!({ "op": "user.add", "user": "u" })).unwrap();
        Self { commerce, clock, store, _folder: folder }
    }

    /// Makes `times` events by charges.
    fn charge(&self, times: usize) {
        let charge = |_| {
            let charge = json!({ "op": "wallet.charge", "user": "u", "amount": 1 });
            self.commerce.submit(commerce_core::registry::parse_operation(&charge).unwrap())
        };
        let tickets: Vec<Ticket<_>> = (0..times).map(charge).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }

    fn pass(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    fn once(&self, sink: ScriptedSink, options: Options) {
        let relay = Relay::once(&self.commerce, Box::new(sink), options).unwrap();
        relay.wait();
        assert!(relay.failure().is_none(), "{:?}", relay.failure());
    }

    fn events(&self) -> Vec<i64> {
        self.numbers("SELECT event FROM outbox ORDER BY event")
    }

    fn numbers(&self, sql: &str) -> Vec<i64> {
        let mut statement = self.store.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }
}

fn accepting() -> ScriptedSink {
    ScriptedSink { batch: 100, ..ScriptedSink::new(|_| Ok(())) }
}

fn kept_for(millis: i64) -> Options {
    quick().attempts(1).retention(Duration::from_millis(millis.unsigned_abs()))
}

#[test]
fn once_prunes_all_that_is_due_a_few_rows_in_each_group() {
    let shop = Shop::new();
    shop.charge(5_000);
    let options = || kept_for(30 * 24 * HOUR);
    shop.once(accepting(), options());
    assert_eq!(shop.events().len(), 5_000);
    shop.pass(30 * 24 * HOUR - 1);
    shop.once(accepting(), options());
    assert_eq!(shop.events().len(), 5_000, "not before the retention");
    // A group updates the relay's row after its deletes, so the value that the trigger reads distinguishes the groups.
    shop.store
        .execute_batch(
            "CREATE TABLE pruned (event, after);
            CREATE TRIGGER prunes AFTER DELETE ON outbox BEGIN
                INSERT INTO pruned SELECT old.event, pruned FROM relay;
            END",
        )
        .unwrap();
    shop.pass(1);
    let before = shop.commerce.stats().groups;
    shop.once(accepting(), options());
    assert_eq!(shop.events(), [0_i64; 0]);
    let groups = shop.numbers("SELECT count(*) FROM pruned GROUP BY after ORDER BY after");
    assert_eq!(groups, [&[1_024; 4][..], &[5_000 - 4 * 1_024]].concat());
    // The count includes taking and releasing the lease.
    assert_eq!(shop.commerce.stats().groups - before, 7);
    assert_eq!(shop.numbers("SELECT at FROM settlements"), [0_i64; 0], "marks that served are gone");
    assert_eq!(shop.commerce.verify().unwrap(), []);
}

#[test]
fn events_are_gone_within_the_hour_after_the_retention_and_never_before() {
    let shop = Shop::new();
    let retention = 12 * HOUR;
    // The time at which each event was delivered.
    let mut delivered: Vec<(i64, i64)> = Vec::new();
    let (mut last, mut dead) = (0, Vec::new());
    let mut random = 7_u64;
    for round in 0..120 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // From a second to more than five hours, for busy and for quiet times.
        let wait = [1_000, 3 * MINUTE, 29 * MINUTE, 5 * HOUR + 1][(random >> 40) as usize % 4];
        shop.pass(wait);
        let now = shop.clock.now().millis();
        shop.charge((random >> 50) as usize % 4);
        let revived = dead.split_off(dead.len() - dead.len().min((random >> 33) as usize % 3));
        if !revived.is_empty() {
            submit(&shop.commerce, &json!({ "op": "event.retry", "events": revived })).unwrap();
        }
        // The sink sometimes refuses a new event, which is then dead at once.
        let (refuse, known) = (round % 5 == 0, last);
        let sink = ScriptedSink::new(move |message| match message.event.get() {
            event if refuse && event > known && event % 2 == 0 => Err(Failure::refused("no")),
            _ => Ok(()),
        });
        shop.once(sink.clone(), kept_for(retention));
        let accepted = sink.accepted();
        delivered.extend(accepted.iter().map(|&event| (event, now)));
        let newest = shop.numbers("SELECT last_event FROM store")[0];
        dead.extend((last + 1..=newest).filter(|event| !accepted.contains(event)));
        last = newest;
        let kept = shop.events();
        for &(event, at) in &delivered {
            let (age, there) = (now - at, kept.binary_search(&event).is_ok());
            assert!(there || age >= retention, "event {event} is gone after {age} ms");
            assert!(!there || age < retention + LATE, "event {event} is there after {age} ms");
        }
        assert!(dead.iter().all(|event| kept.binary_search(event).is_ok()), "what is dead stays");
        delivered.retain(|(_, at)| now - at < retention + 2 * LATE);
    }
    let rows = shop.numbers(
        "SELECT count(*) FROM settlements UNION ALL SELECT count(*) FROM late_deliveries UNION ALL
        SELECT count(*) FROM outbox",
    );
    assert!(rows[0] <= 12 * 6 + 1 && rows[1] <= rows[2], "{rows:?}");
    assert_eq!(shop.commerce.verify().unwrap(), []);
}

#[test]
fn a_running_relay_prunes_by_itself() {
    let shop = Shop::new();
    shop.charge(3_000);
    let relay = Relay::start(&shop.commerce, Box::new(accepting()), kept_for(HOUR)).unwrap();
    let pending = || shop.commerce.query(&Lag).unwrap().pending;
    until("all are delivered", || pending() == 0);
    shop.pass(HOUR);
    // A commit wakes the relay; without one it checks every ten minutes.
    shop.charge(1);
    until("they are gone", || shop.events().len() == 1 && pending() == 0);
    drop(relay);
    assert_eq!(shop.events(), [3_001]);
}

#[test]
fn a_clock_that_steps_back_ends_no_pruning() {
    let shop = Shop::new();
    let day = 24 * HOUR;
    let once = || shop.once(accepting(), kept_for(400 * day));
    for step in [0, 365 * day, -365 * day, 0] {
        shop.pass(step);
        shop.charge(1);
        once();
    }
    // The first mark has exactly the time to which the clock was set back.
    assert_eq!(shop.numbers("SELECT through FROM settlements ORDER BY at"), [4, 2]);
    assert_eq!(shop.events(), [1, 2, 3, 4]);
    shop.pass(400 * day);
    once();
    assert_eq!(shop.events(), [0_i64; 0]);
    shop.charge(1);
    once();
    shop.pass(365 * day);
    once();
    assert_eq!((shop.events(), shop.numbers("SELECT count(*) FROM settlements")), (vec![5], vec![1]));
}
