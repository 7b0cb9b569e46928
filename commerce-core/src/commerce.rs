//! The handle of a shop: what a program opens, hands operations to, and asks. The engine is in this process, or the shop is
//! served elsewhere.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::clock_offset::ClockOffset;
use crate::clock_skew::ClockSkew;
use crate::connection::Connection;
use crate::cost::Cost;
use crate::currency::Currency;
use crate::engine::Engine;
use crate::error::Error;
use crate::identity::Identity;
use crate::location::Location;
use crate::operation::{Answer, Submission};
use crate::options::Options;
use crate::query::Answerable;
use crate::served::ServedShop;
use crate::stats::Stats;
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::Clock;
use crate::token::TokenVersion;
use crate::warning::Warning;

/// An open store. This is a cheap handle: its clones share one writer, which ends when the last clone is dropped.
///
/// A shop at a [`Location::Served`] is performed and asked by the engine of another machine, with the rights of the token. Every
/// operation then has a key on its way, made here where none is given, so that a lost answer is asked for again and nothing is
/// done twice. Until [`Options::busy_timeout`] has passed since the submission, it is asked for over new connections, at the
/// next address if there are several. Past that it fails with [`Error::Unknown`], whose [key](Error::unanswered_key) leads to
/// the outcome, or with [`Error::Busy`] if no request can have been carried out. What needs the store itself fails with
/// [`Error::NotHere`].
#[derive(Clone)]
pub struct Commerce(Kind);

#[derive(Clone)]
enum Kind {
    Here(Engine),
    Served(ServedShop),
}

impl Commerce {
    /// Creates a store in a new file, or in an empty database of a server, and opens it.
    ///
    /// # Errors
    /// [`Error::Open`] when the location holds a store already, or a store cannot be created there.
    pub fn create(at: impl Into<Location>, currency: Currency, options: Options) -> Result<Self, Error> {
        Ok(Self(Kind::Here(Engine::create(at, currency, options)?)))
    }

    /// Opens a store, and migrates it to the current schema. A server of a served shop is asked once who it is.
    ///
    /// # Errors
    /// [`Error::Open`] when there is no store, or it cannot be used.
    pub fn open(at: impl Into<Location>, options: Options) -> Result<Self, Error> {
        Ok(Self(match at.into() {
            Location::Served(served) => Kind::Served(ServedShop::open(&served, &options)?),
            location => Kind::Here(Engine::open(location, options)?),
        }))
    }

    /// Where the store is.
    pub fn location(&self) -> &Location {
        match &self.0 {
            Kind::Here(engine) => engine.location(),
            Kind::Served(shop) => shop.location(),
        }
    }

    /// The store's currency.
    pub fn currency(&self) -> Currency {
        match &self.0 {
            Kind::Here(engine) => engine.currency(),
            Kind::Served(shop) => shop.currency(),
        }
    }

    /// What the operator of the store should know: as of opening it, such as that the newest stored time is ahead of the
    /// clock, and as the server last told, such as that it does not sync its commits. This asks the store nothing.
    pub fn warnings(&self) -> Vec<Warning> {
        match &self.0 {
            Kind::Here(engine) => engine.warnings(),
            Kind::Served(shop) => shop.warnings(),
        }
    }

    /// Whether a commit is on disk when it is acknowledged. False only for a server that does not sync its commits, when it
    /// last told: at each write, and when the store was opened. Writing to it takes [`Options::allow_unsynced`].
    pub fn is_synced(&self) -> bool {
        match &self.0 {
            Kind::Here(engine) => engine.is_synced(),
            Kind::Served(shop) => shop.is_synced(),
        }
    }

