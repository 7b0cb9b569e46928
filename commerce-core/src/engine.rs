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
use crate::query::{Answerable, View};
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

/// An open store of this process. This is a cheap handle: its clones share one writer, which ends when the last clone is
/// dropped.
#[derive(Clone)]
pub(crate) struct Engine(Arc<Inner>);

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

impl Engine {
    pub(crate) fn create(
        at: impl Into<Location>,
        currency: Currency,
        options: Options,
    ) -> Result<Self, Error> {
        let location = at.into();
        let opened = store::create(&location, currency, &options.store_options())?;
        Self::start(location, opened, options)
    }

    pub(crate) fn open(at: impl Into<Location>, options: Options) -> Result<Self, Error> {
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

    pub(crate) fn location(&self) -> &Location {
        &self.0.location
    }

    pub(crate) fn currency(&self) -> Currency {
        self.0.currency
    }

    pub(crate) fn warnings(&self) -> Vec<Warning> {
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

    pub(crate) fn is_synced(&self) -> bool {
        self.0.server.as_ref().is_none_or(|server| server.is_synced())
    }

    pub(crate) fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.server.as_ref()?.offset()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.0.clock.clone()
    }

    pub(crate) fn clock_skew(&self) -> Result<ClockSkew, Error> {
        let mut view = self.view()?;
        let rows = view.final_rows(&Statement::new("SELECT last_at FROM store", []))?;
        let newest = Time::from_millis(rows.first().map_or(0, |row| row[0].int()));
        Ok(ClockSkew::new(newest, view.now))
    }

    pub(crate) fn perform<S: Submit>(
        &self,
        submission: impl Into<Submission<S>>,
    ) -> Result<Answer<S::Reply>, Error> {
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.write_or_wake();
        ticket.wait()
    }

    pub(crate) fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.queue.wake_writer();
        ticket
    }

    pub(crate) fn query<Q: Answerable>(&self, query: &Q) -> Result<Q::Answer, Error> {
        let deadline = Instant::now() + self.0.options.busy_timeout;
        loop {
            match self.view().and_then(|mut view| query.answer_from(&mut view)) {
                // A snapshot on a server can be lost between two reads. Another one is as good.
                Err(Error::Busy(_)) if Instant::now() < deadline => {}
                answered => return answered,
            }
        }
    }

    pub(crate) fn query_with_version<Q: Answerable>(&self, query: &Q) -> Result<(Q::Answer, i64), Error> {
        // Taken before the query. A version that a server reports with the rows may be newer than the rows.
        let version = self.0.reader.known_version()?;
        Ok((self.query(query)?, version))
    }

    pub(crate) fn is_remote(&self) -> bool {
        self.0.reader.is_remote()
    }

    pub(crate) fn version(&self) -> Result<i64, Error> {
        self.0.reader.version()
    }

    pub(crate) fn version_with_tokens(&self) -> Result<(i64, TokenVersion), Error> {
        let (asked_at, reader) = (Instant::now(), &self.0.reader);
        let (version, rows) = reader.version_with(&TokenVersion::statement())?;
        self.0.poll.note(asked_at, version, reader.known_version()?);
        Ok((version, TokenVersion::of(&rows)?))
    }

    pub(crate) fn known_version(&self) -> Result<i64, Error> {
        self.0.reader.known_version()
    }

    pub(crate) fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
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

    /// A function that does what [`Engine::notify`] does, for a thread that must not keep the store open.
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

    pub(crate) fn backup(&self, to: &Path) -> Result<(), Error> {
        self.version()?;
        store::backup(&self.0.location, to, self.0.options.busy_timeout)
    }

    pub(crate) fn restore(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.restore_backup(from, keep, false)
    }

    pub(crate) fn restore_other_currency(&self, from: &Path, keep: &Path) -> Result<(), Error> {
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

    pub(crate) fn busy_timeout(&self) -> Duration {
        self.0.options.busy_timeout
    }

    pub(crate) fn stats(&self) -> Stats {
        self.0.writer.counters.stats(self.0.writer.queue.len())
    }

    pub(crate) fn costs(&self) -> Vec<Cost> {
        self.0.options.costs.take()
    }

    pub(crate) fn close(&self) {
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
