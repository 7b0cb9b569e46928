//! The handle of a shop: what a program opens, hands operations to, and asks.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock_offset::ClockOffset;
use crate::clock_skew::ClockSkew;
use crate::cost::Cost;
use crate::currency::Currency;
use crate::engine::Engine;
use crate::error::Error;
use crate::location::Location;
use crate::operation::{Answer, Submission};
use crate::options::Options;
use crate::query::Answerable;
use crate::stats::Stats;
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::Clock;
use crate::token::TokenVersion;
use crate::warning::Warning;

/// An open store. This is a cheap handle: its clones share one writer, which ends when the last clone is dropped.
#[derive(Clone)]
pub struct Commerce(Engine);

impl Commerce {
    /// Creates a store in a new file, or in an empty database of a server, and opens it.
    ///
    /// # Errors
    /// [`Error::Open`] when the location holds a store already, or a store cannot be created there.
    pub fn create(at: impl Into<Location>, currency: Currency, options: Options) -> Result<Self, Error> {
        Ok(Self(Engine::create(at, currency, options)?))
    }

    /// Opens a store, and migrates it to the current schema.
    ///
    /// # Errors
    /// [`Error::Open`] when there is no store, or it cannot be used.
    pub fn open(at: impl Into<Location>, options: Options) -> Result<Self, Error> {
        Ok(Self(Engine::open(at, options)?))
    }

    /// Where the store is.
    pub fn location(&self) -> &Location {
        self.0.location()
    }

    /// The store's currency.
    pub fn currency(&self) -> Currency {
        self.0.currency()
    }

    /// What the operator of the store should know: as of opening it, such as that the newest stored time is ahead of the
    /// clock, and as the server last told, such as that it does not sync its commits. This asks the store nothing.
    pub fn warnings(&self) -> Vec<Warning> {
        self.0.warnings()
    }

    /// Whether a commit is on disk when it is acknowledged. False only for a server that does not sync its commits, when it
    /// last told: at each write, and when the store was opened. Writing to it takes [`Options::allow_unsynced`].
    pub fn is_synced(&self) -> bool {
        self.0.is_synced()
    }

    /// How far the clock of the options is from that of the server, as last measured. None for a file, and with
    /// [`Options::own_time`].
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.clock_offset()
    }

    /// The clock that the store goes by: the server's, as last told and continued by this machine's monotonic clock, or
    /// that of the options.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock()
    }

    /// How far the newest stored time is ahead of the clock. More than a little means that a clock is or was wrong
    /// ([`ClockSkew::warning`]).
    ///
    /// # Errors
    /// The store's failure.
    pub fn clock_skew(&self) -> Result<ClockSkew, Error> {
        self.0.clock_skew()
    }

    /// Performs an operation and waits for the answer, as [`Commerce::submit`] and [`Ticket::wait`] do. When no other
    /// operation is waiting, this thread does the writing, which is faster than waking the writer's thread.
    ///
    /// # Errors
    /// A refusal, or why the operation was not performed.
    pub fn perform<S: Submit>(
        &self,
        submission: impl Into<Submission<S>>,
    ) -> Result<Answer<S::Reply>, Error> {
        self.0.perform(submission)
    }

    /// Hands an operation to the writer. It is performed even if the ticket is dropped. Operations of one caller are
    /// performed in the order in which they were submitted.
    pub fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        self.0.submit(submission)
    }

    /// Answers a query from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    pub fn query<Q: Answerable>(&self, query: &Q) -> Result<Q::Answer, Error> {
        self.0.query(query)
    }

    /// Answers a query as [`Commerce::query`] does, and returns a version with the answer: as long as
    /// [`Commerce::version`] returns it, the answer still holds. On a server this takes no further request. The version
    /// can be older than the answer when another instance has committed since this one last asked; then the answer just
    /// cannot be kept.
    ///
    /// # Errors
    /// As [`Commerce::query`].
    pub fn query_with_version<Q: Answerable>(&self, query: &Q) -> Result<(Q::Answer, i64), Error> {
        self.0.query_with_version(query)
    }

    /// Whether the store is far away, so that each question is a round trip. A thread that others wait for, such as one
    /// that serves many connections, must not ask it.
    pub fn is_remote(&self) -> bool {
        self.0.is_remote()
    }

    /// The version of the store: a number that changes with every commit, of this process or another. Take the version
    /// before a query: as long as it does not change, the answer still holds. Reading it touches no table. The number
    /// is valid for this handle and its clones only.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version(&self) -> Result<i64, Error> {
        self.0.version()
    }

    /// The version of the store, and the state of all tokens. Both show every commit that was acknowledged before this
    /// call. To a server this is one request.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version_with_tokens(&self) -> Result<(i64, TokenVersion), Error> {
        self.0.version_with_tokens()
    }

    /// The newest version that this handle has seen. It is not asked of a server, so the store may be newer by commits of
    /// other instances.
    ///
    /// # Errors
    /// The failure of a store in a file.
    pub fn known_version(&self) -> Result<i64, Error> {
        self.0.known_version()
    }

    /// Waits until the version differs from `version`, for at most `timeout`, and returns the version then. A commit of
    /// this process ends the wait at once; commits of others are noticed within milliseconds on a file and half a second
    /// on a server, which all waiting threads together ask twice a second.
    ///
    /// # Errors
    /// The store's failure.
    pub fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
        self.0.wait(version, timeout)
    }

    /// Copies the store to a new file while it is in use.
    ///
    /// # Errors
    /// [`Error::Open`] when the file exists already, or the store's failure.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        self.0.backup(to)
    }

    /// Replaces the content of the store with a backup. The store is first copied to `keep`, where no file may exist. A
    /// backup in another currency is refused; [`Commerce::restore_other_currency`] accepts it.
    ///
    /// # Errors
    /// [`Error::Open`] when the file is not a backup or is in another currency, or a file exists at `keep`;
    /// [`Error::Unknown`] when the commit could not be synced; or the store's failure.
    pub fn restore(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.0.restore(from, keep)
    }

    /// Restores a backup in any currency. Open the store again afterwards: open handles keep the old currency.
    ///
    /// # Errors
    /// As [`Commerce::restore`].
    pub fn restore_other_currency(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.0.restore_other_currency(from, keep)
    }

    /// How long an operation or a query waits for the store; see [`Options::busy_timeout`].
    pub fn busy_timeout(&self) -> Duration {
        self.0.busy_timeout()
    }

    /// The counters of the writer.
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// The cost of each statement since the last call, in the order in which they first ran. Statements that begin and end
    /// transactions are left out. Costs are counted for a store in a file only, and only with [`Options::count_costs`].
    pub fn costs(&self) -> Vec<Cost> {
        self.0.costs()
    }

    /// Accepts no more operations, and waits until the queued ones are done.
    pub fn close(&self) {
        self.0.close()
    }

    /// The engine that performs the operations.
    ///
    /// # Errors
    /// None yet: every store is opened by an engine of this process.
    pub(crate) fn engine(&self) -> &Engine {
        &self.0
    }
}
