//! Tests best sellers of a cached window on a server, which is brought up to date in one request, against a plain count:
//! while time passes, two instances place orders and cancel old and new ones.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use commerce_core::sales::Top;
use commerce_core::{Clock, Commerce, Location, Options, Time};
use serde_json::json;

use crate::proxy::Proxy;
use crate::shop::{On, Shop, submit};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;

/// A clock that the test sets.
#[derive(Clone)]
struct Hand(Arc<AtomicI64>);

impl Clock for Hand {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The same numbers in each run, each below `end`.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, end: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64 % end
    }
}

/// What the test knows of an order.
struct Placed {
    order: i64,
    at: i64,
    lines: Vec<(i64, i64)>,
}

/// The products of a window with their units, best first, and by name if they tie. A price is 1, so the revenue is the same.
fn counted(orders: &[Placed], end: i64) -> Vec<(String, i64)> {
    let mut units = BTreeMap::new();
    for order in orders.iter().filter(|order| order.at > end - DAY && order.at <= end) {
        order.lines.iter().for_each(|(product, quantity)| *units.entry(*product).or_insert(0) += quantity);
    }
    let mut best: Vec<_> =
        units.into_iter().map(|(product, units)| (format!("p{product:02}"), units)).collect();
    best.sort_by_key(|(product, units)| (-units, product.clone()));
    best.truncate(5);
    best
}

#[test]
fn a_cached_window_on_a_server_equals_a_plain_count() {
    let shop = Shop::on(On::Server(1));
    let begin = Time::try_from("2090-01-01T00:00:00Z").unwrap().millis();
    let clock = Hand(Arc::new(AtomicI64::new(begin)));
    let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
    let options = Options::new(clock.clone()).own_time();
    let open = |at: Location| Commerce::open(at, options.clone()).unwrap();
    let instances = [open(proxy.url().parse().unwrap()), open(shop.at())];
    submit(&instances[0], &json!({ "op": "user.add", "user": "u" })).unwrap();
    submit(&instances[0], &json!({ "op": "wallet.charge", "user": "u", "amount": 1_000_000 })).unwrap();
    for product in 0..60 {
        let id = format!("p{product:02}");
        let add = json!({ "op": "product.add", "product": id, "name": id, "price": 1, "stock": 100_000 });
        submit(&instances[0], &add).unwrap();
    }
    let top = Top { days: 1, ..Top::default() };
    let (mut numbers, mut orders, mut requests) = (Numbers(13), Vec::new(), 0);
    const ROUNDS: i64 = 150;
    for round in 0..ROUNDS {
        let now = clock.0.fetch_add(numbers.next(40) * MINUTE, Ordering::SeqCst);
        let now = now.max(clock.0.load(Ordering::SeqCst));
        for _ in 0..numbers.next(5) {
            let lines: BTreeMap<i64, i64> =
                (0..=numbers.next(3)).map(|_| (numbers.next(60), 1 + numbers.next(9))).collect();
            let items: Vec<_> = lines
                .iter()
                .map(|(product, quantity)| json!({ "product": format!("p{product:02}"), "quantity": quantity }))
                .collect();
            let place = json!({ "op": "order.place", "user": "u", "items": items });
            let placed = submit(&instances[numbers.next(2) as usize], &place).unwrap();
            let order = placed["order"].as_i64().unwrap();
            orders.push(Placed { order, at: now, lines: lines.into_iter().collect() });
        }
        if !orders.is_empty() && numbers.next(3) == 0 {
            // Mostly a recent order, so that it lies in the window.
            let last = orders.len() as i64;
            let gone = orders.remove((last - 1 - numbers.next(last.min(50))) as usize);
            let cancel = json!({ "op": "order.cancel", "order": gone.order });
            submit(&instances[numbers.next(2) as usize], &cancel).unwrap();
        }
        for (instance, commerce) in instances.iter().enumerate() {
            if instance == 1 && round % 4 > 0 {
                continue;
            }
            let before = proxy.requests();
            let answered = commerce.query(&top).unwrap();
            requests += proxy.requests() - before;
            let told: Vec<_> =
                answered.items.iter().map(|best| (best.product.to_string(), best.units)).collect();
            assert_eq!(told, counted(&orders, now), "round {round}, instance {instance}");
        }
    }
    // One request for each query of the first instance; more while the window is new, or has little in common.
    assert!(requests <= (ROUNDS + ROUNDS / 10) as usize, "{requests} requests");
    shop.clean();
}
