//! The lines of orders, a bounded number in memory at a time.

use super::statements::{self, LINES_LIMIT};
use super::window::Orders;
use crate::error::Error;
use crate::number::OrderId;
use crate::row::table::LINES;
use crate::store::Snapshot;

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
        if lines.len() < LINES_LIMIT as usize {
            break;
        }
    }
    Ok(())
}
