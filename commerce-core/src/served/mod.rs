//! A shop that `commerce serve` serves at another machine. What travels is the operation, not the row: groups form at the
//! server, out of the operations of all its clients, so a round trip costs latency and not throughput.
//!
//! Operations go through lanes, each with one request in flight. Every operation has a key, so a lost answer is asked for
//! again over a new connection, and nothing is done twice. Queries and questions for the version have connections of their
//! own.

mod audit;
mod connection;
mod entry;
mod exchange;
mod failure;
mod keys;
mod lane;
mod problem;
mod request;
mod sequence;
mod transport;
mod version;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::connection::Connection;
use crate::currency::Currency;
use crate::error::Error;
use crate::identity::Identity;
use crate::location::{Location, Served};
use crate::operation::{Answer, Submission};
use crate::options::Options;
use crate::query::Answerable;
use crate::stats::Stats;
use crate::submit::Submit;
use crate::ticket::Ticket;
use crate::time::Clock;
use crate::verify::report::{Audit, Progress};
use crate::warning::Warning;

use entry::Entry;
use failure::Failure;
use keys::Keys;
use lane::{Lane, Load};
use request::Request;
use sequence::Sequence;
use transport::{Server, Transport};
use version::Versions;

/// A shop that is served elsewhere. This is a cheap handle; its clones share the connections, which end when the last clone is
/// dropped.
#[derive(Clone)]
pub(crate) struct ServedShop(Arc<Inner>);

struct Inner {
    location: Location,
    server: Arc<Server>,
    lanes: [Lane; LANES],
    load: Arc<Load>,
    /// The connections for queries.
    queries: Transport,
    versions: Arc<Versions>,
    keys: Keys,
    currency: Currency,
    busy_timeout: Duration,
    /// How many threads use a lane before others use the next one.
    threads_per_lane: usize,
}

/// The number of lanes. Requests of several lanes overlap, so that the server is not idle during a round trip.
const LANES: usize = 4;

/// How many threads share a lane. Operations that travel together cost both sides far less than those that travel one by
/// one, and the more a request carries the less matters that the server waits for the next one. At a distance it matters
/// more.
const NEAR: usize = 128;
const FAR: usize = 16;

/// How long it takes at least to open a shop that is far away. That is two round trips, and more on a busy machine.
const FAR_OPENING: Duration = Duration::from_millis(20);

/// How many connections for queries are kept open.
const KEPT_QUERIES: usize = 8;

/// How long opening a shop waits for the answer of each address.
const OPEN_TIMEOUT: Duration = Duration::from_secs(5);

/// The pauses between attempts of a query.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

impl ServedShop {
    /// Asks the server who it is, once at each address until one answers.
    pub(crate) fn open(served: &Served, options: &Options) -> Result<Self, Error> {
        let server = Server::new(served);
        let queries = Transport::new(served, &server, KEPT_QUERIES);
        let mut tries = 1..=server.addresses();
        let (told, took) = loop {
            let begun = Instant::now();
            let deadline = Instant::now() + OPEN_TIMEOUT.min(options.busy_timeout);
            match version::ask(&queries, &version::question(deadline)) {
                Err(failure)
                    if failure.is_transient() && tries.next().is_some_and(|no| no < server.addresses()) => {}
                asked => {
                    let told = asked.map_err(|failure| failure.into_open_error(served.to_string()))?;
                    break (told, begun.elapsed());
                }
            }
        };
        let load = Arc::new(Load::new(options.queue));
        let keys = Keys::new(options.clock.now());
        let lane = |number: usize| {
            let sequence = Sequence::new(format!("{}-{number}", keys.prefix()));
            Lane::new(Transport::new(served, &server, 1), sequence, &load)
        };
        let currency = told.currency;
        let inner = Inner {
            location: Location::Served(served.clone()),
            lanes: std::array::from_fn(lane),
            keys,
            versions: Versions::new(Transport::new(served, &server, 1), told),
            queries,
            load,
            server,
            currency,
            busy_timeout: options.busy_timeout,
            threads_per_lane: if took < FAR_OPENING { NEAR } else { FAR },
        };
        Ok(Self(Arc::new(inner)))
    }

    pub(crate) fn location(&self) -> &Location {
        &self.0.location
    }

    pub(crate) fn currency(&self) -> Currency {
        self.0.currency
    }

    pub(crate) fn warnings(&self) -> Vec<Warning> {
        self.0.versions.told().warnings.into_iter().map(Warning::Told).collect()
    }

    pub(crate) fn is_synced(&self) -> bool {
        self.0.versions.told().synced
    }

