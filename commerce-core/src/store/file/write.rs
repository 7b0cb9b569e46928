//! Writing: one connection, one transaction per group, one cached statement per kind of change.

use std::cell::Cell;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::HashMap;
use rusqlite::Connection;

use super::turn::Turn;
use super::watch::Watch;
use super::{commit_error, rows, statement_error};
use crate::cost::Costs;
use crate::error::Error;
use crate::row::table::{SALES_BY_DAY, SALES_BY_HOUR};
use crate::row::{Change, Kind, Rows, Statement};
use crate::store::{Linger, OtherWrites, Store};
use crate::time::Time;

/// The writing connection of this process.
pub(crate) struct FileWriter {
    connection: Connection,
    saves: Saves,
    turn: Turn,
    watch: Arc<Watch>,
    version: Option<i64>,
    frames: i64,
    pages: u64,
    costs: Costs,
}

/// The number of frames in the write-ahead log that triggers a checkpoint. SQLite's default of 1,000 costs a third of
/// the throughput.
const CHECKPOINT: i64 = 4_000;

/// Callers of the same process come back within a fraction of this.
const MAX_LINGER: Duration = Duration::from_millis(1);

thread_local! {
    /// Frames in the write-ahead log after the last commit of this thread.
    static FRAMES: Cell<i64> = const { Cell::new(0) };
}

impl FileWriter {
    pub(super) fn new(
        connection: Connection,
        turn: Turn,
        watch: Arc<Watch>,
        costs: Costs,
    ) -> Result<Self, Error> {
        // SQLite's own checkpointing uses the same hook, so this hook replaces it. The result becomes the result of a
        // COMMIT that has already taken place, so it is always success. A checkpoint that readers block is made up
        // for by the next one.
        connection.wal_hook(Some(|wal, frames| {
            FRAMES.set(frames.into());
            if i64::from(frames) >= CHECKPOINT {
                let _ = wal.checkpoint();
            }
            Ok(())
        }));
        let saves = Saves::default();
        Ok(Self { connection, saves, turn, watch, version: None, frames: 0, pages: 0, costs })
    }
}

impl Store for FileWriter {
    fn take_turn(&mut self, deadline: Instant) -> Result<(), Error> {
        self.turn.acquire(deadline)
    }

    fn begin(&mut self) -> Result<OtherWrites, Error> {
        self.watch.check()?;
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")
            .and_then(|mut s| s.execute([]))
            .map_err(statement_error)?;
        // It changes with commits of other connections only (https://www.sqlite.org/pragma.html#pragma_data_version).
        let mut version = self.connection.prepare_cached("PRAGMA data_version").map_err(statement_error)?;
        let version = version.query_row([], |row| row.get(0)).map_err(statement_error)?;
        let before = self.version.replace(version);
        Ok(if before == Some(version) { OtherWrites::None } else { OtherWrites::Possible })
    }

    fn load(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        statements.iter().map(|statement| rows(&self.connection, statement, &self.costs)).collect()
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), Error> {
        for change in changes {
            save(&self.connection, &mut self.saves, change, &self.costs).map_err(statement_error)?;
        }
        self.connection.prepare_cached("COMMIT").and_then(|mut s| s.execute([])).map_err(commit_error)?;
        // A commit to a file that was removed or replaced is not acknowledged.
        self.watch.check_log()?;
        if changes.iter().any(|change| [&SALES_BY_HOUR, &SALES_BY_DAY].contains(&change.table)) {
            // These rows are long, and this connection does not read them, so they would only fill its cache. A
            // failure does not undo the commit.
            let _ = self.connection.execute_batch("PRAGMA shrink_memory");
        }
        let frames = FRAMES.get();
        let written = if frames > self.frames { frames - self.frames } else { frames };
        (self.frames, self.pages) = (frames, written.unsigned_abs());
        Ok(())
    }

    fn end(&mut self) {
        if !self.connection.is_autocommit() {
            // If this fails, SQLite has rolled back the transaction itself.
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        self.turn.release();
    }

    fn time(&self) -> Option<Time> {
        None
    }

    fn pages(&self) -> u64 {
        self.pages
    }

    fn requests(&self) -> u64 {
        0
    }

    fn linger(&self, took: Duration) -> Linger {
        let longest = (took / 4).min(MAX_LINGER);
        Linger { longest, gap: longest }
    }
}

/// Rows per insert statement. Within a statement, each row is inserted after the previous one without a new search.
const BATCH: usize = 16;

/// The SQL of saving statements, built once each.
type Saves = HashMap<(&'static str, Kind, usize), String>;

fn save(connection: &Connection, saves: &mut Saves, change: &Change, costs: &Costs) -> rusqlite::Result<()> {
    let (width, values) = (change.width(), &change.values);
    let batch = if change.kind == Kind::Insert { BATCH } else { 1 };
    let (batches, rest) = values.split_at(values.len() - values.len() % (width * batch));
    for (values, rows) in [(batches, batch), (rest, 1)].into_iter().filter(|(values, _)| !values.is_empty()) {
        let sql = saves.entry((change.table.name, change.kind, rows)).or_insert_with(|| sql(change, rows));
        let mut statement = connection.prepare_cached(sql)?;
        for values in values.chunks_exact(width * rows) {
            let changed = statement.execute(rusqlite::params_from_iter(values))?;
            costs.record(sql, &statement, changed);
        }
    }
    Ok(())
}

fn sql(change: &Change, rows: usize) -> String {
    let table = change.table;
    let (key, others) = table.columns.split_at(table.key);
    let assignments = |columns: &[&str], first: usize, separator: &str| {
        let mut text = String::new();
        for (place, column) in (first..).zip(columns) {
            let lead = if place == first { "" } else { separator };
            // Writing to a string cannot fail.
            let _ = write!(text, "{lead}{column} = ?{place}");
        }
        text
    };
    let key = assignments(key, 1, " AND ");
    match change.kind {
        Kind::Insert => {
            let row = format!("({})", vec!["?"; table.columns.len()].join(", "));
            let columns = table.columns.join(", ");
            format!(
                "INSERT OR ROLLBACK INTO {} ({columns}) VALUES {}",
                table.name,
                vec![row; rows].join(", ")
            )
        }
        Kind::Update => {
            format!("UPDATE {} SET {} WHERE {key}", table.name, assignments(others, table.key + 1, ", "))
        }
        Kind::Delete => format!("DELETE FROM {} WHERE {key}", table.name),
    }
}
