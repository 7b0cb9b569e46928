//! Tests reads of many threads on a server: they share requests, each gets its own answer whatever is cut, and none is
//! older than a write that its reader knows of.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Barrier, Mutex};
use std::thread::scope;
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Error, Options, SystemClock, catalog};
use serde_json::json;

use crate::proxy::Proxy;
use crate::shop::{On, Shop, submit};
use crate::sqld::Sqld;

const THREADS: i64 = 48;
const READS: i64 = 10;

/// A shop on a server with a product for each thread, and another instance behind a proxy.
fn shop() -> (Shop, Proxy, Commerce) {
    let shop = Shop::on(On::Server(1));
    fill(&shop.commerce, "Mug");
    let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
    let behind = open(&proxy.url());
    (shop, proxy, behind)
}

fn open(url: &str) -> Commerce {
    let options = Options::new(SystemClock).busy_timeout(Duration::from_secs(60));
    Commerce::open(url.parse::<commerce_core::Location>().unwrap(), options).unwrap()
}

fn fill(shop: &Commerce, name: &str) {
    let add =
        |n| json!({ "op": "product.add", "product": format!("p{n}"), "name": name, "price": n, "stock": 1 });
    let tickets: Vec<_> = (0..THREADS)
        .map(|number| shop.submit(commerce_core::registry::parse_operation(&add(number)).unwrap()))
        .collect();
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
}

fn get(product: &str) -> catalog::Get {
    catalog::Get { product: product.parse().unwrap() }
}

/// Calls `read` with the number of each thread and of each of its reads, all threads at once.
fn all_at_once(reads: i64, read: impl Fn(i64, i64) + Sync) {
    let together = Barrier::new(THREADS as usize);
    scope(|scope| {
        for thread in 0..THREADS {
            let (read, together) = (&read, &together);
            scope.spawn(move || {
                together.wait();
                (0..reads).for_each(|number| read(thread, number));
            });
        }
    });
}

fn reads_its_own_product(shop: &Commerce, thread: i64) {
    let found = shop.query(&get(&format!("p{thread}"))).unwrap();
    assert_eq!((found.product.as_str(), found.price.get()), (&*format!("p{thread}"), thread));
}

#[test]
fn reads_at_the_same_time_share_requests() {
    let (_shop, proxy, behind) = shop();
    proxy.delay_all(Duration::from_millis(20));
    let before = proxy.requests();
    all_at_once(READS, |thread, _| reads_its_own_product(&behind, thread));
    let requests = proxy.requests() - before;
    let reads = (THREADS * READS) as usize;
    assert!(requests <= reads / 4, "{requests} requests for {reads} reads");
    let before = proxy.requests();
    all_at_once(READS, |_, _| assert!(behind.version().unwrap() > 0));
    let requests = proxy.requests() - before;
    assert!(requests <= reads / 4, "{requests} requests for {reads} questions for the version");
}

#[test]
fn one_reader_leaves_no_stream_open() {
    let (shop, proxy, behind) = shop();
    let before = proxy.requests();
    // A server has 128 streams and keeps each for 10 seconds.
    for _ in 0..300 {
        reads_its_own_product(&behind, 7);
    }
    assert_eq!(proxy.requests() - before, 300);
    shop.clean();
}

#[test]
fn each_reader_gets_its_answer_whatever_is_cut() {
    let (_shop, proxy, behind) = shop();
    proxy.cut_every(4);
    all_at_once(READS, |thread, _| reads_its_own_product(&behind, thread));
    proxy.cut_every(0);
}

