//! The statements that best sellers are read with.

use std::ops::Range;

use super::sums::{Period, Sum};
use super::window::Orders;
use crate::row::table::LINES;
use crate::row::{Rows, Statement, list};

/// The most lines that are read at once, however long the orders are.
pub(super) const LINES_LIMIT: i64 = 4_096;

/// Products by their numbers, in the columns product_no, product, name, price, stock.
pub(super) const PRODUCTS: &str = "SELECT p.product_no, p.product, p.name, p.price, s.stock FROM products p LEFT JOIN stocks s USING (product_no)
            WHERE p.product_no IN (SELECT value FROM json_each(?1))";

/// The newest stored time and the number of products.
pub(super) fn store() -> Statement {
    Statement::new("SELECT last_at, last_product FROM store", [])
}

/// The newest ledger entry.
pub(super) fn newest_entry() -> Statement {
    Statement::new("SELECT last_entry FROM store", [])
}

/// The time of an order.
pub(super) fn time_of(order: i64) -> Statement {
    Statement::new("SELECT at FROM orders WHERE order_id = ?1", [order.into()])
}

/// The time of an order and the store's identity.
pub(super) fn mark(order: i64) -> Statement {
    let sql = "SELECT (SELECT at FROM orders WHERE order_id = ?1), uuid FROM store";
    Statement::new(sql, [order.into()])
}

/// The cancelled orders among these.
pub(super) fn cancelled(orders: Orders) -> Statement {
    let sql = "SELECT order_id FROM cancellations WHERE order_id > ?1 AND order_id <= ?2";
    Statement::new(sql, [orders.after.into(), orders.last.into()])
}

/// The cancelled orders among these, with the ledger entries of their refunds.
pub(super) fn refunded(orders: Orders) -> Statement {
    let sql =
        "SELECT order_id, entry FROM cancellations WHERE order_id > ?1 AND order_id <= ?2 ORDER BY order_id";
    Statement::new(sql, [orders.after.into(), orders.last.into()])
}

/// The first lines from line `first` up to but not including `end`.
pub(super) fn lines(first: i64, end: i64) -> Statement {
    lines_up_to(first, end, LINES_LIMIT)
}

/// The same with another limit.
pub(super) fn lines_up_to(first: i64, end: i64, limit: i64) -> Statement {
    let sql = "SELECT line, product_no, price, quantity FROM order_lines
        WHERE line >= ?1 AND line < ?2 ORDER BY line LIMIT ?3";
    Statement::new(sql, [first.into(), end.into(), limit.into()])
}

/// The lines of orders: the first, and the end behind the last.
pub(super) fn line_range(orders: Orders) -> (i64, i64) {
    ((orders.after + 1) * LINES, (orders.last + 1) * LINES)
}

/// The stored sums of these hours or days.
pub(super) fn sums(period: Period, numbers: Range<i64>, limit: i64) -> Statement {
    let sql = match period {
        Period::Hour => {
            "SELECT hour, after_order, last_order, entry, sales FROM sales_by_hour WHERE hour >= ?1 AND hour < ?2
             ORDER BY hour LIMIT ?3"
        }
        Period::Day => {
            "SELECT day, after_order, last_order, entry, sales FROM sales_by_day WHERE day >= ?1 AND day < ?2
             ORDER BY day LIMIT ?3"
        }
    };
    Statement::new(sql, [numbers.start.into(), numbers.end.into(), limit.into()])
}

/// The sums from the rows of [`sums`].
pub(super) fn read_sums(period: Period, rows: &Rows) -> impl Iterator<Item = Sum> {
    rows.iter().map(move |row| Sum {
        period,
        number: row[0].int(),
        after: row[1].int(),
        last: row[2].int(),
        entry: row[3].int(),
        sales: row[4].text(),
    })
}

/// Products by their numbers.
pub(super) fn products(numbers: &[i64]) -> Statement {
    Statement::new(PRODUCTS, [list(numbers).into()])
}
