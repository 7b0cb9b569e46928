//! Counts the sales of a window: whole days and hours from their stored sums, and lines one by one only at the ends and where
//! a sum is missing. New sums are offered for storage.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lines::lines;
use super::sold::Sales;
use super::statements;
use super::sums::{Period, Sum, pack, unpack};
use super::window::{Orders, Window};
use crate::error::Error;
use crate::number::{EntryId, OrderId};
use crate::order::until::last_until;
use crate::store::Snapshot;
use crate::time::Time;

/// With fewer orders, counting the lines is as fast.
pub(super) const FEW: i64 = 4_096;

/// The number of sums that are read, or computed and stored, at once. The sum of a day may have a part for each product.
pub(super) const STEP: i64 = 16;

/// The maximum number of orders of a sum that were cancelled since. With more, the sum is computed again.
const LATE: usize = 16;

/// The sales of a window, without cancelled orders.
pub(super) fn count(
    snapshot: &mut dyn Snapshot,
    window: &Window,
    spare: Option<Sales>,
    keep: &dyn Fn(Vec<Sum>),
) -> Result<Sales, Error> {
    let cancelled = cancelled(snapshot, window.orders)?;
    let sales = Sales::of(window.products, spare);
    let mut counting = Counting { sales, cancelled, new_sums: Vec::new(), keep, reached: None };
    let Orders { after, last } = window.orders;
    let mut covered = None;
    if last - after >= FEW {
        let entry = newest_entry(snapshot)?;
        for (period, first, end) in whole_periods(snapshot, window)? {
            let reached = counting.sums(snapshot, period, (first, end), entry)?;
            covered = match (covered, reached) {
                (Some(Orders { after, .. }), Some(Orders { last, .. })) => Some(Orders { after, last }),
                (covered, reached) => reached.or(covered),
            };
        }
    }
    let ends = match covered {
        Some(covered) => [Orders { after, last: covered.after }, Orders { after: covered.last, last }],
        None => [window.orders, Orders { after: last, last }],
    };
    for end in ends {
        counting.lines(snapshot, end)?;
    }
    keep(counting.new_sums);
    Ok(counting.sales)
}

/// A stored sum, and the same sum computed from the lines.
pub(crate) struct SumCheck {
    pub(crate) stored: Sum,
    pub(crate) computed: Sum,
}

/// The first stored sums of hours or days after this one, each with the sum computed as of the time when it was stored.
pub(crate) fn check_sums(
    snapshot: &mut dyn Snapshot,
    period: Period,
    after: i64,
    limit: i64,
) -> Result<Vec<SumCheck>, Error> {
    let sums = stored_sums(snapshot, period, after.saturating_add(1)..i64::MAX, limit)?;
    let compare = |stored: Sum| {
        let orders = Orders { after: stored.after, last: stored.last };
        let mut cancelled = cancelled(snapshot, orders)?;
        cancelled.retain(|_, entry| entry.get() <= stored.entry);
        let computed = sum(snapshot, period, stored.number, (None, stored.entry), &cancelled)?;
        Ok(SumCheck { stored, computed })
    };
    sums.into_iter().map(compare).collect()
}

struct Counting<'a> {
    sales: Sales,
    cancelled: BTreeMap<OrderId, EntryId>,
    new_sums: Vec<Sum>,
    /// The receiver of new sums.
    keep: &'a dyn Fn(Vec<Sum>),
    /// The last order of the previous sum.
    reached: Option<i64>,
}

