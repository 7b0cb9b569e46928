//! Auditing: every figure is computed once more, by SQL alone, from the rows that explain it.

use std::fmt;

use serde::Serialize;

use crate::error::Error;
use crate::query::{Query, View};
use crate::sales::Top;
use crate::store::{Rows, Statement, Value};

/// A figure that is not what its rows say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Which figure.
    pub what: String,
    /// Of what.
    pub id: String,
    /// As it stands.
    pub stored: String,
    /// As it should be.
    pub computed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {}: stored {}, computed {}", self.what, self.id, self.stored, self.computed)
    }
}

/// Every difference.
pub(crate) fn verify(view: &mut View<'_>) -> Result<Vec<Difference>, Error> {
    let mut differences = Vec::new();
    for (what, sql) in CHECKS {
        let rows = view.rows(&Statement::new(sql, []))?;
        differences.extend(told(what, &rows));
    }
    sales(view, &mut differences)?;
    integrity(view, &mut differences)?;
    Ok(differences)
}

/// Statements that rebuild what is derived.
pub(crate) const REPAIRS: [&str; 2] = [
    "UPDATE wallets SET
        balance = (SELECT coalesce(sum(amount), 0) FROM ledger l WHERE l.user_no = wallets.user_no),
        last_entry = (SELECT coalesce(max(entry), 0) FROM ledger l WHERE l.user_no = wallets.user_no),
        last_order = (SELECT coalesce(max(order_id), 0) FROM orders o WHERE o.user_no = wallets.user_no)
     WHERE user_no IN (SELECT w.user_no FROM wallets w
        LEFT JOIN (SELECT user_no, sum(amount) AS amount, max(entry) AS entry FROM ledger GROUP BY user_no) l
            USING (user_no)
        LEFT JOIN (SELECT user_no, max(order_id) AS order_id FROM orders GROUP BY user_no) o USING (user_no)
        WHERE w.balance <> coalesce(l.amount, 0) OR w.last_entry <> coalesce(l.entry, 0)
            OR w.last_order <> coalesce(o.order_id, 0))",
    "UPDATE stocks SET stock = m.computed FROM
        (SELECT product_no, sum(delta) AS computed FROM
            (SELECT product_no, delta FROM movements
             UNION ALL
             SELECT product_no, -quantity FROM order_lines
             WHERE line / 1024 NOT IN (SELECT order_id FROM cancellations))
         GROUP BY product_no) m
     WHERE m.product_no = stocks.product_no AND m.computed <> stocks.stock",
];

/// Each check answers id, stored and computed of what differs.
const CHECKS: [(&str, &str); 17] = [
    (
        "balance",
        "SELECT u.user, w.balance, coalesce(l.computed, 0) FROM users u JOIN wallets w USING (user_no)
         LEFT JOIN (SELECT user_no, sum(amount) AS computed FROM ledger GROUP BY user_no) l USING (user_no)
         WHERE w.balance <> coalesce(l.computed, 0)",
    ),
    (
        "newest ledger entry",
        "SELECT u.user, w.last_entry, coalesce(l.computed, 0) FROM users u JOIN wallets w USING (user_no)
         LEFT JOIN (SELECT user_no, max(entry) AS computed FROM ledger GROUP BY user_no) l USING (user_no)
         WHERE w.last_entry <> coalesce(l.computed, 0)",
    ),
    (
        "newest order",
        "SELECT u.user, w.last_order, coalesce(o.computed, 0) FROM users u JOIN wallets w USING (user_no)
         LEFT JOIN (SELECT user_no, max(order_id) AS computed FROM orders GROUP BY user_no) o USING (user_no)
         WHERE w.last_order <> coalesce(o.computed, 0)",
    ),
    (
        "wallet",
        "SELECT u.user, NULL, 'there' FROM users u LEFT JOIN wallets w USING (user_no) WHERE w.user_no IS NULL",
    ),
    (
        "stock's row",
        "SELECT p.product, NULL, 'there' FROM products p LEFT JOIN stocks s USING (product_no)
         WHERE s.product_no IS NULL",
    ),
    (
        "price",
        "SELECT product, price, '0 to 9007199254740991' FROM products WHERE price NOT BETWEEN 0 AND 9007199254740991",
    ),
    (
        "quantity in a cart",
        "SELECT u.user, c.quantity, '1 to 1000000' FROM cart_lines c JOIN users u USING (user_no)
         WHERE c.quantity NOT BETWEEN 1 AND 1000000",
    ),
    (
        "balance after ledger entry",
        "SELECT entry, balance, computed FROM (SELECT entry, balance,
            sum(amount) OVER (PARTITION BY user_no ORDER BY entry) AS computed FROM ledger)
         WHERE balance <> computed",
    ),
    (
        "entry before ledger entry",
        "SELECT entry, previous_entry, computed FROM (SELECT entry, previous_entry,
            lag(entry, 1, 0) OVER (PARTITION BY user_no ORDER BY entry) AS computed FROM ledger)
         WHERE previous_entry <> computed",
    ),
    (
        "order before order",
        "SELECT order_id, previous_order, computed FROM (SELECT order_id, previous_order,
            lag(order_id, 1, 0) OVER (PARTITION BY user_no ORDER BY order_id) AS computed FROM orders)
         WHERE previous_order <> computed",
    ),
    (
        "stock",
        "SELECT p.product, s.stock, coalesce(m.computed, 0) FROM products p JOIN stocks s USING (product_no)
         LEFT JOIN (SELECT product_no, sum(delta) AS computed FROM
            (SELECT product_no, delta FROM movements
             UNION ALL
             SELECT product_no, -quantity FROM order_lines
             WHERE line / 1024 NOT IN (SELECT order_id FROM cancellations))
         GROUP BY product_no) m USING (product_no)
         WHERE s.stock <> coalesce(m.computed, 0)",
    ),
    (
        "total of order",
        "SELECT o.order_id, o.total, l.computed FROM orders o
         LEFT JOIN (SELECT line / 1024 AS order_id, sum(price * quantity) AS computed FROM order_lines
            GROUP BY line / 1024) l USING (order_id)
         WHERE o.total IS NOT l.computed",
    ),
    (
        "payment of order",
        "SELECT o.order_id, l.computed, -o.total FROM orders o
         LEFT JOIN (SELECT source AS order_id, sum(amount) AS computed, count(*) AS many, max(balance) AS balance
            FROM ledger WHERE kind = 'payment' GROUP BY source) l USING (order_id)
         WHERE l.computed IS NOT -o.total OR l.many <> 1 OR l.balance <> o.balance",
    ),
    (
        "refund of order",
        "SELECT coalesce(c.order_id, l.source), l.amount, o.total FROM
         (SELECT source, sum(amount) AS amount FROM ledger WHERE kind = 'refund' GROUP BY source) l
         FULL JOIN cancellations c ON c.order_id = l.source LEFT JOIN orders o USING (order_id)
         WHERE l.amount IS NOT o.total",
    ),
    (
        "order of lines",
        "SELECT DISTINCT line / 1024, line / 1024, 'none' FROM order_lines
         WHERE line / 1024 NOT IN (SELECT order_id FROM orders)",
    ),
    (
        "time of order",
        "SELECT order_id, at, before FROM
         (SELECT order_id, at, lag(at, 1, 0) OVER (ORDER BY order_id) AS before FROM orders) WHERE at < before",
    ),
    (
        "newest number",
        "SELECT 'orders', last_order, (SELECT count(*) FROM orders) FROM store
            WHERE last_order <> (SELECT count(*) FROM orders)
         UNION ALL SELECT 'orders', last_order, (SELECT coalesce(max(order_id), 0) FROM orders) FROM store
            WHERE last_order <> (SELECT coalesce(max(order_id), 0) FROM orders)
         UNION ALL SELECT 'ledger', last_entry, (SELECT coalesce(max(entry), 0) FROM ledger) FROM store
            WHERE last_entry <> (SELECT coalesce(max(entry), 0) FROM ledger)
         UNION ALL SELECT 'users', last_user, (SELECT coalesce(max(user_no), 0) FROM users) FROM store
            WHERE last_user <> (SELECT coalesce(max(user_no), 0) FROM users)",
    ),
];

