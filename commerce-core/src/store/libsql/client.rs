//! The client of one server: requests by themselves, streams of requests, and the newest state that was seen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::failure::Failure;
use super::hrana::{Answer, Answers, Pipeline, Request, Results, Steps};
use super::newest::{Newest, Version};
use super::transport::Transport;
use crate::error::Cause;
use crate::location::{Server, Url};
use crate::row::{Rows, Statement};

/// A client of one server.
pub(super) struct Client {
    transport: Arc<Transport>,
    pub(super) url: Url,
    requests: AtomicU64,
    newest: Arc<Newest>,
    /// Whether this is a replica, which can be behind the primary.
    replica: bool,
}

/// A stream of requests that share one connection to the database, and so one transaction.
pub(super) struct Stream {
    client: Arc<Client>,
    baton: Option<String>,
    opened: Instant,
    used: Instant,
}

/// A stream that was idle for this long is not used again. The server ends it after 10 s.
const IDLE_LIMIT: Duration = Duration::from_secs(8);

/// The time-out of closing a stream, which saves the server some memory and other clients a wait. If it fails, the server ends
/// the stream after the transaction's time-out.
pub(super) const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

impl Client {
    /// A client of the primary of `server`, or of its replica at `replica`. Clients that share `newest`, the newest
    /// state that any of them has seen, never read an older one.
    pub(super) fn new(server: &Server, replica: Option<&Url>, newest: &Arc<Newest>) -> Self {
        let url = replica.unwrap_or(&server.url).clone();
        let transport = Arc::new(Transport::new(server, &url));
        let (requests, newest, replica) = (AtomicU64::new(0), newest.clone(), replica.is_some());
        Self { transport, url, requests, newest, replica }
    }

    /// A client that shares the connections of this one, and counts its requests for itself.
    pub(super) fn beside(&self) -> Self {
        let (transport, url, newest) = (self.transport.clone(), self.url.clone(), self.newest.clone());
        Self { transport, url, requests: AtomicU64::new(0), newest, replica: self.replica }
    }

    /// The version of the server, if it reports one.
    pub(super) fn version(&self, timeout: Duration) -> Result<Option<String>, Failure> {
        self.transport.version(timeout)
    }

    /// The number of requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The newest state that was seen.
    pub(super) fn newest(&self) -> Version {
        self.newest.get()
    }

    /// Sends requests in a stream, or in a new one.
    pub(super) fn send(&self, pipeline: &Pipeline<'_>, timeout: Duration) -> Result<Answers, Failure> {
        let body = serde_json::to_vec(pipeline).map_err(|e| Failure::Server(Cause::of(e)))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self.transport.post(&body, timeout)?;
        serde_json::from_slice(&answer)
            .map_err(|_| Failure::NotFound("what answers is not a libSQL server".into()))
    }

    /// Runs a batch in a stream of its own.
    pub(super) fn once(&self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let (requests, before) = (vec![self.batch(steps), Request::Close], self.newest());
        self.first(self.send(&Pipeline { baton: None, requests }, timeout)?, before)
    }

    /// The first batch of a stream, which states how new the database must be.
    fn batch<'a>(&self, steps: Steps<'a>) -> Request<'a> {
        steps.into_batch(self.replica.then(|| self.newest().index()))
    }

    /// The answer to the first request, which was sent when `before` was the newest state. The others have no result.
    fn first(&self, answers: Answers, before: Version) -> Result<Results, Failure> {
        let mut results = match answers.results.into_iter().next() {
            Some(Answer { error: Some(error), .. }) => return Err(Failure::of(&error)),
            Some(Answer { response, .. }) => response.and_then(|given| given.result).unwrap_or_default(),
            None => return Err(Failure::Server("it answers nothing".into())),
        };
        // A replica has seen no more than its primary.
        let index = results.replication_index().filter(|_| !self.replica);
        results.version = index.map(|index| self.newest.see(before, index));
        Ok(results)
    }
}

impl Stream {
    pub(super) fn new(client: Arc<Client>) -> Self {
        let now = Instant::now();
        Self { client, baton: None, opened: now, used: now }
    }

