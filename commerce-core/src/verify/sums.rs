//! The sums of hours and days that are kept, beside their lines.

use super::auditor::Auditor;
use crate::error::Error;
use crate::sales::{Period, SumCheck, kept_sums};

/// Sums that are compared from one snapshot.
const STEP: i64 = 16;

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    for (period, what) in [(Period::Hour, "sales of hour"), (Period::Day, "sales of day")] {
        let mut after = i64::MIN;
        loop {
            let sums = kept_sums(auditor.view()?.snapshot.as_mut(), period, after, STEP)?;
            let Some(last) = sums.last() else { break };
            after = last.stored.number;
            for SumCheck { stored, computed } in &sums {
                if stored != computed {
                    let shown = |sum: &crate::sales::Sum| {
                        format!("orders {} to {}: {}", sum.after + 1, sum.last, sum.sales)
                    };
                    auditor.audit.differs(what, stored.number, shown(stored), shown(computed));
                }
            }
            auditor.audit.checked("kept sums of sales", sums.len() as u64);
        }
    }
    Ok(())
}
