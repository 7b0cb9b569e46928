//! `sales.series`: orders and revenue per minute, hour or day.

use serde::{Deserialize, Serialize};
use std::str::FromStr;

use crate::access::Access;
use crate::error::{Cause, Error};
use crate::input::{Fields, FromInput, Input};
use crate::money::Amount;
use crate::query::{Query, View};
use crate::row::{Statement, Value, list};
use crate::text::{ValueError, one_of};
use crate::time::Time;

/// Returns orders and revenue for a number of consecutive steps of time.
#[derive(Clone, Debug, Serialize)]
pub struct Series {
    /// The length of a step.
    pub step: Step,
    /// The number of steps, 1 to 400.
    pub count: u16,
    /// A time in the last step; the default is now. A date is the end of that day in UTC.
    pub to: Option<Time>,
}

/// The length of a step. Steps begin at whole minutes, hours and days in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// 60 seconds.
    Minute,
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
}

/// Sales per step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesSeries {
    /// One item for each step, oldest first, also for steps without sales.
    pub items: Vec<StepSales>,
}

/// The sales of one step. Cancelled orders do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepSales {
    /// The start of the step.
    pub from: Time,
    /// The number of orders.
    pub orders: i64,
    /// The revenue of these orders, at most 2^53 - 1.
    pub revenue: Amount,
}

impl Step {
    const ALL: [Self; 3] = [Self::Minute, Self::Hour, Self::Day];

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The length in milliseconds.
    pub fn millis(self) -> i64 {
        match self {
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

impl FromStr for Step {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL.map(|step| (step.as_str(), step)))
    }
}

impl FromInput for Step {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

impl Query for Series {
    const NAME: &'static str = "sales.series";
    const ACCESS: Access = Access::Operator;
    type Answer = SalesSeries;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (step, count) = (fields.required("step"), fields.ranged("count", 400, 60));
        let to = fields.period_to();
        Some(Self { step: step?, count: count?, to: to? })
    }

    // Orders are numbered in the order of their times, so every step is a range of numbers.
    fn answer(&self, view: &mut View<'_>) -> Result<SalesSeries, Error> {
        let (length, to) = (self.step.millis(), self.to.unwrap_or(view.now).millis());
        let last = to - to % length;
        let first = (last - length * (i64::from(self.count) - 1)).max(0);
        let steps = (first..=last + length).step_by(length.unsigned_abs() as usize);
        let begins: Vec<i64> = steps.collect();
        let ends = last_before(view, &begins)?;
        let spans: Vec<(i64, i64)> = ends.iter().copied().zip(ends.iter().copied().skip(1)).collect();
        let sold = sold(view, &spans)?;
        let item = |(from, (orders, revenue))| StepSales { from: Time::from_millis(from), orders, revenue };
        Ok(SalesSeries { items: begins.into_iter().zip(sold).map(item).collect() })
    }
}

/// The newest order before each of these ascending times, by one binary search for all.
fn last_before(view: &mut View<'_>, times: &[i64]) -> Result<Vec<i64>, Error> {
    let sql = "WITH RECURSIVE
        half (time, low, high) AS (
            SELECT value, 0, (SELECT last_order FROM store) FROM json_each(?1)
            UNION ALL
            SELECT time, iif(o.at < time, o.order_id, low), iif(o.at < time, high, o.order_id - 1)
            FROM half JOIN orders o ON o.order_id = (low + high + 1) / 2 WHERE low < high)
        SELECT low FROM half WHERE low = high";
    let rows = view.rows(&Statement::new(sql, [list(times).into()]))?;
    let mut found: Vec<i64> = rows.iter().map(|row| row[0].int()).collect();
    // A search that takes fewer steps returns its row earlier.
    found.sort_unstable();
    match found.len() == times.len() {
        true => Ok(found),
        false => Err(Error::Store("the store is damaged: an order is missing".into())),
    }
}

/// The number of orders and their revenue for each range of numbers. The totals are summed in two halves, since a sum of
/// totals up to 2^53 - 1 could exceed 64 bits.
fn sold(view: &mut View<'_>, spans: &[(i64, i64)]) -> Result<Vec<(i64, Amount)>, Error> {
    let sql = "SELECT
        (SELECT json_array(count(*), coalesce(sum(total >> 32), 0), coalesce(sum(total & 0xffffffff), 0))
            FROM orders WHERE order_id > s.value->>0 AND order_id <= s.value->>1),
        (SELECT json_array(count(*), coalesce(sum(o.total >> 32), 0), coalesce(sum(o.total & 0xffffffff), 0))
            FROM cancellations c JOIN orders o USING (order_id)
            WHERE c.order_id > s.value->>0 AND c.order_id <= s.value->>1)
        FROM json_each(?1) s";
    let spans = serde_json::to_string(spans).unwrap_or_default();
    let rows = view.final_rows(&Statement::new(sql, [spans.into()]))?;
    let sums = |value: &Value| -> Result<(i64, i128), Error> {
        let sums: Result<(i64, i64, i64), _> = serde_json::from_str(&value.text());
        let (orders, high, low) = sums.map_err(|e| Error::Store(Cause::of(e)))?;
        Ok((orders, (i128::from(high) << 32) + i128::from(low)))
    };
    let sold = |row: &[Value]| {
        let ((placed, paid), (cancelled, refunded)) = (sums(&row[0])?, sums(&row[1])?);
        Ok((placed - cancelled, Amount::saturated(paid - refunded)))
    };
    rows.iter().map(sold).collect()
}
