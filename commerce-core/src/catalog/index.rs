//! Brings the index of grams up to all products, where a store comes from a version that had none.
//!
//! Folding takes Rust, so no schema change can do it. Products are looked through in the order of their numbers, a span
//! in each transaction, and those that are indexed are passed over. So it does not matter how many processes do it
//! together, nor when one is killed. A store is not opened before it is done.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::row::{Change, Kind, Statement, Value, table};
use crate::search::{grams, searchable};
use crate::store::Store;

/// Products that are looked through in one transaction: others wait that long.
const SPAN: i64 = 4_096;

const PRODUCTS: &str = "SELECT p.product_no, p.product, p.name, p.search, p.price, p.active, g.rowid
    FROM (SELECT * FROM products WHERE product_no > ?1 ORDER BY product_no LIMIT ?2) p
    LEFT JOIN product_grams g ON g.rowid = p.product_no ORDER BY p.product_no";

/// Indexes the products that are not.
pub(crate) fn index(store: &mut dyn Store, busy: Duration) -> Result<(), Error> {
    let mut after = Some(0);
    while let Some(from) = after {
        let deadline = Instant::now() + busy;
        after = loop {
            let reached = store.take_turn(deadline).and_then(|()| span(store, from));
            store.end();
            match reached {
                Err(Error::Busy(_)) if Instant::now() < deadline => {}
                reached => break reached?,
            }
        };
    }
    Ok(())
}

/// Indexes products after this one. Tells how far it came, or nothing at the end.
fn span(store: &mut dyn Store, after: i64) -> Result<Option<i64>, Error> {
    store.begin()?;
    let products = Statement::new(PRODUCTS, [after.into(), SPAN.into()]);
    let rows = store.load(&[products])?.pop().unwrap_or_default();
    let mut texts = Change { table: &table::PRODUCTS, kind: Kind::Update, values: Vec::new() };
    let mut indexed = Change { table: &table::PRODUCT_GRAMS, kind: Kind::Insert, values: Vec::new() };
    for row in rows.iter().filter(|row| row[6] == Value::Null) {
        let search = searchable(&row[1].text(), &row[2].text());
        indexed.values.extend([row[0].clone(), grams(&search, row[5].int() != 0).into()]);
        if *search != *row[3].text() {
            texts
                .values
                .extend([&row[0], &row[1], &row[2], &search.into(), &row[4], &row[5]].map(Value::clone));
        }
    }
    if !indexed.values.is_empty() {
        store.commit(&[texts, indexed])?;
    }
    Ok(rows.iter().last().map(|row| row[0].int()))
}
