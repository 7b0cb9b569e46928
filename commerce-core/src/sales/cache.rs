//! A cache of the sales in windows that end now. A query updates it: new orders are added, and orders that left the window
//! or were cancelled are subtracted. Nothing is written to the store.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::count::count;
use super::sold::Sales;
use super::statements;
use super::sums::Sum;
use super::window::{Orders, Window};
use crate::error::Error;
use crate::number::OrderId;
use crate::store::Snapshot;

/// The cached windows with their lengths in days, the most recently used last, and the receiver of new sums.
pub struct SalesCache {
    windows: Mutex<Vec<(u16, Entry)>>,
    /// Held while a server is asked.
    turn: Mutex<()>,
    keep: Box<dyn Fn(Vec<Sum>) + Send + Sync>,
}

#[derive(Debug)]
struct Entry {
    span: Orders,
    cancelled: HashSet<OrderId>,
    sales: Sales,
    /// The time of the last order and the id of the store. If they differ, the store has another history.
    mark: (i64, String),
    /// The newest ledger entry at that time, if it is known. Refunds after it are not yet subtracted.
    newest_entry: Option<i64>,
}

/// What is known of a cached window before a server is asked.
pub(super) struct Known {
    pub(super) span: Orders,
    pub(super) cancelled: HashSet<OrderId>,
    pub(super) newest_entry: i64,
    /// The products that are likely to be the best.
    pub(super) candidates: Vec<i64>,
}

/// The maximum number of products and cancelled orders in all cached windows: 4 MB. The most recently used window is kept
/// whatever its size. Others are counted again, which reads a few hundred rows.
const MAX_SIZE: usize = 131_072;

impl SalesCache {
    /// An empty cache, which passes new sums to `keep`.
    pub(crate) fn new(keep: impl Fn(Vec<Sum>) + Send + Sync + 'static) -> Self {
        Self { windows: Mutex::default(), turn: Mutex::default(), keep: Box::new(keep) }
    }

    /// Makes other threads that ask a server wait, until the guard is dropped.
    pub(super) fn take_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of the cached window of this many days.
    pub(super) fn known(&self, days: u16, candidates: impl Fn(&Sales) -> Vec<i64>) -> Option<Known> {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, entry) = windows.iter().find(|(length, _)| *length == days)?;
        Some(Known {
            span: entry.span,
            cancelled: entry.cancelled.clone(),
            newest_entry: entry.newest_entry?,
            candidates: candidates(&entry.sales),
        })
    }

    /// Records the newest ledger entry in the snapshot that the window of this many days was last read from.
    pub(super) fn set_newest_entry(&self, days: u16, newest_entry: i64) {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, entry)) = windows.iter_mut().find(|(length, _)| *length == days) {
            entry.newest_entry = Some(newest_entry);
        }
    }

    /// Calls `read` with the sales of the window of this many days that ends now.
    pub(super) fn sales<T>(
        &self,
        snapshot: &mut dyn Snapshot,
        days: u16,
        window: &Window,
        read: impl FnOnce(&Sales) -> T,
    ) -> Result<T, Error> {
        let span = window.orders;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let index = windows.iter().position(|(length, _)| *length == days);
        let entry = index.map(|index| windows.remove(index).1);
        let dropped = make_room(&mut windows, usize::try_from(window.products).unwrap_or(0), Entry::size);
        let entry = match entry.filter(|entry| entry.can_update_to(span)) {
            Some(entry) if mark(snapshot, entry.span.last)? == entry.mark => {
                entry.updated_to(snapshot, span)?
            }
            _ => Entry::new(snapshot, window, dropped.map(|entry| entry.sales), self.keep())?,
        };
        let result = read(&entry.sales);
        windows.push((days, entry));
        Ok(result)
    }

    /// Stores new sums in the background. If that fails, they are computed again.
    pub(super) fn keep(&self) -> &dyn Fn(Vec<Sum>) {
        &*self.keep
    }
}

/// Drops the least recently used windows until there is room for `needed`, and returns one of them.
fn make_room<T>(windows: &mut Vec<(u16, T)>, needed: usize, size: impl Fn(&T) -> usize) -> Option<T> {
    let sums = windows.iter().rev().scan(needed, |sum, (_, entry)| {
        *sum += size(entry);
        Some(*sum)
    });
    let remaining = sums.take_while(|sum| *sum <= MAX_SIZE).count();
    windows.drain(..windows.len() - remaining).next_back().map(|(_, entry)| entry)
}

impl Entry {
    fn size(&self) -> usize {
        self.sales.len() + self.cancelled.len()
    }

    fn new(
        snapshot: &mut dyn Snapshot,
        window: &Window,
        spare: Option<Sales>,
        keep: &dyn Fn(Vec<Sum>),
    ) -> Result<Self, Error> {
        let span = window.orders;
        let (cancelled, sales) = (cancelled(snapshot, span)?, count(snapshot, window, spare, keep)?);
        Ok(Self { span, cancelled, sales, mark: mark(snapshot, span.last)?, newest_entry: None })
    }

    /// Whether an update is less work than a new count.
    fn can_update_to(&self, span: Orders) -> bool {
        let (old, new) = (self.span, span);
        let forward = old.after <= new.after && old.last <= new.last && new.after <= old.last;
        forward && (new.after - old.after) + (new.last - old.last) < new.last - new.after
    }

    fn updated_to(mut self, snapshot: &mut dyn Snapshot, span: Orders) -> Result<Self, Error> {
        self.sales.count(
            snapshot,
            Orders { after: self.span.after, last: span.after },
            -1,
            &self.cancelled,
        )?;
        let cancelled = cancelled(snapshot, span)?;
        for &order in cancelled.difference(&self.cancelled).filter(|order| order.get() <= self.span.last) {
            self.sales.count(snapshot, Orders::one(order), -1, &HashSet::new())?;
        }
        self.sales.count(snapshot, Orders { after: self.span.last, last: span.last }, 1, &cancelled)?;
        Ok(Self { span, cancelled, mark: mark(snapshot, span.last)?, ..self })
    }
}

fn cancelled(snapshot: &mut dyn Snapshot, span: Orders) -> Result<HashSet<OrderId>, Error> {
    let rows = snapshot.rows(&statements::cancelled(span))?;
    Ok(rows.iter().map(|row| OrderId::stored(row[0].int())).collect())
}

fn mark(snapshot: &mut dyn Snapshot, order: i64) -> Result<(i64, String), Error> {
    let rows = snapshot.rows(&statements::mark(order))?;
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
        assert_eq!(size_of::<(i64, i128)>() * MAX_SIZE, 4 << 20);
    }
}
