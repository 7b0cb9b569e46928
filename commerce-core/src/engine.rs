//! The engine: opens a store, takes operations, answers queries.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::catalog;
use crate::clock_offset::ClockOffset;
use crate::clock_skew::ClockSkew;
use crate::cost::Cost;
use crate::currency::Currency;
use crate::error::{Cause, Error};
use crate::id_cache::IdCache;
use crate::job::job;
use crate::location::Location;
use crate::operation::{Answer, Submission};
use crate::options::Options;
use crate::poll::SharedPoll;
use crate::query::{AnyQuery, Query, View};
use crate::row::Statement;
use crate::sales::{KeepSums, SalesCache};
use crate::stats::Stats;
use crate::store::{self, Reader, Restore, ServerState};
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::{Clock, Time};
use crate::token::TokenVersion;
use crate::warning::Warning;
use crate::writer::Writer;

/// An open store. This is a cheap handle: its clones share one writer, which ends when the last clone is dropped.
#[derive(Clone)]
pub struct Commerce(Arc<Inner>);

struct Inner {
    writer: Arc<Writer>,
    thread: Mutex<Option<JoinHandle<()>>>,
    reader: Box<dyn Reader>,
    sales: SalesCache,
    poll: SharedPoll,
    currency: Currency,
    location: Location,
    /// The clock to decide by: the server's, or else that of the options.
    clock: Arc<dyn Clock>,
    /// The state of the server; None for a file.
    server: Option<Arc<ServerState>>,
    /// The newest stored time when the store was opened.
    newest: Time,
    /// What opening the store found.
    warnings: Vec<Warning>,
    options: Options,
}

/// How long new sums of sales wait for other processes. They are a by-product of reading, which should not end late.
const SUMS_TIMEOUT: Duration = Duration::from_secs(1);

impl Commerce {
    /// Creates a store in a new file, or in an empty database of a server, and opens it.
    ///
    /// # Errors
    /// [`Error::Open`] when the location holds a store already, or a store cannot be created there.
    pub fn create(at: impl Into<Location>, currency: Currency, options: Options) -> Result<Self, Error> {
        let location = at.into();
        let opened = store::create(&location, currency, &options.store_options())?;
        Self::start(location, opened, options)
    }

    /// Opens a store, and migrates it to the current schema.
    ///
    /// # Errors
    /// [`Error::Open`] when there is no store, or it cannot be used.
    pub fn open(at: impl Into<Location>, options: Options) -> Result<Self, Error> {
        let location = at.into();
        let opened = open(&location, &options)?;
        Self::start(location, opened, options)
    }

    fn start(location: Location, opened: store::OpenedStore, options: Options) -> Result<Self, Error> {
        let clock: Arc<dyn Clock> = match &opened.server {
            Some(server) => server.clone(),
            None => options.clock.clone(),
        };
        let writer = Arc::new(Writer::new(opened.writer, clock.clone(), options.queue, options.keep_keys));
        let (sums_writer, busy) = (writer.clone(), options.busy_timeout.min(SUMS_TIMEOUT));
        let sales = SalesCache::new(move |sums| {
            if !sums.is_empty() {
                drop(queue(&sums_writer, busy, Submission::new(KeepSums(sums))));
                sums_writer.queue.wake_writer();
            }
        });
        let thread_writer = writer.clone();
        let thread = std::thread::Builder::new()
            .name("commerce-writer".into())
            .spawn(move || thread_writer.run())
            .map_err(|e| Error::Store(Cause::of(e)))?;
        Ok(Self(Arc::new(Inner {
            writer,
            thread: Mutex::new(Some(thread)),
            reader: opened.reader,
            sales,
            poll: SharedPoll::default(),
            currency: opened.currency,
            location,
            clock,
            server: opened.server,
            newest: opened.newest,
            warnings: opened.warnings,
            options,
        })))
    }

    /// Where the store is.
    pub fn location(&self) -> &Location {
        &self.0.location
    }

