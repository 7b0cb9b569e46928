//! What the search goes by, beside the identifiers and names that it derives from: the folded text of every product, and
//! of every product a gram in the index, another one for each. What the index's own trees come to, SQLite checks.

use super::{Auditor, SPAN};
use crate::error::Error;
use crate::search::{grams, searchable};
use crate::store::{Statement, Value};

const TEXT: &str = "searched text";
const INDEX: &str = "index of searched text";

const PRODUCTS: &str = "SELECT product_no, product, name, search, active FROM products WHERE product_no > ?1 ORDER BY product_no LIMIT ?2";

/// Which of these products are not found by these grams.
const LOST: &str = "SELECT value->>1 FROM json_each(?1) WHERE NOT EXISTS
    (SELECT 1 FROM product_grams WHERE rowid = value->>0 AND product_grams MATCH value->>2)";

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let mut after = Value::from(0);
    loop {
        let mut view = auditor.view()?;
        let rows = view.rows(&Statement::new(PRODUCTS, [after, SPAN.into()]))?;
        let mut asked = Vec::with_capacity(rows.len());
        for row in rows.iter() {
            let (no, product, stored) = (row[0].int(), row[1].text(), row[3].text());
            let computed = searchable(&product, &row[2].text());
            let grams = grams(&computed, row[4].int() != 0);
            let count = grams.split(' ').count();
            let gram = grams.split(' ').nth(no.unsigned_abs() as usize % count).unwrap_or_default();
            auditor.audit.compare(TEXT, &product, stored.as_ref(), computed.as_str());
            asked.push((no, product, gram.to_owned()));
        }
        let asked = serde_json::to_string(&asked).map_err(|e| Error::Store(e.to_string()))?;
        for lost in view.last(&Statement::new(LOST, [asked.into()]))?.iter() {
            auditor.audit.differs(INDEX, lost[0].text(), "lost", "found");
        }
        auditor.audit.checked("searched texts", rows.len() as u64);
        let Some(last) = rows.iter().last() else { return Ok(()) };
        after = last[0].clone();
    }
}
