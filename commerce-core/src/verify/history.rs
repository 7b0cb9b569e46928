//! Adds up the histories: movements, orders with their lines, and ledger entries, each read once from the first to
//! the last.

use std::collections::HashMap;

use super::auditor::{SPAN, display};
use super::report::Audit;
use crate::error::Error;
use crate::query::View;
use crate::row::list;
use crate::row::table::LINES;
use crate::row::{Rows, Statement, Value};

/// The position in the histories, and the sums so far.
#[derive(Debug, Default)]
pub(super) struct History {
    pub(super) wallets: HashMap<i64, Wallet>,
    pub(super) stocks: HashMap<i64, i64>,
    /// The last order that has a payment.
    pub(super) paid: i64,
    movement: i64,
    order: i64,
    entry: i64,
    /// When the last order was placed.
    at: i64,
    /// The order and the ledger entry after which the last movement was made.
    moved_after: (i64, i64),
}

/// The figures of a user according to the history.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wallet {
    pub(super) balance: i64,
    pub(super) last_entry: i64,
    pub(super) last_order: i64,
}

/// The last numbers of the histories.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbers {
    pub(super) movement: i64,
    pub(super) order: i64,
    pub(super) entry: i64,
}

impl Numbers {
    pub(super) fn of(view: &mut View<'_>) -> Result<Self, Error> {
        let rows =
            view.rows(&Statement::new("SELECT last_movement, last_order, last_entry FROM store", []))?;
        let row = rows.first().ok_or_else(|| Error::Store("the store's own row is missing".into()))?;
        Ok(Self { movement: row[0].int(), order: row[1].int(), entry: row[2].int() })
    }

    pub(super) fn sum(&self) -> u64 {
        [self.movement, self.order, self.entry].map(|number| u64::try_from(number).unwrap_or(0)).iter().sum()
    }
}

/// The kinds of ledger entries as numbers, since text would cost memory per row.
const PAYMENT: i64 = 1;
const REFUND: i64 = 2;

