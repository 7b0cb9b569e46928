//! Compares ways to read the same rows.

use std::path::Path;

use rusqlite::{Connection, StatementStatus};

use super::{Result, spent};
use crate::grouped::grouped;

/// Each query, and the ways to run it: a name, the setup, the statement and the cleanup.
const READS: [(&str, &[[&str; 4]]); 6] = [
    (
        "a page of a user's orders, newest first",
        &[
            ["a linked list of rows", "", USERS_LIST, ""],
            [
                "an index on the user",
                "CREATE INDEX tried ON orders (user_no)",
                "SELECT order_id FROM orders WHERE user_no = (SELECT user_no FROM users WHERE user = 'user-1')
                 ORDER BY order_id DESC LIMIT 21",
                "DROP INDEX tried",
            ],
            [
                "a scan",
                "",
                "SELECT order_id FROM orders WHERE user_no = (SELECT user_no FROM users WHERE user = 'user-1')
                 ORDER BY order_id DESC LIMIT 21",
                "",
            ],
        ],
    ),
    (
        "the newest order at a given time",
        &[
            ["a binary search", "", HALVING, ""],
            [
                "an index on the time",
                "CREATE INDEX tried ON orders (at)",
                "SELECT max(order_id) FROM orders WHERE at = (SELECT max(at) FROM orders WHERE at <=
                 (SELECT last_at FROM store) - 86400000 * 90)",
                "DROP INDEX tried",
            ],
            [
                "a scan",
                "",
                "SELECT max(order_id) FROM orders WHERE at <= (SELECT last_at FROM store) - 86400000 * 90",
                "",
            ],
        ],
    ),
    (
        "the lines of a page of orders",
        &[
            [
                "a range of the key",
                "",
                "SELECT count(*) FROM json_each('[11,12,13,14,15,16,17,18,19,20]') CROSS JOIN order_lines l
                 ON l.line BETWEEN value * 1024 AND value * 1024 + 1023",
                "",
            ],
            [
                "an expression on the key",
                "",
                "SELECT count(*) FROM json_each('[11,12,13,14,15,16,17,18,19,20]') CROSS JOIN order_lines l
                 ON l.line / 1024 = value",
                "",
            ],
        ],
    ),
    (
        "64 users by their names",
        &[
            [
                "a lookup for each",
                "",
                "WITH names AS (SELECT json_group_array('user-' || user_no) AS list FROM users WHERE user_no <= 64)
                 SELECT u.user_no FROM names CROSS JOIN json_each(list) CROSS JOIN users u ON u.user = value",
                "",
            ],
            [
                "IN with a list",
                "",
                "WITH names AS (SELECT json_group_array('user-' || user_no) AS list FROM users WHERE user_no <= 64)
                 SELECT u.user_no FROM users u WHERE u.user IN (SELECT value FROM names, json_each(list))",
                "",
            ],
        ],
    ),
    (
        "a page in the middle of the catalogue",
        &[
            [
                "after the last product of the previous page",
                "",
                "SELECT product, name FROM products WHERE product > 'product-5' ORDER BY product LIMIT 21",
                "",
            ],
            [
                "OFFSET",
                "",
                "SELECT product, name FROM products ORDER BY product LIMIT 21
                 OFFSET (SELECT last_product / 2 FROM store)",
                "",
            ],
        ],
    ),
    (
        "the products with the least stock",
        &[
            ["a sort of the catalogue", "", STOCKS, ""],
            ["an index on the stock", "CREATE INDEX tried ON stocks (stock)", STOCKS, "DROP INDEX tried"],
        ],
    ),
];

const USERS_LIST: &str = "WITH RECURSIVE list (order_id) AS (
        SELECT w.last_order FROM users u JOIN wallets w USING (user_no) WHERE u.user = 'user-1'
        UNION ALL
        SELECT o.previous_order FROM list JOIN orders o USING (order_id))
    SELECT o.order_id FROM list CROSS JOIN orders o USING (order_id) LIMIT 21";

const HALVING: &str = "WITH RECURSIVE half (low, high) AS (
        SELECT 0, (SELECT last_order FROM store)
        UNION ALL
        SELECT iif(o.at <= t.at, o.order_id, low), iif(o.at <= t.at, high, o.order_id - 1)
        FROM half JOIN orders o ON o.order_id = (low + high + 1) / 2
        JOIN (SELECT last_at - 86400000 * 90 AS at FROM store) t WHERE low < high)
    SELECT low FROM half WHERE low = high";

const STOCKS: &str = "SELECT p.product, s.stock FROM products p JOIN stocks s USING (product_no)
    ORDER BY s.stock, p.product LIMIT 21";

/// The least CPU time of a measurement in milliseconds.
const LONG: f64 = 200.0;

pub fn compare(path: &Path) -> Result<()> {
    println!("| query | way | steps | CPU ms |\n|---|---|--:|--:|");
    for (question, ways) in READS {
        for [way, needs, sql, after] in ways {
            let connection = Connection::open(path)?;
            connection.execute_batch(needs)?;
            let (steps, millis) = cost(&connection, sql)?;
            println!("| {question} | {way} | {} | {millis:.3} |", grouped(steps));
            connection.execute_batch(after)?;
        }
    }
    println!();
    Ok(())
}

/// The steps of a statement and its CPU time, averaged over many runs if one is too short to measure.
fn cost(connection: &Connection, sql: &str) -> Result<(i32, f64)> {
    let mut statement = connection.prepare(sql)?;
    let (mut runs, mut total) = (0, 0.0);
    while total < LONG {
        let (more, begun) = (runs + 1, spent());
        for _ in 0..more {
            statement.reset_status(StatementStatus::VmStep);
            let mut rows = statement.query([])?;
            while rows.next()?.is_some() {}
        }
        (runs, total) = (runs + more, total + spent() - begun);
    }
    Ok((statement.get_status(StatementStatus::VmStep), total / f64::from(runs)))
}
