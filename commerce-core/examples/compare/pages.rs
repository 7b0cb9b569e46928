//! Measures the pages that an index or a rollup adds to an order in the log, in groups of the engine's size.

use std::path::Path;

use rusqlite::Connection;

use super::Result;

/// Orders in a measurement, and orders per commit.
const ORDERS: i64 = 12_800;
const GROUP: i64 = 64;

/// The statements of an order: the histories, a wallet, and the stocks of three products. Its number is ?1, a random
/// number ?2 and the time ?3.
const ORDER: [&str; 5] = [
    "INSERT INTO orders SELECT ?1, 1 + ?2 % last_user, 100, 100, 0, ?3, NULL FROM store",
    "INSERT INTO order_lines SELECT ?1 * 1024 + value, 1 + ?2 / 7 % (last_product >> value), 'Mug', 100, 1
        FROM store, json_each('[0,1,2]')",
    "INSERT INTO ledger SELECT ?1, 1 + ?2 % last_user, 'payment', -100, 100, ?1, 0, ?3, NULL FROM store",
    "UPDATE wallets SET last_order = ?1 WHERE user_no = 1 + ?2 % (SELECT last_user FROM store)",
    "UPDATE stocks SET stock = stock - 1 WHERE product_no IN
        (SELECT product_no FROM order_lines WHERE line BETWEEN ?1 * 1024 AND ?1 * 1024 + 2)",
];

/// The alternatives: a name, the statements that set it up, the statement that each order adds, and the cleanup.
const TRIED: [[&str; 4]; 10] = [
    ["nothing", "", "", ""],
    ["a key that ascends with time", "", KEY, "DELETE FROM keys"],
    [
        "the same with an index on its age",
        "CREATE INDEX tried ON keys (at)",
        KEY,
        "DROP INDEX tried; DELETE FROM keys",
    ],
    [
        "a random key, among as many keys as orders",
        "INSERT INTO keys SELECT printf('%036x', order_id * 2654435761 % 4294967296), 0, 1, order_id, NULL, at
             FROM orders ORDER BY 1",
        "INSERT INTO keys VALUES (printf('%036x', ?2 % 4294967296), ?1, 1, ?1, NULL, ?3)",
        "DELETE FROM keys",
    ],
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

const KEY: &str = "INSERT INTO keys VALUES (printf('%036d', ?1), ?2 * 0, 1, ?1, NULL, ?3)";

pub fn compare(path: &Path) -> Result<()> {
    println!("| kept in addition | pages per order | added |\n|---|--:|--:|");
    let mut plain = None;
    for [what, needs, each, after] in TRIED {
        Connection::open(path)?.execute_batch(needs)?;
        let pages = written(path, each)?;
        println!("| {what} | {pages:.2} | {:.2} |", pages - *plain.get_or_insert(pages));
        Connection::open(path)?.execute_batch(after)?;
    }
    Ok(())
}

/// The pages that an order writes to the log.
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
    // A frame is a header of 24 bytes and a page of 4,096.
    let log = path.with_file_name("copy.db-wal").metadata()?.len();
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok((log / 4_120) as f64 / ORDERS as f64)
}
