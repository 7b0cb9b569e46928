//! Cancellations, each with the ledger entry of its refund. (That each refund has its cancellation, the history tells.)

use super::{Auditor, SPAN};
use crate::error::Error;
use crate::store::Statement;

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    // An entry is written with its cancellation, so any moment will do for both.
    let sql = "SELECT c.order_id, c.entry, l.entry
        FROM (SELECT order_id, entry FROM cancellations WHERE order_id > ?1 ORDER BY order_id LIMIT ?2) c
        LEFT JOIN ledger l ON l.entry = c.entry AND l.kind = 'refund' AND l.source = c.order_id
        ORDER BY c.order_id";
    let mut after = 0;
    loop {
        let rows = auditor.view()?.last(&Statement::new(sql, [after.into(), SPAN.into()]))?;
        for row in rows.iter().filter(|row| row[2].optional_int().is_none()) {
            auditor.audit.differs("refund of cancellation", row[0].int(), row[1].int(), "none");
        }
        auditor.audit.checked("cancellations", rows.len() as u64);
        let Some(last) = rows.iter().last() else { return Ok(()) };
        after = last[0].int();
    }
}
