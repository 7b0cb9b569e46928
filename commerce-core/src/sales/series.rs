//! `sales.series`: orders and revenue minute by minute, hour by hour or day by day.

use serde::Serialize;

use super::top::last_until;
use crate::error::Error;
use crate::input::{Fields, FromJson};
use crate::money::LIMIT;
use crate::query::{Query, View, ranged};
use crate::store::Statement;
use crate::time::{End, Time};

/// Asks for the sales of so many steps of time, the last of which is the one under way.
#[derive(Clone, Debug)]
pub struct Series {
    /// How long a step is.
    pub step: Step,
    /// How many steps, 1 to 400.
    pub count: u16,
    /// Which moment the last step holds; now, if nothing is said. A date is the end of its day, in UTC.
    pub to: Option<Time>,
}

/// A length of time. Steps begin at whole minutes, hours and days of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

/// The steps, oldest first, those without a sale too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SalesSeries {
    /// One per step.
    pub items: Vec<Sold>,
}

/// What one step sold: paid and not cancelled orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sold {
    /// When the step began.
    pub from: Time,
    /// How many orders.
    pub orders: i64,
    /// What was paid for them, at most 2^53 - 1.
    pub revenue: i64,
}

impl Step {
    /// The length in milliseconds.
    pub fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

impl FromJson for Step {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("minute") => Ok(Self::Minute),
            Some("hour") => Ok(Self::Hour),
            Some("day") => Ok(Self::Day),
            _ => Err("must be minute, hour or day".into()),
        }
    }
}

impl Query for Series {
    const NAME: &'static str = "sales.series";
    type Answer = SalesSeries;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (step, count) = (fields.required("step"), ranged(fields, "count", 400, 60));
        let to = fields.end("to", End::To);
        Some(Self { step: step?, count: count?, to: to? })
    }

    // Orders stand in the order of their times, so every step is a span of numbers.
    fn answer(&self, view: &mut View<'_>) -> Result<SalesSeries, Error> {
        let (length, to) = (self.step.millis(), self.to.unwrap_or(view.now).millis());
        let last = to - to % length;
        let first = (last - length * (i64::from(self.count) - 1)).max(0);
        let before = |millis: i64| Time::from_millis(millis - 1);
        let mut after = if first == 0 { 0 } else { last_until(view, before(first))? };
        let mut items = Vec::with_capacity(self.count.into());
        for from in (first..=last).step_by(length.unsigned_abs() as usize) {
            let end = last_until(view, before(from + length))?;
            let (orders, revenue) = if end > after { sold(view, after, end)? } else { (0, 0) };
            items.push(Sold { from: Time::from_millis(from), orders, revenue });
            after = end;
        }
        Ok(SalesSeries { items })
    }
}

/// The orders after one number up to another, and what they brought. Two sums, since one of totals up to
/// 2^53 - 1 each could pass 64 bits.
fn sold(view: &mut View<'_>, after: i64, last: i64) -> Result<(i64, i64), Error> {
    let sql = "SELECT count(*), coalesce(sum(total >> 32), 0), coalesce(sum(total & 0xffffffff), 0)
            FROM orders WHERE order_id > ?1 AND order_id <= ?2
        UNION ALL
        SELECT -count(*), -coalesce(sum(o.total >> 32), 0), -coalesce(sum(o.total & 0xffffffff), 0)
            FROM cancellations c JOIN orders o USING (order_id) WHERE c.order_id > ?1 AND c.order_id <= ?2";
    let rows = view.rows(&Statement::new(sql, [after.into(), last.into()]))?;
    let (mut orders, mut revenue) = (0, 0_i128);
    for row in rows.iter() {
        orders += row[0].int();
        revenue += (i128::from(row[1].int()) << 32) + i128::from(row[2].int());
    }
    Ok((orders, i64::try_from(revenue).unwrap_or(LIMIT).min(LIMIT)))
}
