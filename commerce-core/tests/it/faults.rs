//! Tests faults between instances and their server: lost messages, kills, suspensions and delays. No acknowledged operation
//! is lost, none is applied twice, and every instance recovers without help.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use commerce_core::{Chain, Commerce, Error, Location, Options, SystemClock, Ticket, registry};
use serde_json::{Value, json};

use crate::proxy::{Fault, Proxy};
use crate::shop::{On, Shop, submit};

const CALLERS: usize = 4;

/// A shop on a server, with enough money and stock for every order.
fn shop() -> Shop {
    let shop = Shop::on(On::Server(1));
    for number in 0..2 * CALLERS {
        let user = format!("u{number}");
        shop.submit(&json!({ "op": "user.add", "user": user }));
        shop.submit(&json!({ "op": "wallet.charge", "user": user, "amount": 1_000_000_000 }));
    }
    let add = json!({ "op": "product.add", "product": "plenty", "name": "Plenty", "price": 5, "stock": 100_000_000 });
    assert!(shop.submit(&add)["ok"].is_object());
    shop
}

fn open(url: &str, options: Options) -> Commerce {
    Commerce::open(url.parse::<Location>().expect("an address"), options).expect("the store")
}

/// Options with time-outs that are long enough for a busy machine.
fn long_timeouts() -> Options {
    Options::new(SystemClock).busy_timeout(Duration::from_secs(60))
}

fn order(user: &str, key: &str) -> Value {
    json!({ "op": "order.place", "user": user, "items": [{ "product": "plenty", "quantity": 1 }], "key": key })
}

/// Two instances that place orders continuously, and the answers that they got.
struct Work {
    /// The acknowledged order of each key.
    acknowledged: Mutex<HashMap<String, i64>>,
    done: AtomicUsize,
    /// Charges without a key that were acknowledged, and those with an unknown outcome.
    charged: AtomicUsize,
    unknown: AtomicUsize,
    stop: AtomicBool,
}

impl Work {
    /// Places orders through every instance with several callers while `faults` runs.
    fn during(instances: &[Commerce], faults: impl FnOnce(&Self)) -> Self {
        let work = Self {
            acknowledged: Mutex::default(),
            done: AtomicUsize::new(0),
            charged: AtomicUsize::new(0),
            unknown: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        };
        std::thread::scope(|scope| {
            for (number, instance) in instances.iter().enumerate() {
                for caller in 0..CALLERS {
                    let work = &work;
                    scope.spawn(move || work.order(instance, number * CALLERS + caller));
                }
            }
            let stop = Stop(&work.stop);
            faults(&work);
            drop(stop);
        });
        work
    }

    /// Places orders as any client should: it repeats an order with an unknown outcome under the same key. In between it
    /// charges without a key; only the store itself prevents a double charge.
    fn order(&self, shop: &Commerce, caller: usize) {
        let user = format!("u{caller}");
        for place in 0.. {
            let key = format!("{caller}-{place}");
            let mut unknown = false;
            let reply = loop {
                match submit(shop, &order(&user, &key)) {
                    Ok(reply) => break reply,
                    Err(Error::Unknown(_)) => unknown = true,
                    Err(Error::Busy(_)) => {}
                    Err(other) => panic!("{key}: {other}"),
                }
            };
            assert!(unknown || reply.get("replayed").is_none(), "{key} was done twice");
            let order = reply["order"].as_i64().expect("an order");
            self.acknowledged.lock().unwrap().insert(key, order);
            let counter = loop {
                match submit(shop, &json!({ "op": "wallet.charge", "user": user, "amount": 3 })) {
                    Ok(_) => break &self.charged,
                    Err(Error::Unknown(_)) => break &self.unknown,
                    Err(Error::Busy(_)) => {}
                    Err(other) => panic!("{user}: {other}"),
                }
            };
            counter.fetch_add(1, Ordering::Relaxed);
            self.done.fetch_add(1, Ordering::Relaxed);
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
        }
    }

