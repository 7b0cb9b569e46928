//! Tests best sellers of windows that are long enough to be read from sums of hours and days. They equal a count of the
//! lines, in every process and however late an order was cancelled.

use commerce_core::sales::{RankBy, Top, TopSellers};
use commerce_core::{
    Clock, Commerce, Options, ProductId, Quantity, Submission, SystemClock, Ticket, Time, UserId, order,
};
use serde_json::json;

use crate::shop::Shop;

const ORDERS: i64 = 9_000;
const DAYS: i64 = 6;
const HOUR: i64 = 3_600_000;

/// A shop with orders of 20 products over six days.
fn shop() -> Shop {
    let shop = Shop::new();
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

fn cancel(shop: &Shop, orders: impl Iterator<Item = i64>) {
    for order in orders {
        assert!(shop.submit(&json!({ "op": "order.cancel", "order": order }))["ok"].is_object());
    }
}

/// The best sellers, counted from the lines by SQL.
fn counted(shop: &Shop, top: &TopSellers, by: RankBy) -> Vec<(String, i64, i64)> {
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
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
                    counted(shop, &top, by),
                    "{hours_ago} hours and {millis} ms ago, {days} days"
                );
            }
        }
    }
}

fn kept(shop: &Shop) -> (i64, i64) {
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    let sql = "SELECT (SELECT count(*) FROM sales_by_hour), (SELECT count(*) FROM sales_by_day)";
    connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

#[test]
fn sums_equal_the_lines() {
    let shop = shop();
    cancel(&shop, (1..ORDERS).step_by(97));
    check(&shop);
    let (hours, days) = kept(&shop);
    assert!(
        (1..DAYS * 24).contains(&hours) && (DAYS - 2..=DAYS).contains(&days),
        "{hours} hours, {days} days"
    );
    shop.clean();
    // Later cancellations count, whether few or so many that a sum is made again.
    cancel(&shop, (2..ORDERS).step_by(499));
    check(&shop);
    cancel(&shop, (3_000..3_600).filter(|order| order % 97 != 1 && order % 499 != 2));
    check(&shop);
    shop.clean();
}

#[test]
fn a_wrong_sum_is_reported_and_rebuilt() {
    let shop = shop();
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