    /// Runs the next batch of a transaction, or begins one.
    pub(super) fn batch(&mut self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let batch = self.next_batch(steps);
        self.run(vec![batch], timeout)
    }

    /// Runs the last batch of a transaction, and ends the stream in the same request.
    pub(super) fn last_batch(&mut self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let batch = self.next_batch(steps);
        self.run(vec![batch, Request::Close], timeout)
    }

    /// Runs a batch that leaves no transaction open, and ends the stream unless it is to be kept.
    pub(super) fn read(
        &mut self,
        steps: Steps<'_>,
        keep: bool,
        timeout: Duration,
    ) -> Result<Results, Failure> {
        let batch = self.client.batch(steps);
        self.run(if keep { vec![batch] } else { vec![batch, Request::Close] }, timeout)
    }

    fn next_batch<'a>(&self, steps: Steps<'a>) -> Request<'a> {
        if self.is_open() { steps.into_batch(None) } else { self.client.batch(steps) }
    }

    pub(super) fn is_open(&self) -> bool {
        self.baton.is_some()
    }

    /// Reads rows in parts when they are too many for one answer, inside a transaction. (A statement without an order
    /// gives its rows in the same order each time, as long as nothing changes.)
    pub(super) fn read_in_parts(
        &mut self,
        statement: &Statement,
        timeout: Duration,
    ) -> Result<Rows, Failure> {
        let (mut all, mut part, mut place) = (Rows::default(), 16_384, 0);
        loop {
            let sql = format!("SELECT * FROM ({}) LIMIT {part} OFFSET {place}", statement.sql);
            let steps = Steps::in_transaction().and(&sql, &statement.values);
            match self.batch(steps, timeout).and_then(|results| results.all_rows(0)) {
                Ok(mut answers) => {
                    let rows = answers.pop().unwrap_or_default();
                    let found = rows.iter().count();
                    all.width = rows.width;
                    all.values.extend(rows.values);
                    place += found;
                    if found < part {
                        return Ok(all);
                    }
                }
                Err(Failure::TooLarge) if part > 1 => part /= 4,
                Err(failure) => return Err(failure),
            }
        }
    }

    pub(super) fn sequence(&mut self, sql: &str, timeout: Duration) -> Result<(), Failure> {
        self.run(vec![Request::Sequence { sql }], timeout).map(drop)
    }

    /// How long ago the stream was opened.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Begins a new stream when the server has ended this one. Must not be called within a transaction.
    pub(super) fn refresh(&mut self) {
        if self.used.elapsed() > IDLE_LIMIT {
            self.baton = None;
        }
    }

    /// Ends the stream and its open transaction, if the server still has it.
    pub(super) fn close(&mut self, timeout: Duration) {
        if self.baton.is_some() {
            // If this fails, the server ends the stream after the transaction's time-out.
            let _ = self.run(vec![Request::Close], timeout);
        }
        self.baton = None;
    }

    fn run(&mut self, requests: Vec<Request<'_>>, timeout: Duration) -> Result<Results, Failure> {
        if self.baton.is_none() {
            self.opened = Instant::now();
        }
        let before = self.client.newest();
        let sent = self.client.send(&Pipeline { baton: self.baton.as_deref(), requests }, timeout);
        self.used = Instant::now();
        let mut answers = match sent {
            Ok(answers) => answers,
            Err(Failure::StreamClosed) => {
                self.baton = None;
                return Err(Failure::StreamClosed);
            }
            // The baton is kept for closing the stream.
            Err(failure) => return Err(failure),
        };
        self.baton = answers.baton.take();
        self.client.first(answers, before)
    }
}

/// Retries until there is an answer, a failure that is not transient, or no time left.
pub(super) fn retry_until<T>(
    deadline: Instant,
    mut attempt: impl FnMut(Duration) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut pause = Duration::ZERO;
    loop {
        match attempt(time_left(deadline)) {
            Err(failure) if failure.is_transient() && Instant::now() + pause < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).clamp(Duration::from_millis(5), Duration::from_millis(300));
            }
            other => return other,
        }
    }
}

/// The time-out of a request that is sent now.
pub(super) fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100))
}
