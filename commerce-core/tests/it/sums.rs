//! Tests best sellers of windows that are long enough to be read from sums of hours and days. They equal a count of the
//! lines, in every process and however late an order was cancelled.

use std::path::Path;

use commerce_core::sales::{RankBy, Top, TopSellers};
use commerce_core::{
    Clock, Commerce, Location, Options, ProductId, Quantity, Submission, SystemClock, Ticket, Time, UserId,
    order,
};
use serde_json::json;

use crate::proxy::Proxy;
use crate::shop::{On, Shop};

const ORDERS: i64 = 9_000;
const DAYS: i64 = 6;
const HOUR: i64 = 3_600_000;

/// A shop with orders of 20 products over six days.
fn shop(on: On) -> Shop {
    let shop = Shop::on(on);
    let begin = SystemClock.now().millis() - DAYS * 24 * HOUR;
    let at = |number: i64| Time::from_millis(begin + number * DAYS * 24 * HOUR / (ORDERS + 1));
    let early = json!({ "op": "user.add", "user": "u", "at": Time::from_millis(begin).to_string() });
    shop.submit(&early);
    let money = json!({ "op": "wallet.charge", "user": "u", "amount": 1_000_000_000, "at": Time::from_millis(begin).to_string() });
    shop.submit(&money);
    for number in 0..20 {
        let add = json!({ "op": "product.add", "product": format!("p{number}"), "name": "P", "price": number, "stock": 1_000_000,
            "at": Time::from_millis(begin).to_string() });
        assert!(shop.submit(&add)["ok"].is_object());
    }
    let place = |number: i64| {
        let item = |product: i64, quantity: i64| {
            (
                ProductId::try_from(format!("p{}", product % 20)).unwrap(),
                Quantity::try_from(quantity).unwrap(),
            )
        };
        let items = order::Items::new([item(number * number, 1 + number % 3), item(number / 7, 1)]).unwrap();
        let place = order::Place { user: UserId::try_from("u").unwrap(), items, expected_total: None };
        shop.commerce.submit(Submission::new(place).at(at(number)))
    };
    for part in (1..=ORDERS).collect::<Vec<_>>().chunks(4_000) {
        let tickets: Vec<Ticket<_>> = part.iter().map(|&number| place(number)).collect();
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    }
    shop
}

/// A clock that stands.
struct Noted(Time);

impl Clock for Noted {
    fn now(&self) -> Time {
        self.0
    }
}

fn cancel(shop: &Shop, orders: impl Iterator<Item = i64>) {
    for order in orders {
        assert!(shop.submit(&json!({ "op": "order.cancel", "order": order }))["ok"].is_object());
    }
}

