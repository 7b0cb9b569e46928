//! What an index or a rollup adds to an order: pages written to the log, in groups as the engine forms them.

use std::path::Path;

use rusqlite::Connection;

use super::Result;

/// Orders that are written each time, and how many share a commit.
const ORDERS: i64 = 12_800;
const GROUP: i64 = 64;

/// What an order writes, with its number as ?1, a random number as ?2 and the time as ?3: the histories, a wallet, and
/// the stocks of three products.
const ORDER: [&str; 5] = [
    "INSERT INTO orders SELECT ?1, 1 + ?2 % last_user, 100, 100, 0, ?3 FROM store",
    "INSERT INTO order_lines SELECT ?1 * 1024 + value, 1 + ?2 / 7 % (last_product >> value), 'Mug', 100, 1
        FROM store, json_each('[0,1,2]')",
    "INSERT INTO ledger SELECT ?1, 1 + ?2 % last_user, 'payment', -100, 100, ?1, 0, ?3 FROM store",
    "UPDATE wallets SET last_order = ?1 WHERE user_no = 1 + ?2 % (SELECT last_user FROM store)",
    "UPDATE stocks SET stock = stock - 1 WHERE product_no IN
        (SELECT product_no FROM order_lines WHERE line BETWEEN ?1 * 1024 AND ?1 * 1024 + 2)",
];

/// What is tried: its name, what it needs, what an order writes for it besides, and what takes it away again.
const TRIED: [[&str; 4]; 7] = [
    ["nothing", "", "", ""],
    ["an index on the user of an order", "CREATE INDEX tried ON orders (user_no)", "", "DROP INDEX tried"],
    [
        "an index on the user of a ledger entry",
        "CREATE INDEX tried ON ledger (user_no)",
        "",
        "DROP INDEX tried",
    ],
    ["an index on the time of an order", "CREATE INDEX tried ON orders (at)", "", "DROP INDEX tried"],
    ["an index on the stock", "CREATE INDEX tried ON stocks (stock)", "", "DROP INDEX tried"],
    [
        "a covering index of the lines",
        "CREATE INDEX tried ON order_lines (line, product_no, quantity, price)",
        "",
        "DROP INDEX tried",
    ],
    [
        "a rollup of hours and products",
        "CREATE TABLE tried (hour INTEGER, product_no INTEGER, units INTEGER, revenue INTEGER,
             PRIMARY KEY (hour, product_no)) WITHOUT ROWID",
        "INSERT INTO tried SELECT ?3 / 3600000, product_no, 1, 100 FROM order_lines
             WHERE line BETWEEN ?1 * 1024 AND ?1 * 1024 + 2
             ON CONFLICT DO UPDATE SET units = units + 1, revenue = revenue + 100",
        "DROP TABLE tried",
    ],
];

pub fn compare(path: &Path) -> Result<()> {
    println!("| kept for it | pages an order | added |\n|---|--:|--:|");
    let mut plain = None;
    for [what, needs, each, after] in TRIED {
        Connection::open(path)?.execute_batch(needs)?;
        let pages = written(path, each)?;
        println!("| {what} | {pages:.2} | {:.2} |", pages - *plain.get_or_insert(pages));
        Connection::open(path)?.execute_batch(after)?;
    }
    Ok(())
}

/// Pages that an order writes to the log.
fn written(path: &Path, each: &str) -> Result<f64> {
    let mut connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = off; PRAGMA cache_size = -200000",
    )?;
    let (next, at): (i64, i64) = connection.query_row(
        "SELECT max(max(order_id), (SELECT max(entry) FROM ledger)) + 1, max(at) FROM orders",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let mut random = 1_u64;
    for group in 0..ORDERS / GROUP {
        let transaction = connection.transaction()?;
        for order in next + group * GROUP..next + (group + 1) * GROUP {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for sql in ORDER.into_iter().chain([each]).filter(|sql| !sql.is_empty()) {
                let mut statement = transaction.prepare_cached(sql)?;
                let values = [order, (random >> 24).cast_signed(), at + order];
                let bound = values.into_iter().take(statement.parameter_count());
                statement.execute(rusqlite::params_from_iter(bound))?;
            }
        }
        transaction.commit()?;
    }
    // A frame is a page of 4,096 bytes and a head of 24.
    let log = path.with_file_name("copy.db-wal").metadata()?.len();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok((log / 4_120) as f64 / ORDERS as f64)
}
