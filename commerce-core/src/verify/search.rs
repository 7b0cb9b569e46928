//! Compares the data of the search with the identifiers and names that it derives from: the folded text of every
//! product, and the number of its grams in the index. Looking up each gram would take many times longer than all
//! other checks. SQLite checks the trees of the index.

use super::auditor::{Auditor, SPAN};
use crate::error::Error;
use crate::row::{Statement, Value};
use crate::search::{grams, searchable};

const TEXT: &str = "searched text";
const INDEX: &str = "grams in the index of searched texts";

// The index keeps how many grams each document has in a table of its own
// (https://www.sqlite.org/fts5.html#the_docsize_table).
const PRODUCTS: &str = "SELECT p.product_no, p.product, p.name, p.search, p.active, hex(d.sz)
    FROM (SELECT * FROM products WHERE product_no > ?1 ORDER BY product_no LIMIT ?2) p
    LEFT JOIN product_grams_docsize d ON d.id = p.product_no ORDER BY p.product_no";

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let mut after = Value::from(0);
    loop {
        let rows = auditor.view()?.final_rows(&Statement::new(PRODUCTS, [after, SPAN.into()]))?;
        for row in rows.iter() {
            let (product, stored) = (row[1].text(), row[3].text());
            let computed = searchable(&product, &row[2].text());
            let grams = grams(&computed, row[4].int() != 0).split(' ').count() as u64;
            auditor.audit.compare(TEXT, &product, stored.as_ref(), computed.as_str());
            auditor.audit.compare(INDEX, &product, varint(&row[5].text()), grams);
        }
        auditor.audit.count_checked("searched texts", rows.len() as u64);
        let Some(last) = rows.iter().last() else { return Ok(()) };
        after = last[0].clone();
    }
}

/// Reads a variable-length integer from hexadecimal digits (<https://www.sqlite.org/fileformat2.html#varint>); 0 for
/// none.
fn varint(digits: &str) -> u64 {
    let byte =
        |place: usize| digits.get(place..place + 2).and_then(|pair| u64::from_str_radix(pair, 16).ok());
    (0..digits.len()).step_by(2).filter_map(byte).fold(0, |number, byte| number << 7 | byte & 0x7F)
}

#[cfg(test)]
mod tests {
    use super::varint;

    #[test]
    fn a_number_of_variable_length_is_read() {
        assert_eq!(["", "00", "1F", "7F", "8100", "8223"].map(varint), [0, 0, 31, 127, 128, 291]);
    }
}