    /// The store's currency.
    pub fn currency(&self) -> Currency {
        self.0.currency
    }

    /// What the operator of the store should know: as of opening it, such as that the newest stored time is ahead of the
    /// clock, and as the server last told, such as that it does not sync its commits. This asks the store nothing.
    pub fn warnings(&self) -> Vec<Warning> {
        let inner = &self.0;
        let unsynced = (!self.is_synced()).then(|| Warning::Unsynced {
            url: inner.location.to_string(),
            allowed: inner.options.allow_unsynced,
        });
        let offset =
            self.clock_offset().filter(|offset| offset.warning().is_some()).map(Warning::ClockOffset);
        let skew = ClockSkew::new(inner.newest, self.now());
        let ahead = skew.warning().map(|_| Warning::ClockAhead(skew));
        let found = inner.warnings.iter().cloned();
        unsynced.into_iter().chain(found).chain(ahead).chain(offset).collect()
    }

    /// Whether a commit is on disk when it is acknowledged. False only for a server that does not sync its commits, when it
    /// last told: at each write, and when the store was opened. Writing to it takes [`Options::allow_unsynced`].
    pub fn is_synced(&self) -> bool {
        self.0.server.as_ref().is_none_or(|server| server.is_synced())
    }

    /// How far the clock of the options is from that of the server, as last measured. None for a file, and with
    /// [`Options::own_time`].
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.server.as_ref()?.offset()
    }

    /// The clock that the store goes by: the server's, as last told and continued by this machine's monotonic clock, or
    /// that of the options.
    pub fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    /// How far the newest stored time is ahead of the clock. More than a little means that a clock is or was wrong
    /// ([`ClockSkew::warning`]).
    ///
    /// # Errors
    /// The store's failure.
    pub fn clock_skew(&self) -> Result<ClockSkew, Error> {
        let mut view = self.view()?;
        let rows = view.final_rows(&Statement::new("SELECT last_at FROM store", []))?;
        let newest = Time::from_millis(rows.first().map_or(0, |row| row[0].int()));
        Ok(ClockSkew::new(newest, view.now))
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
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.write_or_wake();
        ticket.wait()
    }

    /// Hands an operation to the writer. It is performed even if the ticket is dropped. Operations of one caller are
    /// performed in the order in which they were submitted.
    pub fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.queue.wake_writer();
        ticket
    }

    /// Answers a query from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    pub fn query<Q: Answerable>(&self, query: &Q) -> Result<Q::Answer, Error> {
        let deadline = Instant::now() + self.0.options.busy_timeout;
        loop {
            match self.view().and_then(|mut view| query.answer_from(&mut view)) {
                // A snapshot on a server can be lost between two reads. Another one is as good.
                Err(Error::Busy(_)) if Instant::now() < deadline => {}
                answered => return answered,
            }
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
        // Taken before the query. A version that a server reports with the rows may be newer than the rows.
        let version = self.0.reader.known_version()?;
        Ok((self.query(query)?, version))
    }

    /// Whether the store is far away, so that each question is a round trip. A thread that others wait for, such as one
    /// that serves many connections, must not ask it.
    pub fn is_remote(&self) -> bool {
        self.0.reader.is_remote()
    }

    /// The version of the store: a number that changes with every commit, of this process or another. Take the version
    /// before a query: as long as it does not change, the answer still holds. Reading it touches no table. The number
    /// is valid for this handle and its clones only.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version(&self) -> Result<i64, Error> {
        self.0.reader.version()
    }

    /// The version of the store, and the state of all tokens. Both show every commit that was acknowledged before this
    /// call. To a server this is one request.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version_with_tokens(&self) -> Result<(i64, TokenVersion), Error> {
        let (asked_at, reader) = (Instant::now(), &self.0.reader);
        let (version, rows) = reader.version_with(&TokenVersion::statement())?;
        self.0.poll.note(asked_at, version, reader.known_version()?);
        Ok((version, TokenVersion::of(&rows)?))
    }

    /// The newest version that this handle has seen. It is not asked of a server, so the store may be newer by commits of
    /// other instances.
    ///
    /// # Errors
    /// The failure of a store in a file.
    pub fn known_version(&self) -> Result<i64, Error> {
        self.0.reader.known_version()
    }

    /// Waits until the version differs from `version`, for at most `timeout`, and returns the version then. A commit of
    /// this process ends the wait at once; commits of others are noticed within milliseconds on a file and half a second
    /// on a server, which all waiting threads together ask twice a second.
    ///
    /// # Errors
    /// The store's failure.
    pub fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
        let (until, committed) = (Instant::now() + timeout, &self.0.writer.counters.committed);
        loop {
            let count = committed.count();
            let polled = self.0.poll.version(&*self.0.reader)?;
            let left = until.saturating_duration_since(Instant::now());
            match polled.version {
                Some(now) if now != version => return Ok(now),
                _ if left.is_zero() => return Ok(version),
                _ => committed.wait(count, left.min(polled.pause)),
            }
        }
    }

    /// Waits for a commit of any process or a notification, for at most `timeout`.
    pub(crate) fn wait_for_commit(&self, count: u64, version: i64, timeout: Duration) {
        let (until, committed) = (Instant::now() + timeout, &self.0.writer.counters.committed);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || committed.count() != count {
                break;
            }
            match self.0.poll.version(&*self.0.reader) {
                Ok(polled) if polled.version.is_none_or(|now| now == version) => {
                    committed.wait(count, left.min(polled.pause));
                }
                _ => break,
            }
        }
    }

    /// Waits for a commit of this process or a notification, for at most `timeout`, without polling the store.
    pub(crate) fn wait_for_notification(&self, count: u64, timeout: Duration) {
        self.0.writer.counters.committed.wait(count, timeout);
    }

    /// The number of notifications so far.
    pub(crate) fn notifications(&self) -> u64 {
        self.0.writer.counters.committed.count()
    }

    /// Wakes waiting threads, as a commit does.
    pub(crate) fn notify(&self) {
        self.0.writer.counters.committed.notify();
    }

    /// A function that does what [`Commerce::notify`] does, for a thread that must not keep the store open.
    pub(crate) fn notifier(&self) -> impl Fn() + Send + Sync + 'static {
        let writer = self.0.writer.clone();
        move || writer.counters.committed.notify()
    }

    /// Runs statements that rebuild derived figures in one transaction, then indexes the products that are not indexed.
    pub(crate) fn rebuild(&self, statements: &[&str]) -> Result<(), Error> {
        // A store that is gone is reported as gone, not as a file that cannot be opened.
        self.version()?;
        store::repair(&self.0.location, &self.0.options.store_options(), statements)?;
        self.index_products();
        Ok(())
    }

    /// Indexes the products that are not indexed. If this fails, what was done before stays done, and the next opening
    /// does it or says why it cannot.
    fn index_products(&self) {
        let _ = open(&self.0.location, &self.0.options);
    }

    /// Copies the store to a new file while it is in use.
    ///
    /// # Errors
    /// [`Error::Open`] when the file exists already, or the store's failure.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        self.version()?;
        store::backup(&self.0.location, to, self.0.options.busy_timeout)
    }

    /// Replaces the content of the store with a backup. The store is first copied to `keep`, where no file may exist. A
    /// backup in another currency is refused; [`Commerce::restore_other_currency`] accepts it.
    ///
    /// # Errors
    /// [`Error::Open`] when the file is not a backup or is in another currency, or a file exists at `keep`;
    /// [`Error::Unknown`] when the commit could not be synced; or the store's failure.
    pub fn restore(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.restore_backup(from, keep, false)
    }

    /// Restores a backup in any currency. Open the store again afterwards: open handles keep the old currency.
    ///
    /// # Errors
    /// As [`Commerce::restore`].
    pub fn restore_other_currency(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.restore_backup(from, keep, true)
    }

    fn restore_backup(&self, from: &Path, keep: &Path, other_currency: bool) -> Result<(), Error> {
        self.version()?;
        let restore = Restore { from, keep, store: self.currency(), other_currency };
        store::restore(&self.0.location, &restore, &self.0.options.store_options())?;
        // A backup from an older version or from a server has no index of products.
        self.index_products();
        Ok(())
    }

    /// How long an operation or a query waits for the store; see [`Options::busy_timeout`].
    pub fn busy_timeout(&self) -> Duration {
        self.0.options.busy_timeout
    }

    /// The counters of the writer.
    pub fn stats(&self) -> Stats {
        self.0.writer.counters.stats(self.0.writer.queue.len())
    }

    /// The cost of each statement since the last call, in the order in which they first ran. Statements that begin and end
    /// transactions are left out. Costs are counted for a store in a file only, and only with [`Options::count_costs`].
    pub fn costs(&self) -> Vec<Cost> {
        self.0.options.costs.take()
    }

    /// Accepts no more operations, and waits until the queued ones are done.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether the store is a file. There, snapshots that follow one another without a pause keep the log from being
    /// checkpointed.
    pub(crate) fn on_file(&self) -> bool {
        matches!(self.0.location, Location::File(_))
    }

    pub(crate) fn now(&self) -> Time {
        self.0.clock.now()
    }

    /// A view that can stay open while a whole list is read, if the store supports that.
    pub(crate) fn long_view(&self) -> Result<Option<View<'_>>, Error> {
        if !self.0.reader.supports_long_snapshots() {
            return Ok(None);
        }
        Ok(Some(View { id_caches: Some([IdCache::for_users(), IdCache::for_products()]), ..self.view()? }))
    }

    /// Prepares for views that are read to their end however long their answers are, since they cannot begin again.
    pub(crate) fn expect_long_answers(&self) {
        self.0.reader.expect_long_answers();
    }

    pub(crate) fn view(&self) -> Result<View<'_>, Error> {
        let inner = &self.0;
        Ok(View {
            snapshot: inner.reader.snapshot()?,
            now: inner.clock.now(),
            currency: inner.currency,
            sales: &inner.sales,
            id_caches: None,
        })
    }
}