impl Counting<'_> {
    /// Counts orders line by line.
    fn lines(&mut self, snapshot: &mut dyn Snapshot, orders: Orders) -> Result<(), Error> {
        let Self { sales, cancelled, .. } = self;
        lines(snapshot, orders, |order, product, units, revenue| {
            if !cancelled.contains_key(&order) {
                sales.add(product, units, revenue);
            }
        })
    }

    /// Counts the hours or days from `first` up to but not including `end`, and returns the range of their orders.
    fn sums(
        &mut self,
        snapshot: &mut dyn Snapshot,
        period: Period,
        (first, end): (i64, i64),
        entry: i64,
    ) -> Result<Option<Orders>, Error> {
        let mut covered: Option<Orders> = None;
        for from in (first..end).step_by(STEP as usize) {
            let until = (from + STEP).min(end);
            let mut stored = stored_sums(snapshot, period, from..until, STEP)?.into_iter().peekable();
            for number in from..until {
                let sum = match stored.next_if(|sum| sum.number == number) {
                    Some(sum) if self.cancelled_since(&sum).count() <= LATE => sum,
                    _ => {
                        let sum = sum(snapshot, period, number, (self.reached, entry), &self.cancelled)?;
                        self.new_sums.push(sum.clone());
                        sum
                    }
                };
                unpack(&sum.sales, |product, units, revenue| self.sales.add(product, units, revenue))?;
                for order in self.cancelled_since(&sum).collect::<Vec<_>>() {
                    let sales = &mut self.sales;
                    lines(snapshot, Orders::one(order), |_, product, units, revenue| {
                        sales.add(product, -units, -revenue)
                    })?;
                }
                let after = covered.map_or(sum.after, |covered| covered.after);
                covered = Some(Orders { after, last: sum.last });
                self.reached = Some(sum.last);
            }
            if self.new_sums.len() >= STEP as usize {
                (self.keep)(std::mem::take(&mut self.new_sums));
            }
        }
        Ok(covered)
    }

    /// The orders of a sum that were cancelled after it was stored.
    fn cancelled_since(&self, sum: &Sum) -> impl Iterator<Item = OrderId> {
        let (first, last, entry) = (sum.after + 1, sum.last, sum.entry);
        let orders = self.cancelled.range(OrderId::stored(first)..=OrderId::stored(last.max(first)));
        orders.filter(move |(order, by)| order.get() <= last && by.get() > entry).map(|(&order, _)| order)
    }
}

/// Computes the sum of an hour or a day from its lines, which begin after an order if that is known.
fn sum(
    snapshot: &mut dyn Snapshot,
    period: Period,
    number: i64,
    (after, entry): (Option<i64>, i64),
    cancelled: &BTreeMap<OrderId, EntryId>,
) -> Result<Sum, Error> {
    let until = |snapshot: &mut dyn Snapshot, millis| last_until(snapshot, Time::from_millis(millis - 1));
    let after = match after {
        Some(after) => after,
        None => until(snapshot, number * period.millis())?,
    };
    let last = until(snapshot, (number + 1) * period.millis())?;
    let mut sold: BTreeMap<i64, (i64, i128)> = BTreeMap::new();
    lines(snapshot, Orders { after, last }, |order, product, units, revenue| {
        if !cancelled.contains_key(&order) {
            let sum = sold.entry(product).or_default();
            *sum = (sum.0 + units, sum.1 + revenue);
        }
    })?;
    let sales = pack(sold.into_iter().map(|(product, (units, revenue))| (product, units, revenue)));
    Ok(Sum { period, number, after, last, entry, sales: sales.into() })
}

/// The complete hours and days of a window, as ranges in the order of time.
pub(super) fn whole_periods(
    snapshot: &mut dyn Snapshot,
    window: &Window,
) -> Result<Vec<(Period, i64, i64)>, Error> {
    let begin =
        snapshot.rows(&statements::time_of(window.orders.after + 1))?.first().map_or(0, |row| row[0].int());
    let (hour, day) = (Period::Hour.millis(), Period::Day.millis() / Period::Hour.millis());
    // What lies before the first order needs no sums.
    let first = ceil(window.from.millis() + 1, hour).max(begin.div_euclid(hour));
    let end = (window.to.millis() + 1).min(window.newest.millis()).div_euclid(hour);
    let (first_day, end_day) = (ceil(first, day), end.div_euclid(day));
    let parts = if first_day < end_day {
        vec![
            (Period::Hour, first, first_day * day),
            (Period::Day, first_day, end_day),
            (Period::Hour, end_day * day, end),
        ]
    } else {
        vec![(Period::Hour, first, end)]
    };
    Ok(parts.into_iter().filter(|(_, first, end)| first < end).collect())
}

/// The quotient, rounded up.
fn ceil(number: i64, divisor: i64) -> i64 {
    -(-number).div_euclid(divisor)
}

fn stored_sums(
    snapshot: &mut dyn Snapshot,
    period: Period,
    numbers: Range<i64>,
    limit: i64,
) -> Result<Vec<Sum>, Error> {
    let rows = snapshot.rows(&statements::sums(period, numbers, limit))?;
    Ok(statements::read_sums(period, &rows).collect())
}

fn cancelled(snapshot: &mut dyn Snapshot, orders: Orders) -> Result<BTreeMap<OrderId, EntryId>, Error> {
    let rows = snapshot.rows(&statements::refunded(orders))?;
    Ok(rows.iter().map(|row| (OrderId::stored(row[0].int()), EntryId::stored(row[1].int()))).collect())
}

fn newest_entry(snapshot: &mut dyn Snapshot) -> Result<i64, Error> {
    let rows = snapshot.rows(&statements::newest_entry())?;
    Ok(rows.first().map_or(0, |row| row[0].int()))
}