    /// How far the clock of the options is from that of the server, as last measured. None for a file, and with
    /// [`Options::own_time`].
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        match &self.0 {
            Kind::Here(engine) => engine.clock_offset(),
            Kind::Served(_) => None,
        }
    }

    /// The clock that the store goes by: the server's, as last told and continued by this machine's monotonic clock, or
    /// that of the options.
    pub fn clock(&self) -> Arc<dyn Clock> {
        match &self.0 {
            Kind::Here(engine) => engine.clock(),
            Kind::Served(shop) => shop.clock(),
        }
    }

    /// How far the newest stored time is ahead of the clock. More than a little means that a clock is or was wrong
    /// ([`ClockSkew::warning`]).
    ///
    /// # Errors
    /// The store's failure, or [`Error::NotHere`].
    pub fn clock_skew(&self) -> Result<ClockSkew, Error> {
        self.engine("the newest stored time")?.clock_skew()
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
        match &self.0 {
            Kind::Here(engine) => engine.perform(submission),
            Kind::Served(shop) => shop.perform(submission),
        }
    }

    /// Hands an operation to the writer. It is performed even if the ticket is dropped. Operations of one caller are
    /// performed in the order in which they were submitted.
    pub fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        match &self.0 {
            Kind::Here(engine) => engine.submit(submission),
            Kind::Served(shop) => shop.submit(submission),
        }
    }

    /// Answers a query from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    pub fn query<Q: Answerable>(&self, query: &Q) -> Result<Q::Answer, Error> {
        match &self.0 {
            Kind::Here(engine) => engine.query(query),
            Kind::Served(shop) => shop.query(query),
        }
    }

    /// Answers a query as [`Commerce::query`] does, and returns a version with the answer: as long as
    /// [`Commerce::version`] returns it, the answer still holds. On a server this takes no further request. The version
    /// can be older than the answer when another instance has committed since this one last asked; then the answer just
    /// cannot be kept.
    ///
    /// # Errors
    /// As [`Commerce::query`].
    pub fn query_with_version<Q: Answerable>(&self, query: &Q) -> Result<(Q::Answer, i64), Error> {
        match &self.0 {
            Kind::Here(engine) => engine.query_with_version(query),
            Kind::Served(shop) => shop.query_with_version(query),
        }
    }

    /// Whether the store is far away, so that each question is a round trip. A thread that others wait for, such as one
    /// that serves many connections, must not ask it.
    pub fn is_remote(&self) -> bool {
        match &self.0 {
            Kind::Here(engine) => engine.is_remote(),
            Kind::Served(_) => true,
        }
    }

    /// The version of the store: a number that changes with every commit, of this process or another. Take the version
    /// before a query: as long as it does not change, the answer still holds. Reading it touches no table. The number
    /// is valid for this handle and its clones only.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version(&self) -> Result<i64, Error> {
        match &self.0 {
            Kind::Here(engine) => engine.version(),
            Kind::Served(shop) => shop.version(),
        }
    }

    /// The version of the store, and the state of all tokens. Both show every commit that was acknowledged before this
    /// call. To a server this is one request.
    ///
    /// # Errors
    /// The store's failure, or [`Error::NotHere`].
    pub fn version_with_tokens(&self) -> Result<(i64, TokenVersion), Error> {
        self.engine("the state of all tokens")?.version_with_tokens()
    }

    /// The newest version that this handle has seen. It is not asked of a server, so the store may be newer by commits of
    /// other instances.
    ///
    /// # Errors
    /// The failure of a store in a file.
    pub fn known_version(&self) -> Result<i64, Error> {
        match &self.0 {
            Kind::Here(engine) => engine.known_version(),
            Kind::Served(shop) => Ok(shop.known_version()),
        }
    }

    /// Waits until the version differs from `version`, for at most `timeout`, and returns the version then. A commit of
    /// this process ends the wait at once; commits of others are noticed within milliseconds on a file and half a second
    /// on a libSQL server, which all waiting threads together ask twice a second. The server of a served shop tells of every
    /// commit at once. While it is away, the wait goes on ([`Commerce::connection`]).
    ///
    /// # Errors
    /// The store's failure, or [`Error::Unauthenticated`] when the server of a served shop refuses the token by now.
    pub fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
        match &self.0 {
            Kind::Here(engine) => engine.wait(version, timeout),
            Kind::Served(shop) => shop.wait(version, timeout),
        }
    }

    /// Copies the store to a new file while it is in use.
    ///
    /// # Errors
    /// [`Error::Open`] when the file exists already, or the store's failure.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        self.engine("a backup")?.backup(to)
    }

    /// Replaces the content of the store with a backup. The store is first copied to `keep`, where no file may exist. A
    /// backup in another currency is refused; [`Commerce::restore_other_currency`] accepts it.
    ///
    /// # Errors
    /// [`Error::Open`] when the file is not a backup or is in another currency, or a file exists at `keep`;
    /// [`Error::Unknown`] when the commit could not be synced; or the store's failure.
    pub fn restore(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.engine("a restore")?.restore(from, keep)
    }

    /// Restores a backup in any currency. Open the store again afterwards: open handles keep the old currency.
    ///
    /// # Errors
    /// As [`Commerce::restore`].
    pub fn restore_other_currency(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.engine("a restore")?.restore_other_currency(from, keep)
    }

    /// How long an operation or a query waits for the store; see [`Options::busy_timeout`].
    pub fn busy_timeout(&self) -> Duration {
        match &self.0 {
            Kind::Here(engine) => engine.busy_timeout(),
            Kind::Served(shop) => shop.busy_timeout(),
        }
    }

    /// The counters of the writer.
    pub fn stats(&self) -> Stats {
        match &self.0 {
            Kind::Here(engine) => engine.stats(),
            Kind::Served(shop) => shop.stats(),
        }
    }

    /// The cost of each statement since the last call, in the order in which they first ran. Statements that begin and end
    /// transactions are left out. Costs are counted for a store in a file only, and only with [`Options::count_costs`].
    pub fn costs(&self) -> Vec<Cost> {
        match &self.0 {
            Kind::Here(engine) => engine.costs(),
            Kind::Served(_) => Vec::new(),
        }
    }

    /// Accepts no more operations, and waits until the queued ones are done.
    pub fn close(&self) {
        match &self.0 {
            Kind::Here(engine) => engine.close(),
            Kind::Served(shop) => shop.close(),
        }
    }

    /// Whom the server takes this program for. None for a store that is not served elsewhere, where everything is permitted.
    pub fn identity(&self) -> Option<Identity> {
        self.served().map(ServedShop::identity)
    }

    /// Whether the server of a served shop answers, as the last requests found it. This asks nothing.
    pub fn connection(&self) -> Connection {
        self.served().map_or(Connection::Live, ServedShop::connection)
    }

    /// The engine of this process, for `what`.
    ///
    /// # Errors
    /// [`Error::NotHere`] for a shop that is served elsewhere.
    pub(crate) fn engine(&self, what: &'static str) -> Result<&Engine, Error> {
        match &self.0 {
            Kind::Here(engine) => Ok(engine),
            Kind::Served(_) => Err(Error::NotHere(what)),
        }
    }

    /// The client of a shop that is served elsewhere.
    pub(crate) fn served(&self) -> Option<&ServedShop> {
        match &self.0 {
            Kind::Here(_) => None,
            Kind::Served(shop) => Some(shop),
        }
    }
}
