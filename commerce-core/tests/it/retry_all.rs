//! Tests the retry of any number of dead events: a few hundred in a group, each once, with a correct count.

use std::collections::HashSet;

use commerce_core::outbox::{DeliveryStatus, Lag, retry_all};
use commerce_core::{Commerce, Error, Key};
use rusqlite::Connection;
use serde_json::json;

use crate::relay::charged;
use crate::shop::{On, Shop};

/// Makes every event of a shop dead.
fn kill(shop: &Shop) {
    let store = Connection::open(&shop.path).unwrap();
    store.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    store
        .execute_batch(
            "DELETE FROM deliveries;
            INSERT INTO deliveries SELECT event, 20, 'no', NULL, 1 FROM outbox;
            UPDATE relay SET settled = (SELECT last_event FROM store)",
        )
        .unwrap();
}

fn backlog(shop: &Shop) -> (i64, i64) {
    let lag = shop.commerce.query(&Lag).unwrap();
    (lag.pending, lag.dead)
}

fn brought_back(shop: &Commerce, key: Option<&Key>) -> Vec<Vec<i64>> {
    let mut portions = Vec::new();
    retry_all(shop, key, |events| {
        portions.push(events.iter().map(|event| event.get()).collect());
        Ok::<_, Error>(())
    })
    .unwrap();
    portions
}

#[test]
fn all_are_retried_a_few_in_a_group() {
    let shop = charged(600);
    assert_eq!(brought_back(&shop.commerce, None), [[0_i64; 0]; 0]);
    kill(&shop);
    let before = shop.commerce.stats().groups;
    let portions = brought_back(&shop.commerce, None);
    assert_eq!(portions.iter().map(Vec::len).collect::<Vec<_>>(), [512, 512, 176]);
    assert_eq!(shop.commerce.stats().groups - before, 3);
    assert!(portions.concat().into_iter().eq(1..=1_200));
    assert_eq!(backlog(&shop), (1_200, 0));
    shop.clean();
}

#[test]
fn events_left_by_a_failure_are_retried_the_next_time() {
    let shop = charged(600);
    kill(&shop);
    let mut portions = 0;
    let failed = retry_all(&shop.commerce, None, |_| {
        portions += 1;
        if portions == 2 { Err(Error::Closed) } else { Ok(()) }
    });
    assert!(matches!(failed, Err(Error::Closed)));
    assert_eq!(backlog(&shop), (1_024, 176));
    assert!(brought_back(&shop.commerce, None).concat().into_iter().eq(1_025..=1_200));
}

#[test]
fn with_a_key_the_same_events_are_retried_once() {
    let shop = charged(300);
    kill(&shop);
    let key = Key::try_from("once").unwrap();
    assert_eq!(brought_back(&shop.commerce, Some(&key)).concat().len(), 600);
    kill(&shop);
    assert_eq!(brought_back(&shop.commerce, Some(&key)).concat(), [0_i64; 0]);
    assert_eq!(backlog(&shop), (0, 600));
    assert_eq!(brought_back(&shop.commerce, None).concat().len(), 600);
}

#[test]
fn several_at_once_retry_each_event_once() {
    let shop = charged(600);
    kill(&shop);
    let commerce = &shop.commerce;
    let told: Vec<i64> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..3).map(|_| scope.spawn(|| brought_back(commerce, None).concat())).collect();
        callers.into_iter().flat_map(|caller| caller.join().unwrap()).collect()
    });
    assert_eq!((told.len(), told.iter().collect::<HashSet<_>>().len()), (1_200, 1_200));
    assert_eq!(backlog(&shop), (1_200, 0));
}

#[test]
fn they_are_retried_on_a_server_too() {
    let shop = Shop::on(On::Server(1));
    assert_eq!(brought_back(&shop.commerce, None), [[0_i64; 0]; 0]);
    shop.submit(&json!({ "op": "user.add", "user": "u" }));
    shop.submit(&json!({ "op": "wallet.charge", "user": "u", "amount": 1 }));
    let sink = crate::relay::ScriptedSink::new(|_| Err(commerce_core::outbox::sink::Failure::refused("no")));
    let options = crate::relay::quick().attempts(1);
    commerce_core::outbox::Relay::once(&shop.commerce, Box::new(sink), options).unwrap().wait();
    assert_eq!(brought_back(&shop.commerce, None), [[1]]);
    let list = shop.ask("event.list", &json!({ "status": DeliveryStatus::Pending }));
    assert_eq!(crate::relay::numbers(&list), [1]);
}
