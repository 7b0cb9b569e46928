//! Sums of units and revenue per product, kept in memory and brought forward: what was ordered since is
//! added, what left the window or was cancelled is taken away. Nothing is written for it.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use super::count::{self, count};
use super::sums::Sum;
use crate::error::Error;
use crate::id::OrderId;
use crate::query::View;
use crate::row::{Statement, table::LINES};

/// Orders after the number `after`, up to and with `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) after: OrderId,
    pub(super) last: OrderId,
}

/// Units and revenue of each product, side by side in the order of their numbers, which grow from 1 without gaps.
#[derive(Debug)]
pub(super) struct Sales(Vec<(i64, i128)>);

/// The windows that end now, with their lengths in days, those asked for last at the end; and where sums go that were
/// made on the way.
pub struct Window {
    windows: Mutex<Vec<(u16, Kept)>>,
    keep: Box<dyn Fn(Vec<Sum>) + Send + Sync>,
}

#[derive(Debug)]
struct Kept {
    span: Orders,
    cancelled: HashSet<OrderId>,
    sales: Sales,
    /// The time of the span's last order and the store: another one there means another history.
    mark: (i64, String),
}

/// The most products and cancelled orders of all windows that are kept: 4 MB. The window asked for last is kept whatever
/// it takes; those beyond are counted anew, which takes a few hundred rows.
const MOST: usize = 131_072;

impl Sales {
    /// Nothing sold yet, of so many products, where there is one in the memory of other sales: a few MB each time would
    /// leave the program larger than what it holds.
    pub(super) fn of(products: i64, spare: Option<Self>) -> Self {
        let len = usize::try_from(products).unwrap_or(0) + 1;
        match spare {
            Some(Self(mut sold)) if sold.capacity() >= len => {
                sold.clear();
                sold.resize(len, (0, 0));
                Self(sold)
            }
            _ => Self(vec![(0, 0); len]),
        }
    }

    pub(super) fn add(&mut self, product: i64, units: i64, revenue: i128) {
        let place = usize::try_from(product).unwrap_or(0);
        if place >= self.0.len() {
            self.0.resize(place + 1, (0, 0));
        }
        let sum = &mut self.0[place];
        *sum = (sum.0 + units, sum.1 + revenue);
    }

    /// Each product's number, units and revenue.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, i64, i128)> {
        let sold = (0..).zip(&self.0).map(|(no, &(units, revenue))| (no, units, revenue));
        sold.filter(|(_, units, _)| *units > 0)
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
                self.add(product, sign * units, i128::from(sign) * revenue);
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
    const STEP: i64 = 4_096;
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
    /// No windows yet. Sums that are made are handed to `keep`.
    pub(crate) fn new(keep: impl Fn(Vec<Sum>) + Send + Sync + 'static) -> Self {
        Self { windows: Mutex::default(), keep: Box::new(keep) }
    }

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
        let place = windows.iter().position(|(length, _)| *length == days);
        let kept = place.map(|place| windows.remove(place).1);
        let dropped = make_room(&mut windows, usize::try_from(window.products).unwrap_or(0), Kept::size);
        let kept = match kept.filter(|kept| kept.leads_to(span)) {
            Some(kept) if mark(view, kept.span.last)? == kept.mark => kept.brought_to(view, span)?,
            _ => Kept::new(view, window, dropped.map(|kept| kept.sales))?,
        };
        let taken = take(&kept.sales);
        windows.push((days, kept));
        Ok(taken)
    }

    /// Has sums kept that were made. Nobody waits for that, and where it fails they are made again.
    pub(super) fn keep(&self, sums: Vec<Sum>) {
        (self.keep)(sums);
    }
}

/// Drops the windows that were asked for longest ago, until there is room for so much, and answers one of them.
fn make_room<T>(windows: &mut Vec<(u16, T)>, needed: usize, size: impl Fn(&T) -> usize) -> Option<T> {
    let sums = windows.iter().rev().scan(needed, |sum, (_, kept)| {
        *sum += size(kept);
        Some(*sum)
    });
    let stay = sums.take_while(|sum| *sum <= MOST).count();
    windows.drain(..windows.len() - stay).next_back().map(|(_, kept)| kept)
}

impl Kept {
    fn size(&self) -> usize {
        self.sales.0.len() + self.cancelled.len()
    }

    fn new(view: &mut View<'_>, window: &count::Window, spare: Option<Sales>) -> Result<Self, Error> {
        let span = window.orders;
        let (cancelled, sales) = (cancelled(view, span)?, count(view, window, spare)?);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_of_any_length_take_bounded_memory() {
        for (products, most) in [(1_000, 131), (30_000, 4), (100_000, 1), (5_000_000, 1)] {
            let mut windows: Vec<(u16, usize)> = Vec::new();
            for days in 1..=365 {
                make_room(&mut windows, products, |size| *size);
                windows.push((days, products));
            }
            assert_eq!(windows.len(), most, "{products} products");
            assert!(windows.is_sorted() && windows.last().is_some_and(|(days, _)| *days == 365));
        }
    }

    #[test]
    fn a_sum_takes_no_more_than_is_reckoned_with() {
        assert_eq!(size_of::<(i64, i128)>() * MOST, 4 << 20);
    }
}
