//! Compares the stored sums of hours and days with the lines of their orders.

use super::auditor::Auditor;
use crate::error::Error;
use crate::sales::{Period, SumCheck, check_sums};

/// The number of sums to compare from one snapshot.
const STEP: i64 = 16;

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    for (period, what) in [(Period::Hour, "sales of hour"), (Period::Day, "sales of day")] {
        let mut after = i64::MIN;
        loop {
            let sums = check_sums(auditor.view()?.snapshot.as_mut(), period, after, STEP)?;
            let Some(last) = sums.last() else { break };
            after = last.stored.number;
            for SumCheck { stored, computed } in &sums {
                if stored != computed {
                    let shown = |sum: &crate::sales::Sum| {
                        format!("orders {} to {}: {}", sum.after + 1, sum.last, sum.sales)
                    };
                    auditor.audit.add_difference(what, stored.number, shown(stored), shown(computed));
                }
            }
            auditor.audit.count_checked("kept sums of sales", sums.len() as u64);
        }
    }
    Ok(())
}
