//! Rebuilds what derives from the ledgers, each table in one pass.

use super::auditor::Auditor;
use super::search;
use crate::engine::Engine;
use crate::error::Error;
use crate::store::schema::EMPTY_GRAMS;

/// The statements that repair a store. If the index of products differs, it is only emptied: it is rebuilt when the
/// store is opened.
pub(super) fn statements(shop: &Engine) -> Result<Vec<&'static str>, Error> {
    let mut quietly = |_| {};
    let mut auditor = Auditor::new(shop, &mut quietly)?;
    search::check(&mut auditor)?;
    Ok(REPAIRS.into_iter().chain((auditor.audit.found > 0).then_some(EMPTY_GRAMS)).collect())
}

/// Statements that rebuild balances, the beginnings of histories, stocks and the users of cancellations. Sums of
/// sales are rebuilt when they are needed.
const REPAIRS: [&str; 5] = [
    "DELETE FROM sales_by_hour",
    "DELETE FROM sales_by_day",
    "UPDATE wallets SET balance = c.balance, last_entry = c.last_entry, last_order = c.last_order FROM
        (SELECT user_no, sum(amount) AS balance, max(entry) AS last_entry, max(order_id) AS last_order FROM
            (SELECT user_no, 0 AS amount, 0 AS entry, 0 AS order_id FROM wallets
             UNION ALL
             SELECT user_no, amount, entry, 0 FROM ledger
             UNION ALL
             SELECT user_no, 0, 0, order_id FROM orders)
         GROUP BY user_no) c
     WHERE c.user_no = wallets.user_no AND (c.balance, c.last_entry, c.last_order)
        <> (wallets.balance, wallets.last_entry, wallets.last_order)",
    "UPDATE cancellations SET user_no = o.user_no FROM orders o
     WHERE o.order_id = cancellations.order_id AND o.user_no <> cancellations.user_no",
    "UPDATE stocks SET stock = m.computed FROM
        (SELECT product_no, sum(delta) AS computed FROM
            (SELECT product_no, delta FROM movements
             UNION ALL
             SELECT product_no, -quantity FROM order_lines
             UNION ALL
             SELECT l.product_no, l.quantity FROM cancellations c CROSS JOIN order_lines l
                ON l.line BETWEEN c.order_id * 1024 AND c.order_id * 1024 + 1023)
         GROUP BY product_no) m
     WHERE m.product_no = stocks.product_no AND m.computed <> stocks.stock",
];
