//! What a store must do: load rows, save changes, and read from one snapshot. No rule lives here.

pub(crate) mod file;
#[cfg(feature = "libsql")]
mod libsql;
#[cfg(not(feature = "libsql"))]
#[path = "without_libsql.rs"]
mod libsql;
pub(crate) mod load;
pub(crate) mod names;
mod row;
pub(crate) mod schema;
pub(crate) mod table;

pub use row::{Change, Kind, Rows, Statement, Table, Value};

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use self::load::Load;
use crate::cost::Costs;
use crate::error::Error;
use crate::location::Location;
use crate::money::Currency;

/// How to work with a store.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    /// How long to wait for others.
    pub(crate) busy: Duration,
    /// How many may read at the same time.
    pub(crate) readers: u32,
    /// Where to count what statements cost.
    pub(crate) costs: Costs,
}

/// A store that is ready.
pub(crate) struct Opened {
    pub(crate) writer: Box<dyn Store>,
    pub(crate) reader: Box<dyn Reader>,
    pub(crate) currency: Currency,
    /// Whether there are products that the search does not find yet.
    pub(crate) unindexed: bool,
    /// What whoever runs the store should know.
    pub(crate) warning: Option<String>,
}

/// Makes a store where there is none.
pub(crate) fn create(at: &Location, currency: Currency, terms: &Terms) -> Result<Opened, Error> {
    match at {
        Location::File(path) => file::create(path, currency, terms),
        Location::Server(server) => libsql::create(server, currency, terms.busy, terms.readers),
    }
}

/// Opens a store, and brings it to the present schema.
pub(crate) fn open(at: &Location, terms: &Terms) -> Result<Opened, Error> {
    match at {
        Location::File(path) => file::open(path, terms),
        Location::Server(server) => libsql::open(server, terms.busy, terms.readers),
    }
}

/// Runs statements that rebuild derived figures, in one transaction.
pub(crate) fn repair(at: &Location, terms: &Terms, statements: &[&str]) -> Result<(), Error> {
    match at {
        Location::File(path) => file::repair(path, terms, statements),
        Location::Server(server) => libsql::repair(server, terms.busy, statements),
    }
}

/// Copies a store to a file that is not there yet, while it is in use.
pub(crate) fn backup(at: &Location, to: &Path, busy: Duration) -> Result<(), Error> {
    match at {
        Location::File(path) => file::backup(path, to, busy),
        Location::Server(server) => libsql::backup(server, to, busy),
    }
}

/// What to put in the place of everything in a store, and how carefully.
pub(crate) struct Restore<'a> {
    /// The backup.
    pub(crate) from: &'a Path,
    /// A file that is not there yet, where a copy of what is replaced is kept.
    pub(crate) keep: &'a Path,
    /// The currency of the store.
    pub(crate) store: Currency,
    /// Whether a backup in another currency will do.
    pub(crate) other_currency: bool,
}

/// Replaces the content of a store by that of a backup.
pub(crate) fn restore(at: &Location, restore: &Restore<'_>, busy: Duration) -> Result<(), Error> {
    match at {
        Location::File(path) => file::restore(path, restore, busy),
        Location::Server(server) => libsql::restore(server, restore, busy),
    }
}

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

    /// Requests that were sent to a server so far.
    fn requests(&self) -> u64;
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

    /// Whether a snapshot may be kept for long.
    fn lasting(&self) -> bool;

    /// A number that differs once anybody, here or in another process, has committed.
    fn version(&self) -> Result<i64, Error>;

    /// How often that may be asked by somebody who waits, so that it costs next to nothing.
    fn glance(&self) -> Duration;
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
    fn last(&mut self, statement: &Statement) -> Result<Rows, Error>;
}