#[test]
fn requests_that_are_lost_do_not_hold_up_later_reads() {
    let (_shop, proxy, behind) = shop();
    proxy.delay_all(Duration::from_secs(20));
    scope(|scope| {
        // They take every place.
        let lost: Vec<_> = (0..8)
            .map(|thread| {
                std::thread::sleep(Duration::from_millis(40));
                scope.spawn({
                    let behind = &behind;
                    move || reads_its_own_product(behind, thread)
                })
            })
            .collect();
        proxy.delay_all(Duration::ZERO);
        let began = Instant::now();
        reads_its_own_product(&behind, 9);
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        lost.into_iter().for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn refusals_and_answers_in_a_group_are_each_readers_own() {
    let (_shop, _, behind) = shop();
    all_at_once(READS, |thread, number| match (thread + number) % 3 {
        0 => {
            let Err(Error::Refused(refusal)) = behind.query(&get(&format!("none{thread}"))) else {
                panic!("it is unknown");
            };
            assert!(refusal.to_string().contains(&format!("none{thread}")), "{refusal}");
        }
        1 => reads_its_own_product(&behind, thread),
        _ => assert!(behind.version().unwrap() > 0),
    });
}

#[test]
fn answers_too_long_for_a_group_are_read_one_by_one() {
    let server = Sqld::start_with(&["--max-response-size", "24KB"]);
    let shop =
        Commerce::create(location(&server), "KRW".parse().unwrap(), Options::new(SystemClock)).unwrap();
    fill(&shop, &"머그컵".repeat(40));
    all_at_once(READS, |thread, number| match number % 3 {
        0 => assert_eq!(shop.query(&catalog::List::default()).unwrap().items.len(), 20),
        _ => reads_its_own_product(&shop, thread),
    });
}

#[test]
fn threads_that_wait_ask_a_server_twice_a_second_together() {
    let (shop, proxy, behind) = shop();
    let version = behind.version().unwrap();
    let before = proxy.requests();
    scope(|scope| {
        for thread in 0..8 {
            let behind = &behind;
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(61 * thread));
                assert_eq!(behind.wait(version, Duration::from_secs(3)).unwrap(), version);
            });
        }
    });
    let requests = proxy.requests() - before;
    assert!(requests <= 8, "{requests} requests in less than four seconds");
    let waits = || behind.wait(behind.version().unwrap(), Duration::from_secs(60)).unwrap();
    let adjust = json!({ "op": "stock.adjust", "product": "p1", "delta": 1 });
    for writer in [&shop.commerce, &behind] {
        scope(|scope| {
            let waiting = scope.spawn(waits);
            std::thread::sleep(Duration::from_millis(700));
            submit(writer, &adjust).unwrap();
            assert_eq!(waiting.join().unwrap(), behind.version().unwrap());
        });
    }
}

fn location(server: &Sqld) -> commerce_core::Location {
    server.url().parse().unwrap()
}

/// Each reader keeps answers by their version, as a server of a shop does. A writer tells what it has written once that is
/// acknowledged; no answer may be older.
#[test]
fn no_answer_is_older_than_an_acknowledged_write() {
    let (shop, _, behind) = shop();
    let third = open(&shop.server.as_ref().unwrap().url());
    let (acknowledged, done) = (AtomicI64::new(1), AtomicBool::new(false));
    let kept = Mutex::new(None);
    let (hits, writers) = (AtomicI64::new(0), [&shop.commerce, &third]);
    scope(|scope| {
        for _ in 0..12 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    let known = acknowledged.load(Ordering::SeqCst);
                    let version = behind.version().unwrap();
                    let cached = kept.lock().unwrap().filter(|(_, at)| *at == version);
                    hits.fetch_add(cached.is_some().into(), Ordering::Relaxed);
                    let (stock, _) = cached.unwrap_or_else(|| {
                        let (product, at) = behind.query_with_version(&get("p0")).unwrap();
                        *kept.lock().unwrap() = Some((product.stock.get(), at));
                        (product.stock.get(), at)
                    });
                    assert!(stock >= known, "{stock} after {known} was acknowledged");
                }
            });
        }
        for round in 0..150 {
            let add = json!({ "op": "stock.adjust", "product": "p0", "delta": 1 });
            let reply = submit(writers[round % 2], &add).unwrap();
            acknowledged.store(reply["stock"].as_i64().unwrap(), Ordering::SeqCst);
            std::thread::sleep(Duration::from_millis(round as u64 % 10));
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(hits.into_inner() > 0, "no answer was kept");
    assert_eq!(acknowledged.into_inner(), 151);
}

#[test]
fn a_version_from_before_a_kill_of_the_server_does_not_come_again() {
    let mut shop = Shop::on(On::Server(2));
    let [one, two] = [shop.instance().clone(), shop.instance().clone()];
    let price = |shop: &Commerce| shop.query_with_version(&get("p0")).unwrap();
    let set = |price: i64| {
        submit(&two, &json!({ "op": "product.update", "product": "p0", "price": price })).unwrap();
    };
    fill(&two, "Mug");
    // As a reader with a cache does: answers are kept with their version.
    let mut kept = Vec::new();
    for round in 0..2 {
        for number in 1..=60 {
            // Changes of several sizes move the index by steps of several sizes.
            if number % (3 + round) == 0 {
                submit(&two, &json!({ "op": "user.add", "user": format!("u{round}-{number}") })).unwrap();
            }
            set(round * 100 + number);
            let version = one.version().unwrap();
            let newest = price(&one).0.price;
            for (known, at) in &kept {
                assert!(*at != version || *known == newest, "{newest:?}, but {known:?} is kept as current");
            }
            kept.push({
                let (product, version) = price(&one);
                (product.price, version)
            });
        }
        shop.server.as_mut().unwrap().kill_and_restart();
    }
}
