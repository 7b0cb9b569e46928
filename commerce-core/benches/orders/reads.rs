//! Measures the heavier queries: the first run, and the best of twenty more.

use std::time::Instant;

use commerce_core::catalog::Sort;
use commerce_core::{Page, catalog, sales};
use serde_json::{Value, json};

use crate::millis;
use crate::work::{PRODUCTS, Result, grow, products, shop};

/// Measures best sellers, and pages of the catalogue at its beginning and 10,000 rows in, on 100,000 products and
/// `lines` order lines.
pub fn measure(lines: u64) -> Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let shop = shop(folder.path().join("shop.db"))?;
    products(&shop, PRODUCTS..100_000)?;
    grow(&shop, lines.div_ceil(3))?;
    let store = format!("100,000 products, {lines} order lines");
    let mut told =
        vec![timed("sales.top, 3 days, top 5", &store, || shop.query(&sales::Top::default()).map(drop))?];
    for (name, sort) in [
        ("id", Sort::Id),
        ("name", Sort::Name),
        ("price", Sort::Price),
        ("-price", Sort::PriceDown),
        ("stock", Sort::Stock),
    ] {
        let list = |page| catalog::List { sort, page, ..catalog::List::default() };
        told.push(timed(&format!("product.list by {name}, first 20"), &store, || {
            shop.query(&list(Page::default())).map(drop)
        })?);
        let mut page = Page::first(100);
        for _ in 0..100 {
            match shop.query(&list(page.clone()))?.next_cursor {
                Some(cursor) => page = page.at(&cursor),
                None => break,
            }
        }
        told.push(timed(&format!("product.list by {name}, 100 rows far in"), &store, || {
            shop.query(&list(page.clone())).map(drop)
        })?);
    }
    Ok(told)
}

fn timed(
    query: &str,
    store: &str,
    mut ask: impl FnMut() -> std::result::Result<(), commerce_core::Error>,
) -> Result<Value> {
    let asked = Instant::now();
    ask()?;
    let (first, mut again) = (millis(asked), f64::MAX);
    for _ in 0..20 {
        let asked = Instant::now();
        ask()?;
        again = again.min(millis(asked));
    }
    Ok(json!({ "query": query, "store": store, "first_ms": first, "again_ms": again }))
}
