//! Sums of units and revenue per product, kept in memory and brought forward: what was ordered since is
//! added, what left the window or was cancelled is taken away. Nothing is written for it.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use super::count::{self, count};
use super::sums::Sum;
use crate::error::Error;
use crate::id::OrderId;
use crate::query::View;
use crate::store::{Statement, table::LINES};

/// Orders after the number `after`, up to and with `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) after: OrderId,
    pub(super) last: OrderId,
}

/// Units and revenue of each product, by its number.
#[derive(Clone, Debug, Default)]
pub(super) struct Sales(HashMap<i64, (i64, i128)>);

/// The windows that end now, by their length in days, and what was summed on the way.
#[derive(Debug, Default)]
pub struct Window {
    windows: Mutex<HashMap<u16, Kept>>,
    made: Mutex<Vec<Sum>>,
}

#[derive(Debug)]
struct Kept {
    span: Orders,
    cancelled: HashSet<OrderId>,
    sales: Sales,
    /// The time of the span's last order and the store: another one there means another history.
    mark: (i64, String),
}

/// The most windows kept; asked for more lengths, all begin anew.
const MOST: usize = 16;

impl FromIterator<(i64, (i64, i128))> for Sales {
    fn from_iter<T: IntoIterator<Item = (i64, (i64, i128))>>(sold: T) -> Self {
        Self(sold.into_iter().collect())
    }
}

impl Sales {
    /// Each product's number, units and revenue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64, i128)> {
        self.0
            .iter()
            .filter(|(_, (units, _))| *units > 0)
            .map(|(&no, &(units, revenue))| (no, units, revenue))
    }

    /// Adds (`sign` 1) or takes away (-1) the lines of these orders, but for those in `except`.
    fn count(
        &mut self,
        view: &mut View<'_>,
        span: Orders,
        sign: i64,
        except: &HashSet<OrderId>,
    ) -> Result<(), Error> {
        lines(view, span, |order, product, units, revenue| {
            if !except.contains(&order) {
                let (sold, paid) = self.0.entry(product).or_default();
                *sold += sign * units;
                *paid += i128::from(sign) * revenue;
            }
        })
    }
}

/// Hands over the lines of these orders: order, product, units and revenue.
pub(super) fn lines(
    view: &mut View<'_>,
    span: Orders,
    mut take: impl FnMut(OrderId, i64, i64, i128),
) -> Result<(), Error> {
    // So many lines are in memory at a time, however long the orders are.
    const STEP: i64 = 16_384;
    let sql = "SELECT line, product_no, price, quantity FROM order_lines
        WHERE line >= ?1 AND line < ?2 ORDER BY line LIMIT ?3";
    let (mut first, end) = ((span.after + 1) * LINES, (span.last + 1) * LINES);
    while first < end {
        let lines = view.rows(&Statement::new(sql, [first.into(), end.into(), STEP.into()]))?;
        for row in lines.iter() {
            first = row[0].int() + 1;
            let (units, price) = (row[3].int(), row[2].int());
            take(row[0].int() / LINES, row[1].int(), units, i128::from(units) * i128::from(price));
        }
        if lines.len() < STEP as usize {
            break;
        }
    }
    Ok(())
}

impl Window {
    /// Hands the sales of these orders, the window of so many days that ends now, to `take`.
    pub(super) fn sales<T>(
        &self,
        view: &mut View<'_>,
        days: u16,
        window: &count::Window,
        take: impl FnOnce(&Sales) -> T,
    ) -> Result<T, Error> {
        let span = window.orders;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = windows.remove(&days);
        let kept = match kept.filter(|kept| kept.leads_to(span)) {
            Some(kept) if mark(view, kept.span.last)? == kept.mark => kept.brought_to(view, span)?,
            _ => Kept::new(view, window)?,
        };
        let taken = take(&kept.sales);
        if windows.len() >= MOST {
            windows.clear();
        }
        windows.insert(days, kept);
        Ok(taken)
    }
}

impl Window {
    /// Offers sums that were made, to be kept.
    pub(super) fn offer(&self, sums: Vec<Sum>) {
        self.made.lock().unwrap_or_else(PoisonError::into_inner).extend(sums);
    }

    /// Takes some of the sums that are to be kept.
    pub(crate) fn made(&self) -> Vec<Sum> {
        const SOME: usize = 32;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let some = made.len().min(SOME);
        made.drain(..some).collect()
    }
}

impl Kept {
    fn new(view: &mut View<'_>, window: &count::Window) -> Result<Self, Error> {
        let span = window.orders;
        let (cancelled, sales) = (cancelled(view, span)?, count(view, window)?);
        Ok(Self { span, cancelled, sales, mark: mark(view, span.last)? })
    }

    /// Whether going on from here is less work than counting anew.
    fn leads_to(&self, span: Orders) -> bool {
        let (old, new) = (self.span, span);
        let forward = old.after <= new.after && old.last <= new.last && new.after <= old.last;
        forward && (new.after - old.after) + (new.last - old.last) < new.last - new.after
    }

    fn brought_to(mut self, view: &mut View<'_>, span: Orders) -> Result<Self, Error> {
        self.sales.count(view, Orders { after: self.span.after, last: span.after }, -1, &self.cancelled)?;
        let cancelled = cancelled(view, span)?;
        for &order in cancelled.difference(&self.cancelled).filter(|&&order| order <= self.span.last) {
            self.sales.count(view, Orders { after: order - 1, last: order }, -1, &HashSet::new())?;
        }
        self.sales.count(view, Orders { after: self.span.last, last: span.last }, 1, &cancelled)?;
        self.sales.0.retain(|_, (units, _)| *units != 0);
        Ok(Self { span, cancelled, mark: mark(view, span.last)?, sales: self.sales })
    }
}

fn cancelled(view: &mut View<'_>, span: Orders) -> Result<HashSet<OrderId>, Error> {
    let sql = "SELECT order_id FROM cancellations WHERE order_id > ?1 AND order_id <= ?2";
    let rows = view.rows(&Statement::new(sql, [span.after.into(), span.last.into()]))?;
    Ok(rows.iter().map(|row| row[0].int()).collect())
}

fn mark(view: &mut View<'_>, order: OrderId) -> Result<(i64, String), Error> {
    let sql = "SELECT (SELECT at FROM orders WHERE order_id = ?1), uuid FROM store";
    let rows = view.rows(&Statement::new(sql, [order.into()]))?;
    Ok(rows.first().map(|row| (row[0].int(), row[1].text().as_ref().into())).unwrap_or_default())
}
