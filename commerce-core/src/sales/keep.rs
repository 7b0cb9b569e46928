//! The engine's own operation that stores sums of sales. Callers cannot submit it.

use super::sums::Sum;
use crate::access::Caller;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::Answer;
use crate::submit::{Decided, Submit, When};

/// Stores sums that a query has computed, unless newer ones are already stored.
pub(crate) struct KeepSums(pub(crate) Vec<Sum>);

impl Submit for KeepSums {
    type Reply = ();

    fn needs(&self, keys: &mut Keys) {
        keys.sums.extend(self.0.iter().map(|sum| (sum.period, sum.number)));
    }

    fn decide(&self, _: &Caller, _: Option<&Key>, facts: &mut Facts, _: When<'_>) -> Decided<()> {
        for sum in &self.0 {
            facts.keep_sum(sum);
        }
        Ok(Answer { reply: (), replayed: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sales::Period;
    use crate::testing::{check_value, shop};

    #[test]
    fn a_sum_is_kept_unless_one_is_that_knows_as_many_refunds() {
        let sum =
            |period, number, entry| Sum { period, number, after: 1, last: 8, entry, sales: "sold".into() };
        let shop = shop().sum(Period::Hour, 5, 20).sum(Period::Day, 5, 20).sum(Period::Hour, 6, 20);
        check_value(
            &shop,
            &KeepSums(vec![
                sum(Period::Hour, 4, 7),
                sum(Period::Hour, 5, 21),
                sum(Period::Hour, 6, 20),
                sum(Period::Day, 5, 19),
                sum(Period::Day, 6, 9),
                sum(Period::Day, 6, 8),
            ]),
            "null
            insert sales_by_hour hour=4 after_order=1 last_order=8 entry=7 sales=sold
            update sales_by_hour hour=5 after_order=1 last_order=8 entry=21 sales=sold
            insert sales_by_day day=6 after_order=1 last_order=8 entry=9 sales=sold",
        );
    }
}
