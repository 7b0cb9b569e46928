//! Measures the first page of a search in a shop from `grow`, in every order: with a new handle, and with an open one (the
//! best of twenty).
//!
//!     cargo run --release -p commerce-core --example search -- big.db [TEXT…]

use std::time::Instant;

use commerce_core::catalog::{List, Sort};
use commerce_core::{Commerce, Options, SystemClock};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

const SORTS: [(&str, Sort); 5] = [
    ("id", Sort::Id),
    ("name", Sort::Name),
    ("price", Sort::Price),
    ("-price", Sort::PriceDown),
    ("stock", Sort::Stock),
];

const TEXTS: [&str; 7] = ["머그", "컵", "청", "product-9", "999999", "없음", "zzzz"];

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [file, texts @ ..] = args.as_slice() else { return Err("search FILE [TEXT…]".into()) };
    let texts: Vec<&str> =
        if texts.is_empty() { TEXTS.to_vec() } else { texts.iter().map(String::as_str).collect() };
    println!("| text | order | active | rows | new handle, ms | open handle, ms |");
    println!("|---|---|---|--:|--:|--:|");
    for text in texts {
        for (name, sort) in SORTS {
            for active in [None, Some(true), Some(false)] {
                let list = List { search: Some(text.to_owned()), sort, active, ..List::default() };
                let (rows, first, again) = measured(file, &list)?;
                let active = active.map_or(String::new(), |active| active.to_string());
                println!("| {text} | {name} | {active} | {rows} | {first:.2} | {again:.2} |");
            }
        }
    }
    Ok(())
}

fn measured(file: &str, list: &List) -> Result<(usize, f64, f64)> {
    let millis = |since: Instant| since.elapsed().as_secs_f64() * 1_000.0;
    let opened = Instant::now();
    let shop = Commerce::open(std::path::Path::new(file), Options::new(SystemClock))?;
    let rows = shop.query(list)?.items.len();
    let (first, mut again) = (millis(opened), f64::MAX);
    for _ in 0..20 {
        let asked = Instant::now();
        shop.query(list)?;
        again = again.min(millis(asked));
    }
    Ok((rows, first, again))
}
