//! Rebuilding what derives from the ledgers, each table in one pass.

use super::{Difference, search};
use crate::store::schema::EMPTY_GRAMS;

/// What to do about these differences. The index of products is only emptied: whoever opens the store fills it.
pub(crate) fn repairs(differences: &[Difference]) -> Vec<&'static str> {
    let index = differences.iter().any(|difference| search::TOLD.contains(&difference.what.as_str()));
    REPAIRS.into_iter().chain(index.then_some(EMPTY_GRAMS)).collect()
}

/// Statements that rebuild balances, where histories begin, and stocks. Sums of sales are made anew when they are needed.
const REPAIRS: [&str; 4] = [
    "DELETE FROM sales_by_hour",
    "DELETE FROM sales_by_day",
    "UPDATE wallets SET balance = c.balance, last_entry = c.last_entry, last_order = c.last_order FROM
        (SELECT w.user_no, coalesce(l.balance, 0) AS balance, coalesce(l.last_entry, 0) AS last_entry,
            coalesce(o.last_order, 0) AS last_order FROM wallets w
         LEFT JOIN (SELECT user_no, sum(amount) AS balance, max(entry) AS last_entry FROM ledger GROUP BY user_no) l
            USING (user_no)
         LEFT JOIN (SELECT user_no, max(order_id) AS last_order FROM orders GROUP BY user_no) o USING (user_no)) c
     WHERE c.user_no = wallets.user_no AND (c.balance, c.last_entry, c.last_order)
        <> (wallets.balance, wallets.last_entry, wallets.last_order)",
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
