//! What a store must do: load rows, save changes, and read from one snapshot. No rule lives here.

pub(crate) mod file;
pub(crate) mod load;
mod row;
pub(crate) mod schema;
pub(crate) mod table;

pub use row::{Change, Kind, Rows, Statement, Table, Value};

use std::time::Instant;

use self::load::Load;
use crate::error::Error;

/// The writing side, owned by the writer thread. One group is: turn, begin, load if need be, commit if
/// anything changed, end. What is read together is asked for together, since a store may be far away.
pub(crate) trait Store: Send {
    /// Waits until this process may write, or answers `busy` at the deadline.
    fn turn(&mut self, deadline: Instant) -> Result<(), Error>;

    /// Begins the one transaction of a group. Nobody else writes until it ends. A store that is far away may put
    /// it off until the first load, and then answers [`Since::Perhaps`].
    fn begin(&mut self) -> Result<Since, Error>;

    /// Reads inside the transaction.
    fn load(&mut self, loads: &[Load]) -> Result<Vec<Rows>, Error>;

    /// Saves and commits durably. After an error nothing was saved, unless it is [`Error::Unknown`]; after
    /// [`Error::Busy`] the group may be decided anew.
    fn commit(&mut self, changes: &[Change]) -> Result<(), Error>;

    /// Ends a transaction, if there is one, and the turn.
    fn end(&mut self);

    /// Pages written by the last commit, where the store can tell.
    fn pages(&self) -> u64;
}

/// Whether anybody else has written since this process last did: if not, what was loaded then still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    Nobody,
    Perhaps,
}

/// The reading side, shared by all threads.
pub(crate) trait Reader: Send + Sync {
    /// Takes a snapshot, at the latest when it is first read from.
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error>;

    /// A number that differs once anybody, here or in another process, has committed.
    fn version(&self) -> Result<i64, Error>;
}

/// The store as it was at one moment.
pub(crate) trait Snapshot {
    /// Reads.
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error>;

    /// Reads for the last time, which spares a far store the end of the snapshot.
    fn last(&mut self, statement: &Statement) -> Result<Rows, Error>;
}
