//! The engine: open a store, submit operations, ask queries.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::ahead::Ahead;
use crate::catalog;
use crate::cost::{Cost, Costs};
use crate::currency::Currency;
use crate::error::{Cause, Error};
use crate::job::job;
use crate::location::Location;
use crate::names::Names;
use crate::operation::{Answer, Submission};
use crate::query::{AnyQuery, Query, View};
use crate::row::Statement;
use crate::sales::{KeepSums, SalesCache};
use crate::stats::Stats;
use crate::store::{self, Reader, Restore, Terms};
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::{Clock, Time};
use crate::writer::Writer;

/// A shop on one store. A cheap handle: clones share one writer, which ends with the last of them.
#[derive(Clone)]
pub struct Commerce(Arc<Inner>);

struct Inner {
    writer: Arc<Writer>,
    thread: Mutex<Option<JoinHandle<()>>>,
    reader: Box<dyn Reader>,
    sales: SalesCache,
    currency: Currency,
    location: Location,
    warning: Option<String>,
    options: Options,
}

/// How to work with a store.
#[derive(Clone)]
pub struct Options {
    clock: Arc<dyn Clock>,
    busy_timeout: Duration,
    queue: usize,
    readers: u32,
    keep_keys: Duration,
    costs: Costs,
}

impl Options {
    /// The usual options, with the clock to go by.
    pub fn new(clock: impl Clock) -> Self {
        let (busy_timeout, keep_keys) = (Duration::from_secs(10), Duration::from_hours(24));
        let costs = Costs::default();
        Self { clock: Arc::new(clock), busy_timeout, queue: 8_192, readers: 4, keep_keys, costs }
    }

    /// How long an operation may wait for other processes before it is answered `busy`. 10 s unless told.
    #[must_use]
    pub fn busy_timeout(self, timeout: Duration) -> Self {
        Self { busy_timeout: timeout, ..self }
    }

    /// How many operations may wait for the writer before more are answered `busy`. 8,192 unless told.
    #[must_use]
    pub fn queue(self, operations: usize) -> Self {
        Self { queue: operations, ..self }
    }

    /// For how long an idempotency key is sure to be known, at least; 24 hours unless told. Older ones are let go
    /// little by little as new ones come, so whatever works on one store should be told the same.
    #[must_use]
    pub fn keep_keys(self, time: Duration) -> Self {
        Self { keep_keys: time, ..self }
    }

    /// How many queries may read at the same time; more wait. 4 unless told.
    #[must_use]
    pub fn readers(self, readers: u32) -> Self {
        Self { readers: readers.max(1), ..self }
    }

    /// Counts what each statement costs, for [`Commerce::costs`]. It takes some microseconds a statement.
    #[must_use]
    pub fn count_costs(self) -> Self {
        Self { costs: Costs::counted(), ..self }
    }

    fn terms(&self) -> Terms {
        Terms { busy: self.busy_timeout, readers: self.readers, costs: self.costs.clone() }
    }
}

impl Commerce {
    /// Makes a store in a new file, or in an empty database of a server, and opens it.
    ///
    /// # Errors
    /// [`Error::Open`] when there is a store already, or none can be made there.
    pub fn create(at: impl Into<Location>, currency: Currency, options: Options) -> Result<Self, Error> {
        let location = at.into();
        let opened = store::create(&location, currency, &options.terms())?;
        Self::start(location, opened, options)
    }

    /// Opens a store, and brings it to the present schema.
    ///
    /// # Errors
    /// [`Error::Open`] when there is none, or it cannot be used.
    pub fn open(at: impl Into<Location>, options: Options) -> Result<Self, Error> {
        let location = at.into();
        let opened = open(&location, &options)?;
        Self::start(location, opened, options)
    }