    /// Waits until further orders are acknowledged.
    fn progresses(&self) {
        let before = self.done.load(Ordering::Relaxed);
        for _ in 0..6_000 {
            if self.done.load(Ordering::Relaxed) > before + 2 {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("nothing was acknowledged for a minute");
    }

    /// Asserts that every key has its own order, as it was acknowledged, and that there are no others.
    fn check(&self, shop: &Shop) {
        let acknowledged = self.acknowledged.lock().unwrap();
        let mut orders: Vec<i64> = acknowledged.values().copied().collect();
        orders.sort_unstable();
        assert_eq!(orders, (1..).take(acknowledged.len()).collect::<Vec<_>>(), "one order for each key");
        for (key, order) in acknowledged.iter() {
            let found = shop.ask("order.get", &json!({ "order": order }));
            let caller = key.split('-').next().expect("a caller");
            assert_eq!(found["user"], format!("u{caller}"), "{key}");
        }
        let users = shop.ask("user.list", &json!({ "limit": 100 }));
        let money: i64 =
            users["items"].as_array().unwrap().iter().map(|user| user["balance"].as_i64().unwrap()).sum();
        let first = 2 * CALLERS as i64 * 1_000_000_000;
        let charged = (money - first + 5 * acknowledged.len() as i64) / 3;
        let (sure, unknown) = (self.charged.load(Ordering::Relaxed), self.unknown.load(Ordering::Relaxed));
        let charged = usize::try_from(charged).expect("no charge was lost");
        assert!(
            (sure..=sure + unknown).contains(&charged),
            "{charged} charges of {sure} and perhaps {unknown}"
        );
        let stock = shop.ask("product.get", &json!({ "product": "plenty" }))["stock"].clone();
        assert_eq!(stock, 100_000_000 - acknowledged.len());
        shop.clean();
    }
}

/// Stops the callers when dropped, also if the faults panic.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn random(state: &mut u64, below: u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state % below
}

/// For more rounds: `COMMERCE_TEST_CUTS=1000 cargo test -p commerce-core cut`.
#[test]
fn commits_cut_anywhere_are_neither_lost_nor_doubled() {
    let rounds =
        std::env::var("COMMERCE_TEST_CUTS").map_or(80, |text| text.parse().expect("a number of rounds"));
    let shop = shop();
    let proxies: Vec<_> = (0..2).map(|_| Proxy::to(shop.server.as_ref().unwrap().port)).collect();
    let instances: Vec<_> = proxies.iter().map(|p| open(&p.url(), long_timeouts())).collect();
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    let work = Work::during(&instances, |work| {
        for round in 0..rounds {
            let part = random(&mut seed, 1_001) as usize;
            let fault = match round % 4 {
                0 => Fault::CutRequest(1_000),
                1 => Fault::CutAnswer(part),
                _ => Fault::CutRequest(part),
            };
            let proxy = &proxies[round % 2];
            proxy.arm(fault);
            proxy.wait_for_fault();
            work.progresses();
        }
    });
    assert_eq!(work.unknown.load(Ordering::Relaxed), 0, "every outcome was learnt within the time-out");
    work.check(&shop);
}

#[test]
fn a_server_killed_and_restarted_lost_nothing_it_acknowledged() {
    let mut shop = shop();
    let mut server = shop.server.take().unwrap();
    let instances: Vec<_> = (0..2).map(|_| open(&server.url(), Options::new(SystemClock))).collect();
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let reader = open(&server.url(), long_timeouts());
    let work = Work::during(&instances, |work| {
        for _ in 0..20 {
            work.progresses();
            std::thread::sleep(Duration::from_micros(random(&mut seed, 20_000)));
            server.kill_and_restart();
            assert_eq!(reader.verify().expect("reads find the server again"), []);
        }
        work.progresses();
    });
    work.check(&shop);
}

#[test]
fn a_suspended_server_and_a_late_commit_are_survived() {
    let shop = shop();
    let server = shop.server.as_ref().unwrap();
    let proxy = Proxy::to(server.port);
    let instances = [proxy.url(), server.url()].map(|url| open(&url, Options::new(SystemClock)));
    let work = Work::during(&instances, |work| {
        work.progresses();
        server.freeze();
        // Longer than the server's limit for a transaction.
        std::thread::sleep(Duration::from_secs(6));
        server.thaw();
        work.progresses();
        // Meanwhile the server gives the other instance its transaction, so the late commit has no effect.
        proxy.arm(Fault::Delay(Duration::from_secs(7)));
        proxy.wait_for_fault();
        std::thread::sleep(Duration::from_secs(7));
        work.progresses();
    });
    work.check(&shop);
}

#[test]
fn an_unknown_outcome_is_reported_and_the_key_resolves_it() {
    let shop = shop();
    for (fault, key) in [(Fault::CutAnswer(0), "kept"), (Fault::CutRequest(500), "void")] {
        let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
        let options = Options::new(SystemClock).busy_timeout(Duration::from_secs(2));
        let instance = open(&proxy.url(), options);
        proxy.arm_and_refuse(fault);
        let told = submit(&instance, &order("u0", key));
        assert!(matches!(told, Err(Error::Unknown(_))), "{key}: {told:?}");
        let told = submit(&instance, &order("u0", "other"));
        assert!(matches!(told, Err(Error::Busy(_))), "{key}: {told:?}");
        proxy.come_back();
        let reply = loop {
            match submit(&instance, &order("u0", key)) {
                Err(error) if error.retryable() => {}
                told => break told.unwrap(),
            }
        };
        assert_eq!(reply.get("replayed").is_some(), key == "kept", "{reply}");
    }
    assert_eq!(shop.ask("order.list", &json!({}))["items"].as_array().unwrap().len(), 2);
    shop.clean();
}

#[test]
fn a_group_that_is_decided_again_breaks_its_chain_at_the_same_place() {
    let shop = shop();
    let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
    let instance = open(&proxy.url(), long_timeouts());
    for fault in [Fault::CutRequest(500), Fault::CutAnswer(0)] {
        proxy.arm(fault);
        let chain = Chain::new();
        let charge = |user: &str| json!({ "op": "wallet.charge", "user": user, "amount": 1 });
        let chained = |operation: &Value| registry::parse_operation(operation).unwrap().chain(&chain);
        let tickets = ["u0", "nobody", "u1"].map(|user| instance.submit(chained(&charge(user))));
        let [first, refused, skipped] = tickets.map(Ticket::wait);
        assert!(first.is_ok_and(|answer| !answer.replayed));
        assert!(matches!(refused, Err(Error::Refused(_))), "{refused:?}");
        assert!(matches!(skipped, Err(Error::Skipped)), "{skipped:?}");
    }
    assert_eq!(shop.ask("wallet.balance", &json!({ "user": "u0" }))["balance"], 1_000_000_002);
    shop.clean();
}

#[test]
fn an_instance_that_dies_inside_a_transaction_blocks_the_others_only_until_its_time_out() {
    let shop = shop();
    let server = shop.server.as_ref().unwrap();
    let begin = json!({ "type": "batch", "batch": { "steps": [{ "stmt": { "sql": "BEGIN IMMEDIATE" } }] } });
    let begun = server.pipeline(&json!([begin]));
    assert!(begun["baton"].is_string(), "{begun}");
    let others: Vec<_> = (0..3).map(|_| open(&server.url(), long_timeouts())).collect();
    std::thread::scope(|scope| {
        for (number, other) in others.iter().enumerate() {
            let user = format!("u{number}");
            scope.spawn(move || submit(other, &order(&user, &user)).expect("it waits its turn"));
        }
    });
    shop.clean();
}
