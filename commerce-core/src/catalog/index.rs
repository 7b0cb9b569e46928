//! Indexes the products of a store that an earlier version created without an index of grams.
//!
//! Only Rust code can fold text, so a migration in SQL cannot do this. Each transaction reads a range of products and skips
//! those that are indexed, so any number of processes can do it together, and each can be killed at any time. A store opens
//! when all products are indexed.

use std::time::{Duration, Instant};

use crate::error::Error;
use crate::row::{Change, Kind, Statement, Value, table};
use crate::search::{grams, searchable};
use crate::store::Store;

/// The number of products in one transaction, for which other writers wait. A server may end one that takes a second.
const SPAN: i64 = 1_024;

const PRODUCTS: &str = "SELECT p.product_no, p.product, p.name, p.search, p.price, p.active, g.rowid
    FROM (SELECT * FROM products WHERE product_no > ?1 ORDER BY product_no LIMIT ?2) p
    LEFT JOIN product_grams g ON g.rowid = p.product_no ORDER BY p.product_no";

/// Indexes all products that are not indexed.
pub(crate) fn index(store: &mut dyn Store, busy: Duration) -> Result<(), Error> {
    let mut after = Some(0);
    while let Some(from) = after {
        let deadline = Instant::now() + busy;
        after = loop {
            let outcome = store.take_turn(deadline).and_then(|()| index_range(store, from));
            store.end();
            match outcome {
                Err(Error::Busy(_)) if Instant::now() < deadline => {}
                outcome => break outcome?,
            }
        };
    }
    Ok(())
}

/// Indexes the range of products after this one. Returns the last product of the range, or `None` at the end.
fn index_range(store: &mut dyn Store, after: i64) -> Result<Option<i64>, Error> {
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
