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
pub(crate) use options::{OpenedStore, Restore, StoreOptions};

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::row::{Change, Rows, Statement, Value};

/// The writing side, owned by the writer thread. One group is: turn, begin, load if need be, commit if
/// anything changed, end. What is read together is asked for together, since a store may be far away.
pub(crate) trait Store: Send {
    /// Waits until this process may write, or answers `busy` at the deadline.
    fn take_turn(&mut self, deadline: Instant) -> Result<(), Error>;

    /// Begins the one transaction of a group. Nobody else writes until it ends. A store that is far away may put
    /// it off until the first load, and then answers [`OtherWrites::Possible`].
    fn begin(&mut self) -> Result<OtherWrites, Error>;

    /// Reads inside the transaction: the rows of each statement, in order.
    fn load(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error>;

    /// Saves and commits durably. After an error nothing was saved, unless it is [`Error::Unknown`]; after
    /// [`Error::Busy`] the group may be decided anew.
    fn commit(&mut self, changes: &[Change]) -> Result<(), Error>;

    /// Ends a transaction, if there is one, and the turn.
    fn end(&mut self);

    /// Pages written by the last commit, where the store can tell.
    fn pages(&self) -> u64;

    /// Requests that were sent to a server so far.
    fn requests(&self) -> u64;
}

/// Whether anybody else has written since this process last did: if not, what was loaded then still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OtherWrites {
    None,
    Possible,
}

/// The reading side, shared by all threads.
pub(crate) trait Reader: Send + Sync {
    /// Takes a snapshot, at the latest when it is first read from.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// Whether a snapshot may be kept for long.
    fn supports_long_snapshots(&self) -> bool;

    /// A number that differs once anybody, here or in another process, has committed.
    fn version(&self) -> Result<i64, Error>;

    /// How often that may be asked by somebody who waits, so that it costs next to nothing.
    fn poll_interval(&self) -> Duration;
}

/// The store as it was at one moment.
pub(crate) trait Snapshot {
    /// Reads.
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error>;

    /// Reads row by row, for as long as `take` goes on. A store that is far away reads all rows first.
    fn each(
        &mut self,
        statement: &Statement,
        take: &mut dyn FnMut(&[Value]) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let _ = self.rows(statement)?.iter().try_for_each(take);
        Ok(())
    }

    /// Reads for the last time, which spares a far store the end of the snapshot.
    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error>;
}
