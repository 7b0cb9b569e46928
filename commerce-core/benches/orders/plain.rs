//! The usual ways of writing orders, on textbook tables: an index for each list, and each row written by itself.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use commerce_core::Stats;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OptionalExtension, params};

use crate::work::{Keys, Measured, PRODUCTS, Random, Result, USERS, together};

/// The engine's own tables with the two indexes of a textbook. The links of the lists stay 0.
const SCHEMA: &str = concat!(
    include_str!("../../src/store/schema/0001_shop.sql"),
    include_str!("../../src/store/schema/0010_ledger.sql"),
    "CREATE INDEX orders_by_user ON orders (user_no); CREATE INDEX ledger_by_user ON ledger (user_no);"
);

/// Frames after which SQLite checkpoints the log by default.
const CHECKPOINT: u64 = 1_000;

/// Frames in the log after the last commit, and pages written so far. Both are exact with one writer.
static FRAMES: AtomicU64 = AtomicU64::new(0);
static PAGES: AtomicU64 = AtomicU64::new(0);

/// Roughly the time of a commit.
const PAUSE: Duration = Duration::from_micros(200);

/// How a writer waits while another one holds the database.
#[derive(Clone, Copy, PartialEq)]
pub enum Waiting {
    /// SQLite's own time-out, which tries again after 1 to 100 ms.
    TimeOut,
    /// Trying again every 50 us.
    Polling,
    /// Optimistic: the writer reads everything first. It starts again after [`PAUSE`] if others have written since, or
    /// are writing, when it writes its first row.
    Retrying,
}

/// Places one order per transaction, on connections of a pool. Also returns the orders of each thread and the number of
/// failed attempts.
pub fn textbook(
    folder: &Path,
    threads: u64,
    run: Duration,
    waiting: Waiting,
) -> Result<(Measured, Stats, Vec<f64>, u64)> {
    let path = folder.join("textbook.db");
    fill(&path)?;
    let init = move |connection: &mut Connection| {
        settle(connection)?;
        match waiting {
            Waiting::Polling => connection.busy_handler(Some(|_| {
                std::thread::sleep(Duration::from_micros(50));
                true
            })),
            Waiting::TimeOut | Waiting::Retrying => Ok(()),
        }
    };
    let manager = SqliteConnectionManager::file(&path).with_init(init);
    let pool = r2d2::Pool::builder().max_size(u32::try_from(threads)?).build(manager)?;
    PAGES.store(0, Ordering::Relaxed);
    let begin = if waiting == Waiting::Retrying { "BEGIN" } else { "BEGIN IMMEDIATE" };
    let (started, failed) = (Instant::now(), AtomicU64::new(0));
    let one = |thread: u64| -> Result<Vec<Duration>> {
        let (mut random, mut waits) = (Random::new(thread + 1), Vec::new());
        while started.elapsed() < run {
            let order = random.order(Keys::Ordered);
            let asked = Instant::now();
            let connection = pool.get()?;
            loop {
                connection.execute_batch(begin)?;
                match place(&connection, &order).and_then(|()| Ok(connection.execute_batch("COMMIT")?)) {
                    Err(error) if stale(error.as_ref()) => {
                        failed.fetch_add(1, Ordering::Relaxed);
                        connection.execute_batch("ROLLBACK")?;
                        std::thread::sleep(PAUSE);
                    }
                    placed => break placed?,
                }
            }
            waits.push(asked.elapsed());
        }
        Ok(waits)
    };
    let each = together(threads, one)?;
    let took = started.elapsed();
    let orders = each.iter().map(|waits| waits.len() as f64).collect();
    let measured = Measured { waits: each.concat(), took };
    let stats = stats(&measured, 1);
    Ok((measured, stats, orders, failed.into_inner()))
}

/// Whether the transaction failed because others have written since its first read, or are writing.
fn stale(error: &(dyn std::error::Error + 'static)) -> bool {
    let error = error.downcast_ref::<rusqlite::Error>();
    error.is_some_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy))
}

