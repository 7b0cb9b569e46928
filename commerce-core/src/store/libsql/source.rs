//! The servers that reads go to: the primary, and perhaps a replica, which must have reached the newest known state.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::{Client, retry_until};
use super::failure::Failure;
use super::group::Groups;
use super::newest::Version;
use super::state::ServerState;
use super::transaction::begin;
use crate::error::Error;
use crate::row::{Rows, Statement};

/// The primary and its replica.
pub(super) struct Sources {
    primary: Source,
    replica: Option<Replica>,
    pub(super) busy: Duration,
    permits: Permits,
    /// Whether an answer was too long for a request that ended its stream. It can then be read in parts only from another
    /// snapshot, so streams are ended by requests of their own from then on.
    long_answers: AtomicBool,
}

/// A server to read from.
pub(super) struct Source {
    pub(super) client: Arc<Client>,
    pub(super) groups: Groups,
}

/// A replica. After a failure it is not asked for a while.
struct Replica {
    source: Source,
    ask_again: Mutex<Instant>,
}

/// The permits of concurrent snapshots with a stream of their own: a server has 128 streams for all its clients.
struct Permits {
    free: Mutex<u32>,
    freed: Condvar,
}

pub(super) struct Permit<'a>(&'a Permits);

/// The least number of concurrent snapshots, which spend most of their time waiting.
const MIN_CONCURRENT_READS: u32 = 16;

/// How long to wait for a replica to catch up and answer before the primary is asked.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);

/// The least time for the first of several requests.
const MIN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a replica is not asked after a failure.
const REPLICA_COOLDOWN: Duration = Duration::from_secs(5);

impl Sources {
    pub(super) fn new(
        primary: Client,
        replica: Option<Client>,
        state: Option<&Arc<ServerState>>,
        busy: Duration,
        readers: u32,
    ) -> Self {
        let permits = Permits { free: Mutex::new(readers.max(MIN_CONCURRENT_READS)), freed: Condvar::new() };
        let replica = replica.map(Replica::new);
        let long_answers = AtomicBool::new(false);
        Self { primary: Source::new(primary, state), replica, busy, permits, long_answers }
    }

    /// Asks the replica, and if that fails the primary, until there is an answer or no time left.
    pub(super) fn ask<T>(&self, ask: impl Fn(&Source, Duration) -> Result<T, Failure>) -> Result<T, Error> {
        if let Some(answer) = self.replica.as_ref().and_then(|replica| replica.ask(&ask)) {
            return Ok(answer);
        }
        self.ask_primary(ask)
    }

    pub(super) fn ask_primary<T>(
        &self,
        ask: impl Fn(&Source, Duration) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        // A first request that was lost must not take all the time.
        let mut part = 4;
        let answer = retry_until(Instant::now() + self.busy, |timeout| {
            let part = std::mem::replace(&mut part, 1);
            ask(&self.primary, (timeout / part).max(MIN_TIMEOUT.min(timeout)))
        });
        answer.map_err(|failure| self.error(failure))
    }

    /// Reads statements from one snapshot, which ends with them.
    pub(super) fn once(&self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        self.ask(|source, timeout| match source.groups.ask(statements, timeout) {
            Ok(reply) => Ok(reply.rows),
            Err(Failure::TooLarge) => {
                let (mut stream, rows) = begin(&source.client, statements, timeout)?;
                stream.close(timeout);
                Ok(rows)
            }
            Err(failure) => Err(failure),
        })
    }

    /// A permit for a stream.
    pub(super) fn permit(&self) -> Result<Permit<'_>, Error> {
        self.permits.take(self.busy)
    }

    /// The newest state that was seen.
    pub(super) fn newest(&self) -> Version {
        self.primary.client.newest()
    }

    pub(super) fn sends_long_answers(&self) -> bool {
        self.long_answers.load(Ordering::Relaxed)
    }

    /// Lets later snapshots keep their streams until they are dropped.
    pub(super) fn expect_long_answers(&self) {
        self.long_answers.store(true, Ordering::Relaxed);
    }

    /// Does the same after an answer that was too long. It must be read again.
    pub(super) fn end_later(&self) -> Error {
        self.expect_long_answers();
        Error::Busy("the answer is too long for one request".into())
    }

    pub(super) fn error(&self, failure: Failure) -> Error {
        failure.into_error(&self.primary.client.url)
    }
}

impl Source {
    fn new(client: Client, state: Option<&Arc<ServerState>>) -> Self {
        let client = Arc::new(client);
        Self { groups: Groups::new(&client, state.cloned()), client }
    }
}

impl Replica {
    fn new(client: Client) -> Self {
        // Its time is that of another machine.
        Self { source: Source::new(client, None), ask_again: Mutex::new(Instant::now()) }
    }

    fn ask<T>(&self, ask: impl Fn(&Source, Duration) -> Result<T, Failure>) -> Option<T> {
        let ask_again = || self.ask_again.lock().unwrap_or_else(PoisonError::into_inner);
        if *ask_again() > Instant::now() {
            return None;
        }
        let answer = ask(&self.source, REPLICA_TIMEOUT).ok();
        if answer.is_none() {
            *ask_again() = Instant::now() + REPLICA_COOLDOWN;
        }
        answer
    }
}

impl Permits {
    fn take(&self, timeout: Duration) -> Result<Permit<'_>, Error> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(free, timeout, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1).ok_or(Error::Busy("too many reads are running".into()))?;
        Ok(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