    pub(crate) fn identity(&self) -> Identity {
        let told = self.0.versions.told();
        Identity { role: told.role, token: told.token, user: told.user }
    }

    pub(crate) fn connection(&self) -> Connection {
        self.0.server.watch.state()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        self.0.versions.clone()
    }

    pub(crate) fn perform<S: Submit>(
        &self,
        submission: impl Into<Submission<S>>,
    ) -> Result<Answer<S::Reply>, Error> {
        let (lane, ticket) = self.queue(submission.into());
        lane.send_or_wake();
        ticket.wait()
    }

    pub(crate) fn submit<S: Submit>(&self, submission: impl Into<Submission<S>>) -> Ticket<S::Reply> {
        let (lane, ticket) = self.queue(submission.into());
        lane.wake();
        ticket
    }

    /// Queues a submission in the lane of this thread, or of its chain. So what one of them submits stays in order.
    fn queue<S: Submit>(&self, submission: Submission<S>) -> (&Lane, Ticket<S::Reply>) {
        let place = submission.chain.as_ref().map_or_else(place, |chain| chain.place(place()));
        let lane = &self.0.lanes[place / self.0.threads_per_lane % LANES];
        let (entry, ticket) = Entry::new(submission, &self.0.keys, Instant::now() + self.0.busy_timeout);
        if let Some(entry) = entry {
            lane.push(entry);
        }
        (lane, ticket)
    }

    pub(crate) fn query<Q: Answerable>(&self, query: &Q) -> Result<Q::Answer, Error> {
        let (path, fields) = (format!("/v1/queries/{}?long=true", query.name()), query.fields()?);
        let answer = self.ask(|deadline| {
            // An answer can take its time, and asking again would take it once more.
            let silence = deadline.saturating_duration_since(Instant::now()).max(request::SILENCE);
            let request = Request { silence, ..Request::post(&path, &fields, deadline) };
            self.0.queries.send(&request).and_then(transport::Answer::whole)
        })?;
        Q::read_answer(&answer)
    }

    pub(crate) fn query_with_version<Q: Answerable>(&self, query: &Q) -> Result<(Q::Answer, i64), Error> {
        // Taken before the query, as by the engine.
        let version = self.known_version();
        Ok((self.query(query)?, version))
    }

    pub(crate) fn version(&self) -> Result<i64, Error> {
        let told = self.ask(|deadline| version::ask(&self.0.queries, &version::question(deadline)))?;
        Ok(self.0.versions.note(told))
    }

    pub(crate) fn known_version(&self) -> i64 {
        self.0.versions.known()
    }

    pub(crate) fn wait(&self, version: i64, timeout: Duration) -> Result<i64, Error> {
        self.0.versions.wait(version, timeout)
    }

    pub(crate) fn busy_timeout(&self) -> Duration {
        self.0.busy_timeout
    }

    pub(crate) fn audit(&self, progress: &mut dyn FnMut(Progress)) -> Result<Audit, Error> {
        audit::audit(&self.0.queries, progress)
    }

    /// Operations that were sent in requests (`groups`), all requests, and what waits now.
    pub(crate) fn stats(&self) -> Stats {
        let load = &self.0.load;
        Stats {
            operations: load.operations.load(Ordering::Relaxed),
            groups: load.groups.load(Ordering::Relaxed),
            busy: load.busy.load(Ordering::Relaxed),
            requests: self.0.server.requests(),
            queued: load.waiting() as u64,
            ..Stats::default()
        }
    }

    pub(crate) fn close(&self) {
        self.0.close();
    }

    /// Asks until there is an answer, a failure that is not transient, or no time left. A question changes nothing, so it can
    /// be asked as often as it takes.
    fn ask<T>(&self, mut question: impl FnMut(Instant) -> Result<T, Failure>) -> Result<T, Error> {
        let deadline = Instant::now() + self.0.busy_timeout;
        let mut pause = Duration::ZERO;
        loop {
            match question(deadline) {
                Err(failure) if failure.is_transient() && Instant::now() + pause < deadline => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
                }
                answered => return answered.map_err(Failure::into_error),
            }
        }
    }
}

impl Inner {
    fn close(&self) {
        self.lanes.iter().for_each(Lane::close);
        self.lanes.iter().for_each(Lane::join);
        self.versions.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

/// The place of this thread, by which it always uses the same lane. Threads take their places in turn.
fn place() -> usize {
    static PLACES: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static PLACE: usize = PLACES.fetch_add(1, Ordering::Relaxed);
    }
    PLACE.with(|place| *place)
}