fn queue<S: Submit>(writer: &Writer, busy: Duration, submission: Submission<S>) -> Ticket<S::Reply> {
    let (job, ticket) = job(submission, Instant::now() + busy);
    if let Err(error) = writer.queue.push(job) {
        writer.counters.count_failed(&error, 1);
    }
    ticket
}

/// Opens a store and indexes its products where they are not indexed.
fn open(location: &Location, options: &Options) -> Result<store::OpenedStore, Error> {
    let mut opened = store::open(location, &options.store_options())?;
    if opened.unindexed {
        match catalog::index(opened.writer.as_mut(), options.busy_timeout) {
            // Everything else can be read nevertheless, such as with a token that only reads.
            Err(Error::Unavailable(_)) => opened.warnings.push(Warning::Unindexed),
            indexed => indexed?,
        }
    }
    Ok(opened)
}

/// What [`Commerce::query`] answers: a [`Query`] or an [`AnyQuery`].
pub trait Answerable {
    /// The type of the answer.
    type Answer;

    #[doc(hidden)]
    fn answer_from(&self, view: &mut View<'_>) -> Result<Self::Answer, Error>;
}

impl<Q: Query> Answerable for Q {
    type Answer = Q::Answer;

    fn answer_from(&self, view: &mut View<'_>) -> Result<Q::Answer, Error> {
        self.answer(view)
    }
}

impl Answerable for AnyQuery {
    type Answer = serde_json::Value;

    fn answer_from(&self, view: &mut View<'_>) -> Result<serde_json::Value, Error> {
        AnyQuery::answer(self, view)
    }
}

impl Inner {
    fn close(&self) {
        self.writer.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A writer that panicked has closed the queue.
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