    fn start(location: Location, opened: store::Opened, options: Options) -> Result<Self, Error> {
        let writer =
            Arc::new(Writer::new(opened.writer, options.clock.clone(), options.queue, options.keep_keys));
        let (keeping, busy) = (writer.clone(), options.busy_timeout);
        let sales = SalesCache::new(move |sums| {
            if !sums.is_empty() {
                drop(queue(&keeping, busy, Submission::new(KeepSums(sums))));
                keeping.queue.announce();
            }
        });
        let writing = writer.clone();
        let thread = std::thread::Builder::new()
            .name("commerce-writer".into())
            .spawn(move || writing.run())
            .map_err(|e| Error::Store(Cause::of(e)))?;
        Ok(Self(Arc::new(Inner {
            writer,
            thread: Mutex::new(Some(thread)),
            reader: opened.reader,
            sales,
            currency: opened.currency,
            location,
            warning: opened.warning,
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

    /// What whoever runs the store should know, such as that a server does not sync its commits.
    pub fn warning(&self) -> Option<&str> {
        self.0.warning.as_deref()
    }

    /// How far the newest stored time is ahead of the clock. Where that is more than a little, some clock is or was
    /// wrong, and whoever runs the store should know ([`Ahead::warning`]).
    ///
    /// # Errors
    /// The store's failure.
    pub fn ahead(&self) -> Result<Ahead, Error> {
        let mut view = self.view()?;
        let rows = view.last(&Statement::new("SELECT last_at FROM store", []))?;
        let newest = Time::from_millis(rows.first().map_or(0, |row| row[0].int()));
        Ok(Ahead::new(newest, view.now))
    }

    /// Does an operation and waits for the answer, as [`Commerce::submit`] and [`Ticket::wait`] do. A caller
    /// that is alone writes on its own thread, which is faster than waking the writer's.
    ///
    /// # Errors
    /// A refusal, or why the operation was not done.
    pub fn perform<S: Submit>(
        &self,
        submission: impl Into<Submission<S>>,
    ) -> Result<Answer<S::Reply>, Error> {
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.write();
        ticket.wait()
    }

    /// Hands an operation to the writer. It is decided whether or not the ticket is kept; operations of one
    /// caller are decided in the order in which they were submitted.
    pub fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        let ticket = queue(&self.0.writer, self.0.options.busy_timeout, submission.into());
        self.0.writer.queue.announce();
        ticket
    }

    /// Answers a query from one snapshot.
    ///
    /// # Errors
    /// A refusal when what is asked for does not exist, or the store's failure.
    pub fn query<Q: Ask>(&self, query: &Q) -> Result<Q::Answer, Error> {
        let deadline = Instant::now() + self.0.options.busy_timeout;
        loop {
            match self.view().and_then(|mut view| query.ask(&mut view)) {
                // A snapshot on a server can be lost between two of its reads; another one will do.
                Err(Error::Busy(_)) if Instant::now() < deadline => {}
                answered => return answered,
            }
        }
    }

    /// A number that differs once anybody, here or in another process, has committed: whoever kept an answer
    /// together with the version taken before it was asked knows by it, without reading any table, whether
    /// the answer still holds. It means nothing to another handle than this one and its clones.
    ///
    /// # Errors
    /// The store's failure.
    pub fn version(&self) -> Result<i64, Error> {
        self.0.reader.version()
    }

    /// Waits until somebody, here or in another process, has committed since `version`, at most so long, and
    /// answers the version then. A commit of this process wakes it at once; those of others are noticed within
    /// milliseconds, without reading any table.
    ///
    /// # Errors
    /// The store's failure.
    pub fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
        let (until, committed) = (Instant::now() + timeout, &self.0.writer.counters.committed);
        loop {
            let (count, now) = (committed.count(), self.version()?);
            let left = until.saturating_duration_since(Instant::now());
            if now != version || left.is_zero() {
                return Ok(now);
            }
            self.rest(count, version, left);
        }
    }

    /// Rests until something happens: a commit here or elsewhere, or a wake. At most so long.
    pub(crate) fn rest(&self, count: u64, version: i64, timeout: Duration) {
        let (until, committed) = (Instant::now() + timeout, &self.0.writer.counters.committed);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || committed.count() != count || self.version().ok() != Some(version) {
                break;
            }
            committed.wait(count, left.min(self.0.reader.glance()));
        }
    }

    /// Rests until a commit here or a wake, at most so long, without a look at the store.
    pub(crate) fn doze(&self, count: u64, timeout: Duration) {
        self.0.writer.counters.committed.wait(count, timeout);
    }

    /// How many wakes there were.
    pub(crate) fn commits(&self) -> u64 {
        self.0.writer.counters.committed.count()
    }

    /// Wakes those who rest, as a commit would.
    pub(crate) fn wake(&self) {
        self.0.writer.counters.committed.give();
    }

    /// The same for a thread that must not keep the store open.
    pub(crate) fn committed(&self) -> impl Fn() + Send + Sync + 'static {
        let writer = self.0.writer.clone();
        move || writer.counters.committed.give()
    }

    /// Runs statements that rebuild derived figures, in one transaction, and indexes what is not indexed by then.
    pub(crate) fn rebuild(&self, statements: &[&str]) -> Result<(), Error> {
        // A store that is gone is told as such, not as a file that cannot be opened.
        self.version()?;
        store::repair(&self.0.location, &self.0.options.terms(), statements)?;
        open(&self.0.location, &self.0.options).map(drop)
    }

    /// Copies the store to a new file while it is in use.
    ///
    /// # Errors
    /// [`Error::Open`] when there is such a file, or the store's failure.
    pub fn backup(&self, to: &Path) -> Result<(), Error> {
        self.version()?;
        store::backup(&self.0.location, to, self.0.options.busy_timeout)
    }

    /// Replaces everything in the store by what is in a backup, after a copy of the store was made at `keep`, where
    /// no file may be yet. A backup in another currency is refused; [`Commerce::restore_other_currency`] takes it.
    ///
    /// # Errors
    /// [`Error::Open`] when the file is no backup or in another currency, or there is a file at `keep`;
    /// [`Error::Unknown`] when the commit could not be synced; or the store's failure.
    pub fn restore(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.put_back(from, keep, false)
    }

    /// The same, whatever the currency of the backup. Open the store anew afterwards: this handle and others go on
    /// with the currency before.
    ///
    /// # Errors
    /// As [`Commerce::restore`].
    pub fn restore_other_currency(&self, from: &Path, keep: &Path) -> Result<(), Error> {
        self.put_back(from, keep, true)
    }

    fn put_back(&self, from: &Path, keep: &Path, other_currency: bool) -> Result<(), Error> {
        self.version()?;
        let restore = Restore { from, keep, store: self.currency(), other_currency };
        store::restore(&self.0.location, &restore, self.0.options.busy_timeout)?;
        // A backup of an older version, or one of a server, has no index of its products.
        open(&self.0.location, &self.0.options).map(drop)
    }

    /// What the writer did so far.
    pub fn stats(&self) -> Stats {
        self.0.writer.counters.stats(self.0.writer.queue.len())
    }

    /// What each statement cost since this was last asked, in the order in which they first ran, but for those that
    /// begin and end transactions. Only a store on a file tells, and only with [`Options::count_costs`].
    pub fn costs(&self) -> Vec<Cost> {
        self.0.options.costs.take()
    }

    /// Takes no more operations, does those that are queued, and waits for that.
    pub fn close(&self) {
        self.0.close();
    }

    /// The present time of the clock that was handed in.
    /// Whether the store is a file, of which the log is held up by snapshots that follow one another without a pause.
    pub(crate) fn on_file(&self) -> bool {
        matches!(self.0.location, Location::File(_))
    }

    pub(crate) fn now(&self) -> Time {
        self.0.options.clock.now()
    }

    /// A snapshot that may be kept for as long as it takes to read a whole list, if the store has such.
    pub(crate) fn lasting_view(&self) -> Result<Option<View<'_>>, Error> {
        if !self.0.reader.lasting() {
            return Ok(None);
        }
        Ok(Some(View { names: Some([Names::of_users(), Names::of_products()]), ..self.view()? }))
    }

