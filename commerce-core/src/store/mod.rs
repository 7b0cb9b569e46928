//! What a store must do: load rows, save changes, and read from one snapshot. No rule lives here.

mod dispatch;
pub(crate) mod file;
#[cfg(feature = "libsql")]
mod libsql;
#[cfg(not(feature = "libsql"))]
#[path = "without_libsql.rs"]
mod libsql;
mod options;
pub(crate) mod schema;

pub(crate) use dispatch::{backup, create, open, repair, restore};
pub(crate) use libsql::ServerState;
pub(crate) use options::{OpenedStore, Restore, StoreOptions};

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::row::{Change, Rows, Statement, Value};
use crate::time::Time;

/// The writing side, owned by the writer. A group takes the turn, begins, loads what it needs, commits if anything
/// changed, and ends. Statements are passed together, since a store can be far away.
pub(crate) trait Store: Send {
    /// Waits until this process may write. After the deadline it fails with [`Error::Busy`].
    fn take_turn(&mut self, deadline: Instant) -> Result<(), Error>;

    /// Begins the transaction of a group. No other process writes until it ends. A server begins with the first load,
    /// and reports [`OtherWrites::Possible`] here.
    fn begin(&mut self) -> Result<OtherWrites, Error>;

    /// Reads inside the transaction: the rows of each statement, in order.
    fn load(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error>;

    /// The time that the server told when the transaction began, by which the group is decided. None for a file, and for a
    /// server when this instance decides by its own clock.
    fn time(&self) -> Option<Time>;

    /// Saves the changes and commits durably. After an error nothing was saved, unless it is [`Error::Unknown`].
    /// After [`Error::Busy`] the group may be decided again.
    fn commit(&mut self, changes: &[Change]) -> Result<(), Error>;

    /// Rolls back an open transaction, if there is one, and releases the turn.
    fn end(&mut self);

    /// The pages that the last commit wrote to the log; 0 for a server.
    fn pages(&self) -> u64;

    /// The number of requests sent to the server so far; 0 for a file.
    fn requests(&self) -> u64;

    /// How long to wait for callers that were just answered, so that they fill the next group. The last one took this long.
    fn linger(&self, took: Duration) -> Linger;
}

/// How long the writer waits for more operations before it begins a group.
#[derive(Clone, Copy, Default)]
pub(crate) struct Linger {
    /// The longest time in all.
    pub(crate) longest: Duration,
    /// The longest time in which none arrives.
    pub(crate) gap: Duration,
}

/// Whether another process may have written since this one last did. If none has, rows that were loaded before are
/// still valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherWrites {
    None,
    Possible,
}

/// The reading side, shared by all threads.
pub(crate) trait Reader: Send + Sync {
    /// Opens a snapshot. It is taken with the first read at the latest.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// Whether a snapshot can stay open for long.
    fn supports_long_snapshots(&self) -> bool;

    /// Prepares for snapshots whose last answer can be too long for one request, and which cannot be taken again.
    fn expect_long_answers(&self) {}

    /// A number that changes with every commit of any process.
    fn version(&self) -> Result<i64, Error>;

    /// The version, and the rows of a statement that show every commit before this call, both from one request to the
    /// primary.
    fn version_with(&self, statement: &Statement) -> Result<(i64, Rows), Error>;

    /// The newest version that is known without asking a server. Later reads are at least as new.
    fn known_version(&self) -> Result<i64, Error>;

    /// Whether each question is a round trip.
    fn is_remote(&self) -> bool;

    /// The interval at which waiting threads may poll the version at negligible cost.
    fn poll_interval(&self) -> Duration;
}

/// The store as of one moment.
pub(crate) trait Snapshot {
    /// Whether each read is a round trip, so that reading too much at once is cheaper than reading twice.
    fn is_remote(&self) -> bool {
        false
    }

    /// Reads all rows of a statement.
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error>;

    /// Reads row by row, until `visit` breaks. A server reads all rows first.
    fn each(
        &mut self,
        statement: &Statement,
        visit: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let _ = self.rows(statement)?.iter().try_for_each(visit);
        Ok(())
    }

    /// Reads all rows of the last statement of this snapshot, which saves a server the request that ends it.
    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        self.rows(statement)
    }

    /// Reads all rows of several statements: one request to a server.
    fn batch(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        statements.iter().map(|statement| self.rows(statement)).collect()
    }

    /// Reads all rows of the last statements of this snapshot. If they are also the first, a server answers them in one
    /// request.
    fn final_batch(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        self.batch(statements)
    }
}
