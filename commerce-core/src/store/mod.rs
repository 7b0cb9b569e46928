//! What a store must do: load rows, save changes, and read from one snapshot. No rule lives here.

pub(crate) mod file;
pub(crate) mod load;
mod row;
pub(crate) mod table;

pub use row::{Change, Kind, Rows, Statement, Table, Value};

use std::time::{Duration, Instant};

use crate::error::Error;

/// The writing side, owned by the writer thread. One group is: turn, begin, load if need be, commit or end.
pub(crate) trait Store: Send {
    /// Waits until this process may write, or answers `busy` at the deadline.
    fn turn(&mut self, deadline: Instant) -> Result<(), Error>;

    /// Begins the one transaction of a group. Nobody else writes until it ends.
    fn begin(&mut self) -> Result<(), Error>;

    /// Reads inside the transaction.
    fn load(&mut self, statement: &Statement) -> Result<Rows, Error>;

    /// Saves and commits durably. After an error nothing was saved, unless it is [`Error::Unknown`].
    fn commit(&mut self, changes: &[Change]) -> Result<(), Error>;

    /// Ends a transaction, if there is one, and the turn.
    fn end(&mut self);

    /// Pages written by the last commit, where the store can tell.
    fn pages(&self) -> u64;
}

/// The reading side, shared by all threads.
pub(crate) trait Reader: Send + Sync {
    /// Takes a snapshot.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// A number that differs once anybody, here or in another process, has committed.
    fn version(&self) -> Result<i64, Error>;

    /// How often that may be asked by somebody who waits, so that it costs next to nothing.
    fn glance(&self) -> Duration {
        Duration::from_millis(4)
    }
}

/// The store as it was at one moment.
pub(crate) trait Snapshot {
    /// Reads.
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error>;
}
