//! The usual ways, on tables such as a textbook has them: an index for each list, every row written by itself.

use std::path::Path;
use std::time::{Duration, Instant};

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OptionalExtension, params};

use crate::work::{Keys, Measured, PRODUCTS, Random, Result, USERS};

const SCHEMA: &str = "
    CREATE TABLE users (user_no INTEGER PRIMARY KEY, user TEXT NOT NULL UNIQUE, balance INTEGER NOT NULL) STRICT;
    CREATE TABLE products (product_no INTEGER PRIMARY KEY, product TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
        price INTEGER NOT NULL, stock INTEGER NOT NULL) STRICT;
    CREATE TABLE orders (order_id INTEGER PRIMARY KEY, user_no INTEGER NOT NULL REFERENCES users,
        total INTEGER NOT NULL, balance INTEGER NOT NULL, at INTEGER NOT NULL) STRICT;
    CREATE INDEX orders_by_user ON orders (user_no, order_id);
    CREATE TABLE order_lines (order_id INTEGER NOT NULL REFERENCES orders, line INTEGER NOT NULL,
        product_no INTEGER NOT NULL REFERENCES products, name TEXT NOT NULL, price INTEGER NOT NULL,
        quantity INTEGER NOT NULL, PRIMARY KEY (order_id, line)) STRICT;
    CREATE TABLE ledger (entry INTEGER PRIMARY KEY, user_no INTEGER NOT NULL REFERENCES users,
        amount INTEGER NOT NULL, balance INTEGER NOT NULL, order_id INTEGER, at INTEGER NOT NULL) STRICT;
    CREATE INDEX ledger_by_user ON ledger (user_no, entry);
    CREATE TABLE outbox (event INTEGER PRIMARY KEY, type TEXT NOT NULL, order_id INTEGER NOT NULL) STRICT;
    CREATE TABLE keys (user_no INTEGER NOT NULL, key TEXT NOT NULL, order_id INTEGER NOT NULL,
        PRIMARY KEY (user_no, key)) STRICT;";

/// One transaction per order, from a pool, waiting with SQLite's own time-out.
pub fn textbook(folder: &Path, threads: u64, run: Duration) -> Result<Measured> {
    let path = folder.join("textbook.db");
    fill(&path)?;
    let manager = SqliteConnectionManager::file(&path).with_init(|connection| settle(connection));
    let pool = r2d2::Pool::builder().max_size(u32::try_from(threads)?).build(manager)?;
    let started = Instant::now();
    let one = |thread: u64| -> Result<Vec<Duration>> {
        let (mut random, mut waits) = (Random::new(thread + 1), Vec::new());
        while started.elapsed() < run {
            let order = random.order(Keys::Ordered);
            let asked = Instant::now();
            let connection = pool.get()?;
            connection.execute_batch("BEGIN IMMEDIATE")?;
            place(&connection, &order)?;
            connection.execute_batch("COMMIT")?;
            waits.push(asked.elapsed());
        }
        Ok(waits)
    };
    let waits = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|thread| scope.spawn(move || one(thread))).collect();
        let joined = threads.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")?);
        joined.collect::<Result<Vec<_>>>()
    })?;
    Ok(Measured { took: started.elapsed(), waits: waits.concat() })
}

/// Groups of 64 orders in one transaction, each in a savepoint of its own, by one thread.
pub fn row_by_row(folder: &Path, run: Duration) -> Result<Measured> {
    let path = folder.join("rows.db");
    fill(&path)?;
    let connection = Connection::open(&path)?;
    settle(&connection)?;
    let (mut random, mut waits) = (Random::new(1), Vec::new());
    let started = Instant::now();
    while started.elapsed() < run {
        let orders: Vec<_> = (0..64).map(|_| random.order(Keys::Ordered)).collect();
        let asked = Instant::now();
        connection.execute_batch("BEGIN IMMEDIATE")?;
        for order in &orders {
            connection.prepare_cached("SAVEPOINT one")?.execute([])?;
            place(&connection, order)?;
            connection.prepare_cached("RELEASE one")?.execute([])?;
        }
        connection.execute_batch("COMMIT")?;
        waits.extend(std::iter::repeat_n(asked.elapsed(), 64));
    }
    Ok(Measured { took: started.elapsed(), waits })
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768",
    )
}

fn fill(path: &Path) -> Result<()> {
    let connection = Connection::open(path)?;
    settle(&connection)?;
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch("BEGIN")?;
    for number in 0..USERS.cast_signed() {
        connection.execute(
            "INSERT INTO users VALUES (?1, ?2, 1000000000000)",
            params![number, format!("user-{number}")],
        )?;
    }
    for number in 0..PRODUCTS.cast_signed() {
        let (product, name) = (format!("product-{number}"), format!("Product number {number}"));
        let values = params![number, product, name, 100 + number % 977];
        connection.execute("INSERT INTO products VALUES (?1, ?2, ?3, ?4, 1000000000)", values)?;
    }
    Ok(connection.execute_batch("COMMIT")?)
}

/// One order, every rule and row by itself.
fn place(connection: &Connection, (user, products, key): &(u64, [u64; 3], String)) -> Result<()> {
    let one = |sql: &str| connection.prepare_cached(sql);
    let (user, at) = (format!("user-{user}"), 1_700_000_000_000_i64);
    let (user_no, balance): (i64, i64) = one("SELECT user_no, balance FROM users WHERE user = ?1")?
        .query_row([&user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known: Option<i64> = one("SELECT order_id FROM keys WHERE user_no = ?1 AND key = ?2")?
        .query_row(params![user_no, key], |row| row.get(0))
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for product in products {
        let line: (i64, String, i64, i64) =
            one("SELECT product_no, name, price, stock FROM products WHERE product = ?1")?
                .query_row([format!("product-{product}")], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
        lines.push(line);
    }
    let total: i64 = lines.iter().map(|line| line.2).sum();
    if balance < total || lines.iter().any(|line| line.3 < 1) {
        return Err("there is enough of everything".into());
    }
    let left = balance - total;
    one("UPDATE users SET balance = ?2 WHERE user_no = ?1")?.execute([user_no, left])?;
    one("INSERT INTO orders (user_no, total, balance, at) VALUES (?1, ?2, ?3, ?4)")?
        .execute([user_no, total, left, at])?;
    let order = connection.last_insert_rowid();
    for (place, (product, name, price, _)) in (0_i64..).zip(&lines) {
        one("UPDATE products SET stock = stock - 1 WHERE product_no = ?1")?.execute([product])?;
        one("INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, ?5, 1)")?
            .execute(params![order, place, product, name, price])?;
    }
    one("INSERT INTO ledger (user_no, amount, balance, order_id, at) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute([user_no, -total, left, order, at])?;
    one("INSERT INTO outbox (type, order_id) VALUES ('OrderCompleted', ?1)")?.execute([order])?;
    one("INSERT INTO keys VALUES (?1, ?2, ?3)")?.execute(params![user_no, key, order])?;
    Ok(())
}
