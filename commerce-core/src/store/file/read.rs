//! Reading: a pool of connections. Each answer comes from one snapshot.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use r2d2::PooledConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};

use super::watch::Watch;
use super::{row, rows, statement_error};
use crate::cost::Costs;
use crate::error::{Cause, Error, OpenError};
use crate::row::{Rows, Statement, Value};
use crate::store::{Reader, Snapshot, StoreOptions};

/// The pool of reading connections, and one connection that detects commits.
pub(crate) struct FileReader {
    pool: r2d2::Pool<SqliteConnectionManager>,
    /// Detects commits. The version is a number per connection, so it must always be the same connection.
    version_connection: Mutex<Connection>,
    watch: Arc<Watch>,
    busy: Duration,
    costs: Costs,
}

/// How long to wait for the pool before asking why it has no connection. The pool retries for as long as a caller
/// waits, even when the disk cannot be read.
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
                // Each connection has a cache of its own, and the system's cache backs all of them.
                connection.pragma_update(None, "cache_size", -4_096)?;
                connection.pragma_update(None, "query_only", true)
            });
        let pool = r2d2::Pool::builder()
            .max_size(options.readers)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(busy)
            .build(manager)
            .map_err(|e| OpenError::Failed { path: path.into(), reason: Cause::of(e) })?;
        let version_connection = Mutex::new(super::open::connect(path, busy)?);
        Ok(Self { pool, version_connection, watch, busy, costs: options.costs.clone() })
    }

    /// Waits for a free connection.
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
                // If the file is gone, waiting is futile.
                self.watch.check()?;
                self.wait()?
            }
        };
        // Checked after connecting, since a new connection opens the file that has the name now.
        self.watch.check()?;
        connection
            .prepare_cached("BEGIN")
            .and_then(|mut begin| begin.execute([]))
            .map_err(statement_error)?;
        Ok(Box::new(FileSnapshot { connection, costs: &self.costs }))
    }

    fn supports_long_snapshots(&self) -> bool {
        true
    }

    fn version(&self) -> Result<i64, Error> {
        self.watch.check()?;
        let version_connection = self.version_connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement =
            version_connection.prepare_cached("PRAGMA data_version").map_err(statement_error)?;
        statement.query_row([], |row| row.get(0)).map_err(statement_error)
    }

    fn version_with(&self, statement: &Statement) -> Result<(i64, Rows), Error> {
        let version = self.version()?;
        Ok((version, self.snapshot()?.final_rows(statement)?))
    }

    fn known_version(&self) -> Result<i64, Error> {
        self.version()
    }

    fn is_remote(&self) -> bool {
        false
    }

    fn poll_interval(&self) -> Duration {
        Duration::from_millis(4)
    }
}

/// The reason for having no connection: all are in use, or none can be opened. The pool gives the latter after a
/// colon.
fn unconnected(error: &r2d2::Error) -> Error {
    match error.to_string().split_once(": ") {
        Some((_, reason)) => Error::Unavailable(reason.into()),
        None => Error::Busy("every reading connection is taken".into()),
    }
}

impl Snapshot for FileSnapshot<'_> {
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        rows(&self.connection, statement, self.costs)
    }

    fn each(
        &mut self,
        statement: &Statement,
        visit: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut prepared = self.connection.prepare_cached(&statement.sql).map_err(statement_error)?;
        let (width, mut count) = (prepared.column_count(), 0);
        let mut rows =
            prepared.query(rusqlite::params_from_iter(&statement.values)).map_err(statement_error)?;
        while let Some(found) = rows.next().map_err(statement_error)? {
            count += 1;
            if visit(&row(found, width)?).is_break() {
                break;
            }
        }
        drop(rows);
        self.costs.record(&statement.sql, &prepared, count);
        Ok(())
    }
}

impl Drop for FileSnapshot<'_> {
    fn drop(&mut self) {
        // A read transaction that cannot be ended ends when the pool closes the connection.
        let _ = self.connection.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([]));
    }
}