/// Places groups of 64 orders on one thread: one transaction per group, one savepoint per order.
pub fn row_by_row(folder: &Path, run: Duration, keys: Keys) -> Result<(Measured, Stats)> {
    let path = folder.join("rows.db");
    fill(&path)?;
    let connection = Connection::open(&path)?;
    settle(&connection)?;
    let (mut random, mut waits) = (Random::new(1), Vec::new());
    PAGES.store(0, Ordering::Relaxed);
    let started = Instant::now();
    while started.elapsed() < run {
        let orders: Vec<_> = (0..64).map(|_| random.order(keys)).collect();
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
    let measured = Measured { took: started.elapsed(), waits };
    let stats = stats(&measured, 64);
    Ok((measured, stats))
}

fn stats(measured: &Measured, group: u64) -> Stats {
    let operations = measured.waits.len() as u64;
    let groups = operations / group;
    Stats { groups, operations, commits: groups, pages: PAGES.load(Ordering::Relaxed), ..Stats::default() }
}

/// Counts the pages of a commit, and checkpoints the log as SQLite does.
fn count(log: &rusqlite::hooks::Wal, frames: std::ffi::c_int) -> rusqlite::Result<()> {
    let frames = u64::try_from(frames).unwrap_or_default();
    let before = FRAMES.swap(frames, Ordering::Relaxed);
    PAGES.fetch_add(if frames > before { frames - before } else { frames }, Ordering::Relaxed);
    if frames >= CHECKPOINT {
        // Another connection may be checkpointing. An error from this hook would become the result of the commit.
        let _ = log.checkpoint();
    }
    Ok(())
}

fn settle(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(30))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.wal_hook(Some(count));
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -32768",
    )
}

fn fill(path: &Path) -> Result<()> {
    let connection = Connection::open(path)?;
    settle(&connection)?;
    connection.execute_batch(SCHEMA)?;
    connection.execute_batch("BEGIN")?;
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| connection.prepare_cached(sql)?.execute(values);
    for number in 1..=USERS.cast_signed() {
        let user = format!("user-{}", number - 1);
        run("INSERT INTO users VALUES (?1, ?2, NULL, 0)", &[&number, &user])?;
        run("INSERT INTO wallets VALUES (?1, 1000000000000, 0, 0)", &[&number])?;
    }
    for number in 1..=PRODUCTS.cast_signed() {
        let (product, name) = (format!("product-{}", number - 1), format!("Product number {}", number - 1));
        let price = 100 + (number - 1) % 977;
        run(
            "INSERT INTO products VALUES (?1, ?2, ?3, lower(?2 || ?3), ?4, 1)",
            &[&number, &product, &name, &price],
        )?;
        run("INSERT INTO stocks VALUES (?1, 1000000000)", &[&number])?;
    }
    Ok(connection.execute_batch("COMMIT")?)
}

/// Places one order, checking each rule and writing each row by itself.
fn place(connection: &Connection, (user, products, key): &(u64, [u64; 3], String)) -> Result<()> {
    let one = |sql: &str| connection.prepare_cached(sql);
    let (user, at) = (format!("user-{user}"), 1_700_000_000_000_i64);
    let (user_no, balance): (i64, i64) =
        one("SELECT user_no, balance FROM users JOIN wallets USING (user_no) WHERE user = ?1")?
            .query_row([&user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let known: Option<i64> = one("SELECT order_id FROM keys WHERE key = ?1 AND user_no = ?2")?
        .query_row(params![key, user_no], |row| row.get(0))
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    let mut lines = Vec::new();
    for product in products {
        let line: (i64, String, i64, i64) =
            one("SELECT product_no, name, price, stock FROM products JOIN stocks USING (product_no) WHERE product = ?1")?
                .query_row([format!("product-{product}")], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })?;
        lines.push(line);
    }
    let total: i64 = lines.iter().map(|line| line.2).sum();
    if balance < total || lines.iter().any(|line| line.3 < 1) {
        return Err("an order was refused although money and stock suffice".into());
    }
    let left = balance - total;
    one("UPDATE wallets SET balance = ?2 WHERE user_no = ?1")?.execute([user_no, left])?;
    one("INSERT INTO orders (user_no, total, balance, previous_order, at) VALUES (?1, ?2, ?3, 0, ?4)")?
        .execute([user_no, total, left, at])?;
    let order = connection.last_insert_rowid();
    for (place, (product, name, price, _)) in (0_i64..).zip(&lines) {
        one("UPDATE stocks SET stock = stock - 1 WHERE product_no = ?1")?.execute([product])?;
        one("INSERT INTO order_lines VALUES (?1, ?2, ?3, ?4, 1)")?.execute(params![
            order * 1_024 + place,
            product,
            name,
            price
        ])?;
    }
    one("INSERT INTO ledger (user_no, kind, amount, balance, source, previous_entry, at) VALUES (?1, 'payment', ?2, ?3, ?4, 0, ?5)")?
        .execute([user_no, -total, left, order, at])?;
    one("INSERT INTO outbox (type, source) VALUES ('OrderCompleted', ?1)")?.execute([order])?;
    one("INSERT INTO keys VALUES (?1, ?2, 0, ?3, NULL, ?4)")?.execute(params![key, user_no, order, at])?;
    Ok(())
}
