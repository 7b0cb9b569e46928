//! What best sellers are asked for, and statements that compute the bounds of its window.

use crate::row::table::LINES;
use crate::row::{Statement, Value, list};
use crate::sales::sold::Sales;
use crate::sales::statements::LINES_LIMIT;
use crate::sales::window::Orders;
use crate::time::Time;

/// What best sellers are asked for.
pub(in crate::sales) struct Question<'a> {
    pub(in crate::sales) days: u16,
    /// The end of the window; now, if there is none.
    pub(in crate::sales) to: Option<Time>,
    pub(in crate::sales) now: Time,
    /// The products that are likely to be the best, given what was sold in most of the window.
    pub(in crate::sales) candidates: &'a dyn Fn(&Sales) -> Vec<i64>,
}

/// The most lines that are read ahead at each end of a window.
pub(super) const MAX_LINES: i64 = 32_768;

/// The most products that are read ahead.
const PRODUCTS_LIMIT: i64 = 4_096;

/// The end of the window as SQL over the values of [`Question::times`]; its beginning in [`FROM`].
pub(super) const TO: &str = "(SELECT max(?1, last_at * ?2) FROM store)";
pub(super) const FROM: &str = "(SELECT max(0, max(?1, last_at * ?2) - ?3) FROM store)";

impl Question<'_> {
    /// The end of the window if nothing newer is stored, whether the newest stored time counts, and the window's length.
    fn times(&self) -> [Value; 3] {
        let end = self.to.unwrap_or(self.now).millis();
        let length = i64::from(self.days) * 86_400_000;
        [end.into(), self.to.is_none().into(), length.into()]
    }

    /// The window when this is the newest stored time.
    pub(super) fn window(&self, newest: Time) -> (Time, Time) {
        let to = self.to.unwrap_or_else(|| self.now.max(newest));
        (to.minus_days(self.days), to)
    }

    /// A statement over the end of the window.
    pub(super) fn over_end(&self, sql: String) -> Statement {
        let [end, newest, _] = self.times();
        Statement::new(sql, [end, newest])
    }

    /// A statement over the beginning of the window and more values.
    pub(super) fn over_begin<const N: usize>(&self, sql: String, more: [i64; N]) -> Statement {
        let values: Vec<Value> = self.times().into_iter().chain(more.map(Value::from)).collect();
        Statement::new(sql, values)
    }
}

/// The products among `candidates`, and those at the beginning of two ranges of lines.
pub(super) fn products(candidates: &[i64], ranges: [(i64, i64); 2]) -> Statement {
    let sold = |first: &str, end: &str| {
        format!(
            "SELECT product_no FROM (SELECT product_no FROM order_lines
                WHERE line >= {first} AND line < {end} ORDER BY line LIMIT {MAX_LINES})"
        )
    };
    let sql = format!(
        "SELECT p.product_no, p.product, p.name, p.price, s.stock FROM products p LEFT JOIN stocks s USING (product_no)
        WHERE p.product_no IN (SELECT value FROM json_each(?1)
            UNION {} UNION {}) LIMIT {PRODUCTS_LIMIT}",
        sold("?2", "?3"),
        sold("?4", "?5")
    );
    let [(a, b), (c, d)] = ranges;
    let numbers = list(candidates);
    Statement::new(sql, [numbers.into(), a.into(), b.into(), c.into(), d.into()])
}

/// The lines of orders that were cancelled after a ledger entry.
pub(super) fn lines_of_refunds(orders: Orders, entry: i64) -> Statement {
    let sql = format!(
        "SELECT l.line, l.product_no, l.price, l.quantity FROM cancellations c
        CROSS JOIN order_lines l ON l.line BETWEEN c.order_id * {LINES} AND c.order_id * {LINES} + {LINES} - 1
        WHERE c.order_id > ?1 AND c.order_id <= ?2 AND c.entry > ?3 ORDER BY l.line LIMIT {LINES_LIMIT}"
    );
    Statement::new(sql, [orders.after.into(), orders.last.into(), entry.into()])
}
