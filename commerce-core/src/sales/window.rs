//! A time window, with its orders and their lines.

use super::statements;
use crate::error::Error;
use crate::number::OrderId;
use crate::row::table::LINES;
use crate::store::Snapshot;
use crate::time::Time;

/// A time window with its orders, and the number of products.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) orders: Orders,
    /// The newest stored time. No later order can have an earlier time.
    pub(super) newest: Time,
    /// The number of products in the store.
    pub(super) products: i64,
}

/// The orders after the number `after`, up to and including `last`. 0 lies before the first order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Orders {
    pub(super) after: i64,
    pub(super) last: i64,
}

impl Orders {
    pub(super) fn one(order: OrderId) -> Self {
        Self { after: order.get() - 1, last: order.get() }
    }
}

/// Calls `visit` with each line of these orders: the order, the product, the units and the revenue.
pub(super) fn lines(
    snapshot: &mut dyn Snapshot,
    span: Orders,
    mut visit: impl FnMut(OrderId, i64, i64, i128),
) -> Result<(), Error> {
    let (mut first, end) = statements::line_range(span);
    while first < end {
        let lines = snapshot.rows(&statements::lines(first, end))?;
        for row in lines.iter() {
            first = row[0].int() + 1;
            let (units, price) = (row[3].int(), row[2].int());
            visit(
                OrderId::stored(row[0].int() / LINES),
                row[1].int(),
                units,
                i128::from(units) * i128::from(price),
            );
        }
        if lines.len() < statements::LINES_LIMIT as usize {
            break;
        }
    }
    Ok(())
}
