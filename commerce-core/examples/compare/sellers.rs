//! Compares ways to compute the best sellers.

use std::path::Path;

use commerce_core::sales::Top;
use commerce_core::{Commerce, Options, SystemClock};
use rusqlite::{Connection, StatementStatus};

use super::{Result, spent};
use crate::grouped::grouped;

const DAYS: [u16; 3] = [3, 30, 365];

/// The ways in SQL: a name, the setup, the query for the lines from ?1 to before ?2 (or for their whole hours), and the
/// cleanup.
const WAYS: [[&str; 4]; 4] = [
    [
        "a sum by SQL",
        "",
        "SELECT product_no, sum(quantity), sum(quantity * price) FROM order_lines WHERE line >= ?1 AND line < ?2
         AND line / 1024 NOT IN (SELECT order_id FROM cancellations) GROUP BY product_no ORDER BY 2 DESC LIMIT 5",
        "",
    ],
    [
        "a sum by SQL, with a covering index",
        "CREATE INDEX covering ON order_lines (line, product_no, quantity, price)",
        "SELECT product_no, sum(quantity), sum(quantity * price) FROM order_lines INDEXED BY covering
         WHERE line >= ?1 AND line < ?2
         AND line / 1024 NOT IN (SELECT order_id FROM cancellations) GROUP BY product_no ORDER BY 2 DESC LIMIT 5",
        "DROP INDEX covering",
    ],
    [
        "a rollup of hours and products",
        "CREATE TABLE rollup (hour INTEGER, product_no INTEGER, units INTEGER, revenue INTEGER,
             PRIMARY KEY (hour, product_no)) WITHOUT ROWID;
         INSERT INTO rollup SELECT o.at / 3600000, l.product_no, sum(l.quantity), sum(l.quantity * l.price)
             FROM order_lines l JOIN orders o ON o.order_id = l.line / 1024
             WHERE o.order_id NOT IN (SELECT order_id FROM cancellations) GROUP BY 1, 2",
        "SELECT product_no, sum(units), sum(revenue) FROM rollup
         WHERE hour > (SELECT at / 3600000 FROM orders WHERE order_id = ?1 / 1024)
             AND hour <= (SELECT at / 3600000 FROM orders WHERE order_id = ?2 / 1024 - 1)
         GROUP BY product_no ORDER BY 2 DESC LIMIT 5",
        "DROP TABLE rollup",
    ],
    [
        "the lines as rows, summed in Rust",
        "",
        "SELECT product_no, quantity, price FROM order_lines WHERE line >= ?1 AND line < ?2",
        "",
    ],
];

pub fn compare(path: &Path) -> Result<()> {
    println!("| way | days | steps | CPU ms | MB stored for it |\n|---|--:|--:|--:|--:|");
    for [way, needs, question, after] in WAYS {
        let kept = used(path)?;
        Connection::open(path)?.execute_batch(needs)?;
        let kept = used(path)?.saturating_sub(kept) / 1_000_000;
        for days in DAYS {
            let (steps, millis) = ask(path, question, days)?;
            println!("| {way} | {days} | {} | {millis:.1} | {kept} |", grouped(steps));
        }
        Connection::open(path)?.execute_batch(after)?;
    }
    for way in ["this engine, first query ever", "this engine, new process"] {
        for days in DAYS {
            let shop = Commerce::open(path, Options::new(SystemClock).count_costs())?;
            engine(way, days, &shop, 1)?;
            if way.ends_with("process") {
                engine("this engine, same process again", days, &shop, 100)?;
            }
        }
    }
    println!();
    Ok(())
}

/// The bytes of the file that the store uses.
fn used(path: &Path) -> Result<u64> {
    let sql = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_freelist_count, pragma_page_size";
    let used: i64 = Connection::open(path)?.query_row(sql, [], |row| row.get(0))?;
    Ok(used.unsigned_abs())
}

/// Runs the query on a new connection for the `days` days up to the newest order.
fn ask(path: &Path, question: &str, days: u16) -> Result<(i32, f64)> {
    let connection = Connection::open(path)?;
    let span = "SELECT (SELECT order_id FROM orders WHERE at > (SELECT last_at FROM store) - ?1 * 86400000
            ORDER BY order_id LIMIT 1) * 1024, (last_order + 1) * 1024 FROM store";
    let (first, end): (i64, i64) =
        connection.query_row(span, [days], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let connection = Connection::open(path)?;
    let begun = spent();
    let mut statement = connection.prepare(question)?;
    let mut sums = std::collections::HashMap::<i64, (i64, i64)>::new();
    let mut rows = statement.query((first, end))?;
    while let Some(row) = rows.next()? {
        let (product, units, price): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let sum = sums.entry(product).or_default();
        *sum = (sum.0 + units, sum.1.wrapping_add(units.wrapping_mul(price)));
    }
    drop(rows);
    Ok((statement.get_status(StatementStatus::VmStep), spent() - begun))
}

/// Runs the query `times` times and prints the cost of one.
fn engine(way: &str, days: u16, shop: &Commerce, times: u32) -> Result<()> {
    shop.costs();
    let begun = spent();
    for _ in 0..times {
        shop.query(&Top { days, ..Top::default() })?;
    }
    let millis = (spent() - begun) / f64::from(times);
    // The engine writes its sums after the answer, so writes do not count.
    let reads = shop.costs().into_iter().filter(|cost| !cost.sql.starts_with(['I', 'U']));
    let steps = reads.map(|cost| cost.steps).sum::<u64>().cast_signed() / i64::from(times);
    println!("| {way} | {days} | {} | {millis:.1} | |", grouped(steps));
    Ok(())
}
