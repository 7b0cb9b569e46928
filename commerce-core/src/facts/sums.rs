//! The part of the facts that holds the stored sums of sales.

use super::Facts;
use crate::row::{Kind, table};
use crate::sales::{Period, Sum};

impl Facts {
    /// Stores a sum, unless the stored one includes as many refunds. This cannot fail.
    pub(crate) fn keep_sum(&mut self, sum: &Sum) {
        let kind = match self.sums.insert((sum.period, sum.number), sum.entry) {
            None => Kind::Insert,
            Some(entry) if entry < sum.entry => Kind::Update,
            Some(entry) => {
                self.sums.insert((sum.period, sum.number), entry);
                return;
            }
        };
        let table = match sum.period {
            Period::Hour => &table::SALES_BY_HOUR,
            Period::Day => &table::SALES_BY_DAY,
        };
        let numbers = [sum.number, sum.after, sum.last, sum.entry].map(Into::into);
        self.change(table, kind, numbers.into_iter().chain([sum.sales.clone().into()]));
    }

    pub(crate) fn load_sum(&mut self, period: Period, number: i64, entry: i64) {
        self.sums.insert((period, number), entry);
    }
}
