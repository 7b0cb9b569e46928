//! Checks each cancellation against the ledger entry of its refund and the user of its order. (The check of the
//! history covers refunds without a cancellation.)

use super::auditor::{Auditor, SPAN, display};
use super::history::{UNKNOWN_ACTOR, check_actor};
use crate::error::Error;
use crate::row::{Statement, Value};

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    // An entry and its cancellation are written together, so any snapshot has both or none.
    let sql = format!(
        "SELECT c.order_id, c.entry, l.entry, c.user_no, o.user_no, c.unknown_actor
        FROM (SELECT order_id, entry, user_no, {UNKNOWN_ACTOR} AS unknown_actor
            FROM cancellations WHERE order_id > ?1 ORDER BY order_id LIMIT ?2) c
        LEFT JOIN ledger l ON l.entry = c.entry AND l.kind = 'refund' AND l.source = c.order_id
        LEFT JOIN orders o ON o.order_id = c.order_id ORDER BY c.order_id"
    );
    let mut after = 0;
    loop {
        let rows = auditor.view()?.final_rows(&Statement::new(sql.clone(), [after.into(), SPAN.into()]))?;
        for row in rows.iter() {
            check_actor("actor of cancellation", row, 5, &mut auditor.audit);
            if row[2] == Value::Null {
                auditor.audit.add_difference("refund of cancellation", row[0].int(), row[1].int(), "none");
            }
            if row[3] != row[4] {
                auditor.audit.add_difference(
                    "user of cancellation",
                    row[0].int(),
                    display(&row[3]),
                    display(&row[4]),
                );
            }
        }
        auditor.audit.count_checked("cancellations", rows.len() as u64);
        let Some(last) = rows.iter().last() else { return Ok(()) };
        after = last[0].int();
    }
}
