//! Reading: a few connections that share the work, each answer from one snapshot.

use std::path::Path;
use std::time::Duration;

use r2d2::PooledConnection;
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::OpenFlags;

use super::{failed, rows};
use crate::error::{Error, OpenError};
use crate::store::{Reader, Rows, Snapshot, Statement};

/// The pool of reading connections.
pub(crate) struct FileReader(r2d2::Pool<SqliteConnectionManager>);

struct FileSnapshot(PooledConnection<SqliteConnectionManager>);

impl FileReader {
    pub(super) fn open(path: &Path, busy: Duration) -> Result<Self, Error> {
        let manager = SqliteConnectionManager::file(path)
            .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .with_init(move |connection| {
                connection.busy_timeout(busy)?;
                connection.set_prepared_statement_cache_capacity(64);
                connection.pragma_update(None, "cache_size", -16_384)?;
                connection.pragma_update(None, "query_only", true)
            });
        let pool = r2d2::Pool::builder()
            .max_size(4)
            .min_idle(Some(0))
            .test_on_check_out(false)
            .connection_timeout(busy)
            .build(manager)
            .map_err(|e| OpenError::Failed { path: path.into(), because: e.to_string() })?;
        Ok(Self(pool))
    }
}

impl Reader for FileReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let connection = self.0.get().map_err(|_| Error::Busy("every reading connection is taken"))?;
        connection.execute_batch("BEGIN").map_err(failed)?;
        Ok(Box::new(FileSnapshot(connection)))
    }
}

impl Snapshot for FileSnapshot {
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        rows(&self.0, statement)
    }
}

impl Drop for FileSnapshot {
    fn drop(&mut self) {
        // A read transaction that cannot be ended is ended when the pool closes the connection.
        let _ = self.0.execute_batch("COMMIT");
    }
}