    pub(crate) fn view(&self) -> Result<View<'_>, Error> {
        let inner = &self.0;
        Ok(View {
            snapshot: inner.reader.snapshot()?,
            now: inner.options.clock.now(),
            currency: inner.currency,
            sales: &inner.sales,
            names: None,
        })
    }
}

fn queue<S: Submit>(writer: &Writer, busy: Duration, submission: Submission<S>) -> Ticket<S::Reply> {
    let (job, ticket) = job(submission, Instant::now() + busy);
    if let Err(error) = writer.queue.push(job) {
        writer.counters.refused(&error, 1);
    }
    ticket
}

/// Opens a store, with all its products indexed.
fn open(location: &Location, options: &Options) -> Result<store::Opened, Error> {
    let mut opened = store::open(location, &options.terms())?;
    if opened.unindexed {
        catalog::index(opened.writer.as_mut(), options.busy_timeout)?;
    }
    Ok(opened)
}

/// What can be asked: a query, or any query.
pub trait Ask {
    /// What is answered.
    type Answer;

    #[doc(hidden)]
    fn ask(&self, view: &mut View<'_>) -> Result<Self::Answer, Error>;
}

impl<Q: Query> Ask for Q {
    type Answer = Q::Answer;

    fn ask(&self, view: &mut View<'_>) -> Result<Q::Answer, Error> {
        self.answer(view)
    }
}

impl Ask for AnyQuery {
    type Answer = serde_json::Value;

    fn ask(&self, view: &mut View<'_>) -> Result<serde_json::Value, Error> {
        AnyQuery::ask(self, view)
    }
}

impl Inner {
    fn close(&self) {
        self.writer.queue.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A writer that panicked has closed the queue behind it.
            let _ = thread.join();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}
