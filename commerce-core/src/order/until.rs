//! The newest order at a time.

use crate::error::Error;
use crate::row::Statement;
use crate::store::Snapshot;
use crate::time::Time;

/// The newest order that was placed at `time` or before.
pub(crate) fn last_until(snapshot: &mut dyn Snapshot, time: Time) -> Result<i64, Error> {
    let rows = snapshot.rows(&last_until_statement(time))?;
    Ok(rows.first().map_or(0, |row| row[0].int()))
}

/// The statement that reads it.
pub(crate) fn last_until_statement(time: Time) -> Statement {
    Statement::new(format!("SELECT {}", last_until_sql("?1")), [time.millis().into()])
}

/// The same as a part of a statement. Orders are numbered in the order of their times, without gaps, so a binary search
/// finds the order.
pub(crate) fn last_until_sql(time: &str) -> String {
    format!(
        "(WITH RECURSIVE half (low, high) AS (
            SELECT 0, (SELECT last_order FROM store)
            UNION ALL
            SELECT iif(o.at <= {time}, o.order_id, low), iif(o.at <= {time}, high, o.order_id - 1)
            FROM half JOIN orders o ON o.order_id = (low + high + 1) / 2 WHERE low < high)
        SELECT low FROM half WHERE low = high)"
    )
}