/// The best sellers, counted from the lines by SQL.
fn counted(file: &Path, top: &TopSellers, by: RankBy) -> Vec<(String, i64, i64)> {
    let connection = rusqlite::Connection::open(file).unwrap();
    let order = if by == RankBy::Units { "2 DESC, 3 DESC" } else { "3 DESC, 2 DESC" };
    let sql = format!(
        "SELECT p.product, sum(l.quantity), sum(l.price * l.quantity) FROM orders o
        JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
        JOIN products p USING (product_no)
        WHERE o.at > ?1 AND o.at <= ?2 AND o.order_id NOT IN (SELECT order_id FROM cancellations)
        GROUP BY p.product ORDER BY {order}, 1 LIMIT 10"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let window = (top.window.from.millis(), top.window.to.millis());
    let rows = statement.query_map(window, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Checks many windows, each through a new handle and through one that stays open.
fn check(shop: &Shop) {
    let now = SystemClock.now().millis();
    let copy = shop.path.with_extension("copy");
    let file = match shop.on {
        On::File => &shop.path,
        On::Server(_) => {
            shop.commerce.backup(&copy).unwrap();
            &copy
        }
    };
    for (hours_ago, days) in [(0, 1), (0, 3), (0, 5), (0, 365), (1, 4), (13, 3), (24, 5), (25, 4), (47, 300)]
    {
        for millis in [0, 1, HOUR / 2] {
            let to =
                (hours_ago > 0 || millis > 0).then(|| Time::from_millis(now - hours_ago * HOUR - millis));
            let anew = Commerce::open(shop.at(), Options::new(SystemClock)).unwrap();
            for (commerce, by) in [(&anew, RankBy::Units), (&shop.commerce, RankBy::Revenue)] {
                let top = commerce.query(&Top { days, limit: 10, to, by }).unwrap();
                let told: Vec<_> =
                    top.items.iter().map(|s| (s.product.to_string(), s.units, s.revenue.get())).collect();
                assert_eq!(
                    told,
                    counted(file, &top, by),
                    "{hours_ago} hours and {millis} ms ago, {days} days"
                );
            }
        }
    }
    // Without a copy, there is nothing to remove.
    let _ = std::fs::remove_file(copy);
}

fn kept(shop: &Shop) -> (i64, i64) {
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    let sql = "SELECT (SELECT count(*) FROM sales_by_hour), (SELECT count(*) FROM sales_by_day)";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

#[test]
fn sums_equal_the_lines() {
    for on in [On::File, On::Server(1)] {
        equal_the_lines(&shop(on));
    }
}

fn equal_the_lines(shop: &Shop) {
    cancel(shop, (1..ORDERS).step_by(97));
    check(shop);
    if let On::File = shop.on {
        let (hours, days) = kept(shop);
        assert!(
            (1..DAYS * 24).contains(&hours) && (DAYS - 2..=DAYS).contains(&days),
            "{hours} hours, {days} days"
        );
    }
    shop.clean();
    // Later cancellations count, whether few or so many that a sum is made again.
    cancel(shop, (2..ORDERS).step_by(499));
    check(shop);
    cancel(shop, (3_000..3_600).filter(|order| order % 97 != 1 && order % 499 != 2));
    check(shop);
    shop.clean();
}

/// From cold, one request brings the bounds and the sums, and one the rest; then one brings what has changed since.
#[test]
fn a_server_is_asked_twice_from_cold_and_once_when_warm() {
    let shop = shop(On::Server(1));
    cancel(&shop, (1..ORDERS).step_by(97));
    let days_5 = Top { days: 5, limit: 10, to: None, by: RankBy::Units };
    let ended = Top { to: Some(Time::from_millis(SystemClock.now().millis() - 13 * HOUR)), ..days_5.clone() };
    // No hour ends during the test.
    let options = Options::new(Noted(SystemClock.now())).own_time();
    // The first time, missing sums are computed and stored.
    let first = Commerce::open(shop.at(), options.clone()).unwrap();
    for top in [&days_5, &ended] {
        first.query(top).unwrap();
    }
    // Behind these, the sums are stored.
    cancel(&shop, [ORDERS - 1].into_iter());
    let proxy = Proxy::to(shop.server.as_ref().unwrap().port);
    let anew =
        || Commerce::open(proxy.url().parse::<Location>().unwrap(), Options::new(SystemClock)).unwrap();
    let asked = |commerce: &Commerce, top: &Top, requests: usize, case: &str| {
        let before = proxy.requests();
        let answered = commerce.query(top).unwrap();
        assert_eq!(proxy.requests() - before, requests, "{case}");
        // The same from another handle, which has cached nothing.
        let expected = Commerce::open(shop.at(), options.clone()).unwrap().query(top).unwrap();
        assert_eq!(answered.items, expected.items, "{case}");
    };
    asked(&anew(), &ended, 2, "a window that has ended");
    let commerce = anew();
    asked(&commerce, &days_5, 2, "from cold");
    asked(&commerce, &days_5, 1, "again");
    for (product, quantity) in [("p3", 5), ("p4", 90_000)] {
        let item = json!({ "product": product, "quantity": quantity });
        assert!(shop.submit(&json!({ "op": "order.place", "user": "u", "items": [item] }))["ok"].is_object());
        asked(&commerce, &days_5, 1, product);
    }
    cancel(&shop, [5_000, 5_001, ORDERS + 1].into_iter());
    asked(&commerce, &days_5, 1, "after cancellations");
    let names = Top { by: RankBy::Revenue, limit: 3, ..days_5 };
    asked(&commerce, &names, 1, "by revenue");
    asked(&commerce, &Top { days: 2, ..names }, 2, "another window");
}

#[test]
fn a_wrong_sum_is_reported_and_rebuilt() {
    let shop = shop(On::File);
    check(&shop);
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    let damage = "UPDATE sales_by_day SET sales = '111' WHERE day = (SELECT min(day) FROM sales_by_day)";
    connection.execute_batch(damage).unwrap();
    let told = shop.commerce.verify().unwrap();
    assert!(told.iter().any(|difference| difference.what == "sales of day"), "{told:?}");
    shop.commerce.repair().unwrap();
    assert_eq!(kept(&shop), (0, 0));
    check(&shop);
    shop.clean();
}

#[test]
fn a_small_shop_keeps_no_sums() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "u" }));
    shop.ask("sales.top", &json!({ "days": 365 }));
    assert_eq!(kept(&shop), (0, 0));
}
