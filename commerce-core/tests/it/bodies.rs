//! Tests that no request to a server is larger than what proxies take by default: those of large groups, and those of a
//! restore.

use commerce_core::{Chain, Commerce, Currency, Location, Options, SystemClock, registry, wallet};
use serde_json::{Value, json};

use crate::proxy::{Fault, Proxy};
use crate::sqld::Sqld;

/// The default limit of nginx (`client_max_body_size`).
const LIMIT: usize = 1 << 20;

/// More orders than one group takes, each with this many lines.
const ORDERS: usize = 600;
const LINES: usize = 60;

fn submit_all(shop: &Commerce, operations: impl IntoIterator<Item = Value>) {
    let chain = Chain::new();
    let tickets: Vec<_> = operations
        .into_iter()
        .map(|operation| shop.submit(registry::parse_operation(&operation).unwrap().chain(&chain)))
        .collect();
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
}

#[test]
fn groups_and_restores_send_no_more_than_a_proxy_takes() {
    let server = Sqld::start();
    let proxy = Proxy::to(server.port);
    let at: Location = proxy.url().parse().unwrap();
    let shop = Commerce::create(at, Currency::try_from("KRW").unwrap(), Options::new(SystemClock)).unwrap();
    // Names are long, and full of what JSON escapes.
    let product = |place: usize| format!("product-with-a-long-number-{place:04}");
    submit_all(&shop, (0..LINES).map(|place| {
        let name = format!("{place} {}", "\"\\머그컵".repeat(30));
        json!({ "op": "product.add", "product": product(place), "name": name, "price": 1, "stock": 1_000_000 })
    }));
    submit_all(
        &shop,
        [
            json!({ "op": "user.add", "user": "u" }),
            json!({ "op": "wallet.charge", "user": "u", "amount": 100_000_000 }),
        ],
    );
    let items: Vec<_> = (0..LINES).map(|place| json!({ "product": product(place), "quantity": 1 })).collect();
    // An answer before that of the commit is lost, and the group is sent again.
    proxy.arm_at("INSERT INTO order_lines", Fault::CutAnswer(500));
    let before = shop.stats().groups;
    submit_all(&shop, (0..ORDERS).map(|place| {
        json!({ "op": "order.place", "user": "u", "items": items, "key": format!("\"{place}\"") })
    }));
    assert!(
        shop.stats().groups - before < 100,
        "they were written in {} groups",
        shop.stats().groups - before
    );
    assert_eq!(shop.verify().unwrap(), []);
    proxy.wait_for_fault();
    let made = shop.query(&wallet::Balance { user: "u".parse().unwrap() }).unwrap().balance.get();
    assert_eq!(made, 100_000_000 - (ORDERS * LINES) as i64);
    assert!((LIMIT / 2..LIMIT).contains(&proxy.largest_request()), "{}", proxy.largest_request());

    let folder = tempfile::tempdir().unwrap();
    let [copy, kept] = ["copy.db", "kept.db"].map(|name| folder.path().join(name));
    shop.backup(&copy).unwrap();
    shop.restore(&copy, &kept).unwrap();
    assert_eq!(shop.verify().unwrap(), []);
    assert!(proxy.largest_request() < LIMIT, "{}", proxy.largest_request());
}
