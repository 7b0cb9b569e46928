//! Tests two relays and two writers that are killed or suspended at random, with a receiver that drops, fails, answers late
//! and dies after accepting. In the end the receiver has every event, those of each subject in order, and no event was
//! marked delivered before the receiver accepted it.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use commerce_core::outbox::Relay;
use commerce_core::outbox::relay::Options;
use commerce_core::outbox::sink::HttpSink;
use commerce_core::{Commerce, outbox};
use serde_json::{Value, json};

use crate::receiver::{Answer, Receiver, SECRET};
use crate::relay::lag;
use crate::shop::{Shop, submit};
use crate::system::{self, until};
use crate::worker::{Worker, go, stop, take_part};

/// The number of times that a process is killed.
const ROUNDS: u64 = 60;

#[test]
fn whatever_dies_every_event_arrives_in_order_and_none_is_marked_early() {
    let shop = Shop::new();
    for user in 0..4 {
        shop.submit(&json!({ "op": "user.add", "user": format!("u{user}") }));
    }
    shop.submit(
        &json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 1_000_000 }),
    );
    let dice = AtomicU64::new(1);
    let receiver = Receiver::start(move |_| match random(&dice) % 100 {
        0..30 => Answer::Drop,
        30..36 => Answer::Status(500),
        36..39 => Answer::Late(Duration::from_millis(400)),
        39..44 => Answer::TakeAndDie,
        _ => Answer::Status(200),
    });
    let folder = shop.path.parent().unwrap().to_owned();
    std::fs::write(folder.join("receiver"), receiver.url()).unwrap();

    let task = |number: usize| if number < 2 { "relay" } else { "write" };
    let start = |number: usize| Worker::running("chaos::process", &shop.at(), &folder, task(number), number);
    let mut workers: Vec<Worker> = (0..4).map(start).collect();
    go(&folder);
    let dice = AtomicU64::new(7);
    for round in 0..ROUNDS {
        std::thread::sleep(Duration::from_millis(20 + random(&dice) % 250));
        if round % 10 == 0 {
            // A relay is suspended past the end of its lease, and resumes when the other relay has the lease.
            let sleeper = workers[(random(&dice) % 2) as usize].child.id();
            system::signal(sleeper, "STOP");
            std::thread::sleep(Duration::from_millis(1_000));
            system::signal(sleeper, "CONT");
        }
        let victim = (random(&dice) % 4) as usize;
        // SIGKILL leaves the process no chance to clean up.
        workers[victim].child.kill().unwrap();
        workers[victim] = start(victim);
        not_too_soon(&shop, &receiver);
    }
    stop(&folder);
    until("all is delivered", || lag(&shop)["pending"] == 0);
    not_too_soon(&shop, &receiver);
    drop(workers);

    let committed = events(&shop);
    assert_eq!(*receiver.faults.lock().unwrap(), [""; 0]);
    let arrived = receiver.accepted.lock().unwrap().clone();
    let mut seen = HashSet::new();
    let firsts: Vec<&Value> =
        arrived.iter().filter(|event| seen.insert(event["id"].as_str().unwrap())).collect();
    let committed_ids: HashSet<&str> = committed.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(seen, committed_ids);
    let mut orders: HashMap<&str, Vec<usize>> = HashMap::new();
    let places: HashMap<&str, usize> = committed.iter().map(|(id, _)| id.as_str()).zip(0..).collect();
    for event in firsts {
        orders
            .entry(event["subject"].as_str().unwrap())
            .or_default()
            .push(places[event["id"].as_str().unwrap()]);
    }
    let disordered: Vec<_> = orders.iter().filter(|(_, places)| !places.is_sorted()).collect();
    assert!(disordered.is_empty(), "{disordered:?}");
    assert!(orders.values().any(|places| places.len() > 5), "wallets have many events");
    assert_eq!(lag(&shop)["dead"], 0);
    shop.clean();
    println!("{} events, {} arrivals", committed.len(), arrived.len());
}

/// Asserts that the receiver accepted every event that is marked delivered.
fn not_too_soon(shop: &Shop, receiver: &Receiver) {
    let committed: HashMap<i64, String> = events(shop).into_iter().map(|(id, event)| (event, id)).collect();
    let (mut cursor, mut marked) = (Value::Null, Vec::new());
    loop {
        let mut with = json!({ "status": "delivered", "limit": 100 });
        if cursor.is_string() {
            with["cursor"] = cursor;
        }
        let list = shop.ask("event.list", &with);
        marked.extend(crate::relay::numbers(&list));
        cursor = list["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    let accepted: HashSet<String> = receiver.ids().into_iter().collect();
    for event in marked {
        assert!(!committed.contains_key(&event) || accepted.contains(&committed[&event]), "event {event}");
    }
}

/// The id and number of every event.
fn events(shop: &Shop) -> Vec<(String, i64)> {
    let mut events: Vec<(String, i64)> = Vec::new();
    loop {
        let after = events.last().map(|&(_, event)| event.try_into().unwrap());
        let more = shop.commerce.query(&outbox::Since { after, limit: 1_000 }).unwrap();
        if more.items.is_empty() {
            return events;
        }
        events.extend(more.items.into_iter().map(|told| (told.envelope.id, told.event.get())));
    }
}

#[test]
#[ignore = "is what the processes of the test run"]
fn process() {
    take_part(|task, shop, folder, number| match task {
        "relay" => relay(shop, folder),
        _ => write(shop, folder, number),
    });
}

/// Delivers until it is killed.
fn relay(shop: &Commerce, folder: &Path) {
    let url = std::fs::read_to_string(folder.join("receiver")).unwrap();
    let sink = HttpSink::new(&url, SECRET.parse().unwrap()).unwrap();
    let sink = sink.allow_private(true).timeout(Duration::from_millis(200)).requests(8);
    let options = Options::default()
        .back_off(Duration::from_millis(5), Duration::from_millis(50))
        .attempts(1_000)
        .lease(Duration::from_millis(300));
    let relay = Relay::start(shop, Box::new(sink), options).unwrap();
    relay.wait();
}

/// Charges, orders and cancels until the test stops it.
fn write(shop: &Commerce, folder: &Path, number: u64) {
    let stop = folder.join("stop");
    let user = format!("u{number}");
    while !stop.exists() {
        submit(shop, &json!({ "op": "wallet.charge", "user": user, "amount": 10 })).unwrap();
        let order =
            json!({ "op": "order.place", "user": user, "items": [{ "product": "mug", "quantity": 1 }] });
        let placed = submit(shop, &order).unwrap();
        submit(shop, &json!({ "op": "order.cancel", "order": placed["order"] })).unwrap();
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A pseudorandom number (SplitMix64) from a state that threads share.
fn random(state: &AtomicU64) -> u64 {
    let mut z = state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