/// Compares the engine's best sellers, brought forward in memory, with a sum over the orders' times.
fn sales(view: &mut View<'_>, differences: &mut Vec<Difference>) -> Result<(), Error> {
    let answered = match (Top { limit: 100, ..Top::default() }).answer(view) {
        // A row that cannot be is a difference too; the other checks say which.
        Err(Error::Store(because)) => {
            differences.push(Difference {
                what: "sales figures".into(),
                id: "store".into(),
                stored: because,
                computed: "readable".into(),
            });
            return Ok(());
        }
        answered => answered?,
    };
    let sql = "SELECT p.product, sum(l.quantity), sum(l.price * l.quantity) FROM orders o
        JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
        JOIN products p USING (product_no)
        WHERE o.at > ?1 AND o.at <= ?2 AND o.order_id NOT IN (SELECT order_id FROM cancellations)
        GROUP BY p.product ORDER BY 2 DESC, 3 DESC, 1 LIMIT 100";
    let span = answered.window;
    let rows = view.rows(&Statement::new(sql, [span.from.millis().into(), span.to.millis().into()]))?;
    let seller = |product: &str, units: i64, revenue: i64| format!("{product} {units} units {revenue}");
    let stored: Vec<_> =
        answered.items.iter().map(|s| seller(s.product.as_str(), s.units, s.revenue)).collect();
    let computed: Vec<_> =
        rows.iter().map(|row| seller(&row[0].text(), row[1].int(), row[2].int())).collect();
    for place in 0..stored.len().max(computed.len()) {
        let (a, b) = (stored.get(place), computed.get(place));
        if a != b {
            let or_none = |text: Option<&String>| text.cloned().unwrap_or_else(|| "none".into());
            differences.push(Difference {
                what: "sales figure".into(),
                id: format!("rank {}", place + 1),
                stored: or_none(a),
                computed: or_none(b),
            });
        }
    }
    Ok(())
}

fn integrity(view: &mut View<'_>, differences: &mut Vec<Difference>) -> Result<(), Error> {
    let rows = view.rows(&Statement::new("PRAGMA integrity_check", []))?;
    for row in rows.iter().filter(|row| row[0].text().as_ref() != "ok") {
        differences.push(Difference {
            what: "integrity".into(),
            id: "database".into(),
            stored: shown(&row[0]),
            computed: "ok".into(),
        });
    }
    let rows = view.rows(&Statement::new("PRAGMA foreign_key_check", []))?;
    for row in rows.iter() {
        differences.push(Difference {
            what: format!("reference to {}", shown(&row[2])),
            id: format!("{} row {}", shown(&row[0]), shown(&row[1])),
            stored: "broken".into(),
            computed: "whole".into(),
        });
    }
    Ok(())
}

fn told<'a>(what: &'a str, rows: &'a Rows) -> impl Iterator<Item = Difference> + 'a {
    rows.iter().map(move |row| Difference {
        what: what.into(),
        id: shown(&row[0]),
        stored: shown(&row[1]),
        computed: shown(&row[2]),
    })
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Integer(value) => value.to_string(),
        Value::Text(text) => text.as_ref().into(),
    }
}
