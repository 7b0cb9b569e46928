//! Reading: a few connections that share the work, each answer from one snapshot.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use r2d2::PooledConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use super::watch::Watch;
use super::{failed, row, rows};
use crate::cost::Costs;
use crate::error::{Cause, Error, OpenError};
use crate::row::{Rows, Statement, Value};
use crate::store::{Reader, Snapshot, StoreOptions};

/// The pool of reading connections, and the one that is kept to notice commits.
pub(crate) struct FileReader {
    pool: r2d2::Pool<SqliteConnectionManager>,
    /// Notices commits: the number is told per connection, so it must always be the same one.
    version_connection: Mutex<Connection>,
    watch: Arc<Watch>,
    busy: Duration,
    costs: Costs,
}

/// How long the pool tries to make a connection before it is asked why there is none. It goes on trying for as long as
/// it is waited for, though a disk that cannot be read is no reason to wait.
const STEP: Duration = Duration::from_secs(1);

struct FileSnapshot<'a> {
    connection: PooledConnection<SqliteConnectionManager>,
    costs: &'a Costs,
}

impl FileReader {
    pub(super) fn open(path: &Path, options: &StoreOptions, watch: Arc<Watch>) -> Result<Self, Error> {
        let busy = options.busy;
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(move |connection| {
                connection.busy_timeout(busy)?;
                connection.set_prepared_statement_cache_capacity(64);
                // Each of them may fill its own, and the system's cache stands behind all.
                connection.pragma_update(None, "cache_size", -4_096)?;
                connection.pragma_update(None, "query_only", true)
            });
        let pool = r2d2::Pool::builder()
            .max_size(options.readers)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(busy)
            .build(manager)
            .map_err(|e| OpenError::Failed { path: path.into(), because: Cause::of(e) })?;
        let version_connection = Mutex::new(super::open::connect(path, busy)?);
        Ok(Self { pool, version_connection, watch, busy, costs: options.costs.clone() })
    }

    /// Waits for a connection while others have them all.
    fn wait(&self) -> Result<PooledConnection<SqliteConnectionManager>, Error> {
        let until = Instant::now() + self.busy;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.pool.get_timeout(left.min(STEP)).map_err(|error| unconnected(&error)) {
                Err(Error::Busy(_)) if !left.is_zero() => {}
                done => return done,
            }
        }
    }
}

impl Reader for FileReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let connection = match self.pool.try_get() {
            Some(connection) => connection,
            None => {
                // Where the file is gone, no connection could be made however long one waited.
                self.watch.check()?;
                self.wait()?
            }
        };
        // Only now, since a new connection opens whatever file has the name.
        self.watch.check()?;
        connection.prepare_cached("BEGIN").and_then(|mut begin| begin.execute([])).map_err(failed)?;
        Ok(Box::new(FileSnapshot { connection, costs: &self.costs }))
    }

    fn supports_long_snapshots(&self) -> bool {
        true
    }

    fn version(&self) -> Result<i64, Error> {
        self.watch.check()?;
        let version_connection = self.version_connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = version_connection.prepare_cached("PRAGMA data_version").map_err(failed)?;
        statement.query_row([], |row| row.get(0)).map_err(failed)
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(4)
    }
}

/// Why there is no connection: all are taken, or none can be made, which the pool tells behind a colon.
fn unconnected(error: &r2d2::Error) -> Error {
    match error.to_string().split_once(": ") {
        Some((_, because)) => Error::Unavailable(because.into()),
        None => Error::Busy("every reading connection is taken"),
    }
}

impl Snapshot for FileSnapshot<'_> {
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        rows(&self.connection, statement, self.costs)
    }

    fn each(
        &mut self,
        statement: &Statement,
        take: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut prepared = self.connection.prepare_cached(&statement.sql).map_err(failed)?;
        let (width, mut count) = (prepared.column_count(), 0);
        let mut rows = prepared.query(rusqlite::params_from_iter(&statement.values)).map_err(failed)?;
        while let Some(found) = rows.next().map_err(failed)? {
            count += 1;
            if take(&row(found, width)?).is_break() {
                break;
            }
        }
        drop(rows);
        self.costs.record(&statement.sql, &prepared, count);
        Ok(())
    }

    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.rows(statement)
    }
}

impl Drop for FileSnapshot<'_> {
    fn drop(&mut self) {
        // A read transaction that cannot be ended is ended when the pool closes the connection.
        let _ = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    }
}