impl History {
    /// Reads the next span, up to these numbers. Returns false when nothing is left.
    pub(super) fn step(
        &mut self,
        view: &mut View<'_>,
        to: &Numbers,
        audit: &mut Audit,
    ) -> Result<bool, Error> {
        if self.movement < to.movement {
            self.read_movements(view, to.movement, audit)?;
        } else if self.order < to.order {
            self.read_orders(view, to.order, audit)?;
        } else if self.entry < to.entry {
            self.read_entries(view, to.entry, audit)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// The history that is being read, and the number of rows read so far.
    pub(super) fn progress(&self) -> (&'static str, u64) {
        let what = match (self.order, self.entry) {
            (0, 0) => "movements of stock",
            (_, 0) => "orders",
            _ => "ledger entries",
        };
        (what, u64::try_from(self.movement + self.order + self.entry).unwrap_or(0))
    }

    fn read_movements(&mut self, view: &mut View<'_>, to: i64, audit: &mut Audit) -> Result<(), Error> {
        let sql = format!(
            "SELECT movement, product_no, delta, {UNKNOWN_ACTOR}, last_order, last_entry FROM movements
            WHERE movement > ?1 AND movement <= ?2 ORDER BY movement LIMIT ?3"
        );
        let rows = view.rows(&Statement::new(sql, [self.movement.into(), to.into(), SPAN.into()]))?;
        for row in rows.iter() {
            *self.stocks.entry(row[1].int()).or_default() += row[2].int();
            check_actor("actor of movement", row, 3, audit);
            let after = (row[4].int(), row[5].int());
            if after < self.moved_after {
                let shown = |(order, entry)| format!("after order {order} and ledger entry {entry}");
                let (stored, before) = (shown(after), shown(self.moved_after));
                audit.add_difference("place of movement", row[0].int(), stored, before);
            }
            self.moved_after = after;
        }
        self.movement = last_read(&rows, to);
        audit.count_checked("movements of stock", rows.len() as u64);
        Ok(())
    }

    /// Reads orders with their lines. An order whose last line is beyond the span is left to the next span.
    fn read_orders(&mut self, view: &mut View<'_>, to: i64, audit: &mut Audit) -> Result<(), Error> {
        let lines = "SELECT line, product_no, price, quantity FROM order_lines
            WHERE line >= ?1 AND line < ?2 ORDER BY line LIMIT ?3";
        let first = (self.order + 1) * LINES;
        let lines =
            view.rows(&Statement::new(lines, [first.into(), ((to + 1) * LINES).into(), SPAN.into()]))?;
        let whole = if lines.len() < SPAN as usize { to } else { last_read(&lines, 0) / LINES - 1 };
        let through = whole.min(self.order + SPAN);
        let orders = format!(
            "SELECT order_id, user_no, total, previous_order, at, {UNKNOWN_ACTOR} FROM orders
            WHERE order_id > ?1 AND order_id <= ?2 ORDER BY order_id"
        );
        let orders = view.rows(&Statement::new(orders, [self.order.into(), through.into()]))?;
        let mut orders = orders.iter().peekable();
        let mut lines = lines.iter().take_while(|line| line[0].int() / LINES <= through).peekable();
        let (mut count, mut line_count) = (0, 0);
        for order in self.order + 1..=through {
            let mut sum = None;
            while let Some(line) = lines.next_if(|line| line[0].int() / LINES == order) {
                let quantity = line[3].int();
                *self.stocks.entry(line[1].int()).or_default() -= quantity;
                *sum.get_or_insert(0_i64) += line[2].int().saturating_mul(quantity);
                line_count += 1;
            }
            match (orders.next_if(|row| row[0].int() == order), sum) {
                (Some(row), sum) => {
                    count += 1;
                    self.check_order(row, sum, audit);
                }
                (None, Some(_)) => audit.add_difference("order of lines", order, order, "none"),
                (None, None) => audit.add_difference("order", order, "none", "one, as numbers have no gaps"),
            }
        }
        self.order = through;
        audit.count_checked("orders", count);
        audit.count_checked("lines of orders", line_count);
        Ok(())
    }

    fn check_order(&mut self, row: &[Value], sum: Option<i64>, audit: &mut Audit) {
        let [order, user, total, previous, at] = [0, 1, 2, 3, 4].map(|column: usize| row[column].int());
        match sum {
            Some(sum) => audit.compare("total of order", order, total, sum),
            None => audit.add_difference("total of order", order, total, "none, as it has no lines"),
        }
        check_actor("actor of order", row, 5, audit);
        let wallet = self.wallets.entry(user).or_default();
        audit.compare("order before order", order, previous, wallet.last_order);
        wallet.last_order = order;
        if at < self.at {
            audit.add_difference("time of order", order, at, self.at);
        }
        self.at = at;
    }

    fn read_entries(&mut self, view: &mut View<'_>, to: i64, audit: &mut Audit) -> Result<(), Error> {
        let sql = format!(
            "SELECT l.entry, l.user_no, l.amount, l.balance, l.previous_entry, l.source,
            CASE l.kind WHEN 'payment' THEN 1 WHEN 'refund' THEN 2 ELSE 0 END, o.total, o.balance, l.unknown_actor
            FROM (SELECT *, {UNKNOWN_ACTOR} AS unknown_actor FROM ledger
                WHERE entry > ?1 AND entry <= ?2 ORDER BY entry LIMIT ?3) l
            LEFT JOIN orders o ON o.order_id = l.source AND l.kind IN ('payment', 'refund') ORDER BY l.entry"
        );
        let rows = view.rows(&Statement::new(sql, [self.entry.into(), to.into(), SPAN.into()]))?;
        let mut refunds = Vec::new();
        for row in rows.iter() {
            let [entry, user, amount, balance, previous, source, kind] =
                [0, 1, 2, 3, 4, 5, 6].map(|column: usize| row[column].int());
            let wallet = self.wallets.entry(user).or_default();
            check_actor("actor of ledger entry", row, 9, audit);
            audit.compare("balance after ledger entry", entry, balance, wallet.balance + amount);
            audit.compare("entry before ledger entry", entry, previous, wallet.last_entry);
            // An error in the chain is reported once.
            (wallet.balance, wallet.last_entry) = (wallet.balance + amount, entry);
            match kind {
                PAYMENT => self.check_payment(source, amount, balance, &row[7..9], audit),
                REFUND => {
                    let due = row[7].optional_int();
                    if due != Some(amount) {
                        audit.add_difference("refund of order", source, amount, display(&row[7]));
                    }
                    refunds.push((source, entry, self.paid));
                }
                _ => {}
            }
        }
        self.entry = last_read(&rows, to);
        audit.count_checked("ledger entries", rows.len() as u64);
        self.check_refunds(view, &refunds, audit)
    }

    /// Checks that payments are in the order of their orders, one for each.
    fn check_payment(&mut self, order: i64, amount: i64, balance: i64, due: &[Value], audit: &mut Audit) {
        let unpaid = self.paid + 1..order.min(self.order + 1);
        unpaid.for_each(|order| audit.add_difference("payment of order", order, "none", "one"));
        if order <= self.paid {
            audit.add_difference("payment of order", order, "another", "one");
        }
        match due {
            [Value::Integer(total), Value::Integer(after)] => {
                audit.compare("payment of order", order, amount, -total);
                audit.compare("balance after payment of order", order, balance, *after);
            }
            _ => audit.add_difference("payment of order", order, amount, "none, as there is no such order"),
        }
        self.paid = self.paid.max(order.min(self.order));
    }

    /// Returns the units of cancelled orders, and checks that each refund has its cancellation. A refund comes with the
    /// newest order before it.
    fn check_refunds(
        &mut self,
        view: &mut View<'_>,
        refunds: &[(i64, i64, i64)],
        audit: &mut Audit,
    ) -> Result<(), Error> {
        if refunds.is_empty() {
            return Ok(());
        }
        let orders: Vec<i64> = refunds.iter().map(|&(order, ..)| order).collect();
        let orders = Value::from(list(&orders));
        let cancelled =
            "SELECT c.order_id, c.entry, c.last_order FROM json_each(?1) CROSS JOIN cancellations c
            ON c.order_id = value";
        let cancelled = view.rows(&Statement::new(cancelled, [orders.clone()]))?;
        let cancelled: HashMap<i64, (i64, i64)> =
            cancelled.iter().map(|row| (row[0].int(), (row[1].int(), row[2].int()))).collect();
        for &(order, entry, newest) in refunds {
            match cancelled.get(&order) {
                Some(&(by, after)) => {
                    audit.compare("refund of cancellation", order, by, entry);
                    audit.compare("newest order before cancellation", order, after, newest);
                }
                None => {
                    audit.add_difference("cancellation of order", order, "none", "one, as there is a refund")
                }
            }
        }
        let lines = "SELECT l.product_no, l.quantity FROM json_each(?1) CROSS JOIN order_lines l
            ON l.line BETWEEN value * 1024 AND value * 1024 + 1023";
        for line in view.rows(&Statement::new(lines, [orders]))?.iter() {
            *self.stocks.entry(line[0].int()).or_default() += line[1].int();
        }
        Ok(())
    }
}

/// The number of an actor that is none, or NULL. (No declared reference says that there is one.)
pub(super) const UNKNOWN_ACTOR: &str = "iif(actor_no NOT IN (SELECT actor_no FROM actors), actor_no, NULL)";

/// Reports a row, named by its first column, whose actor is unknown.
pub(super) fn check_actor(what: &str, row: &[Value], column: usize, audit: &mut Audit) {
    if let Some(no) = row[column].optional_int() {
        audit.add_difference(what, row[0].int(), format!("number {no}, which is nobody's"), "none");
    }
}

/// The number up to which rows were read: that of the last row, or the end if there are no more.
fn last_read(rows: &Rows, to: i64) -> i64 {
    match rows.iter().last() {
        Some(last) if rows.len() >= SPAN as usize => last[0].int(),
        _ => to,
    }
}
