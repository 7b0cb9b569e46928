//! Reading: a single question is one request. An answer that needs several questions holds a stream with a read
//! transaction. Reads can go to a replica, which must have reached the newest known state.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::client::{Client, Stream, retry_until};
use super::failure::Failure;
use super::hrana::Steps;
use crate::error::Error;
use crate::row::{Rows, Statement};
use crate::store::{Reader, Snapshot};

/// The reading side of a server.
pub(super) struct ServerReader {
    primary: Arc<Client>,
    replica: Option<Replica>,
    busy: Duration,
    permits: Permits,
}

/// A replica. After a failure it is not asked for a while.
struct Replica {
    client: Arc<Client>,
    ask_again: Mutex<Instant>,
}

/// A snapshot, which is taken with the first question.
struct ServerSnapshot<'a> {
    reader: &'a ServerReader,
    stream: Option<Stream>,
    _permit: Permit<'a>,
}

/// The permits of concurrent reads: a server has 128 streams for all its clients.
struct Permits {
    free: Mutex<u32>,
    freed: Condvar,
}

struct Permit<'a>(&'a Permits);

/// The least number of concurrent reads, which spend most of their time waiting.
const MIN_CONCURRENT_READS: u32 = 16;

/// How long to wait for a replica to catch up and answer before the primary is asked.
const REPLICA_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a replica is not asked after a failure.
const REPLICA_COOLDOWN: Duration = Duration::from_secs(5);

impl ServerReader {
    pub(super) fn new(primary: Client, replica: Option<Client>, busy: Duration, readers: u32) -> Self {
        let permits = Permits { free: Mutex::new(readers.max(MIN_CONCURRENT_READS)), freed: Condvar::new() };
        let replica = replica.map(Replica::new);
        Self { primary: primary.into(), replica, busy, permits }
    }

    /// Asks the replica, and if that fails the primary, until there is an answer or no time left.
    fn ask<T>(&self, ask: impl Fn(&Arc<Client>, Duration) -> Result<T, Failure>) -> Result<T, Error> {
        if let Some(answer) = self.replica.as_ref().and_then(|replica| replica.ask(&ask)) {
            return Ok(answer);
        }
        let answer = retry_until(Instant::now() + self.busy, |timeout| ask(&self.primary, timeout));
        answer.map_err(|failure| failure.into_error(&self.primary.url))
    }

    /// Reads once, outside any transaction.
    fn once(&self, statement: &Statement) -> Result<Rows, Error> {
        self.ask(|client, timeout| {
            let steps = Steps::from(&statement.sql).with(&statement.values);
            match client.once(steps, timeout).and_then(|results| results.all_rows(0)) {
                Ok(mut rows) => Ok(rows.pop().unwrap_or_default()),
                Err(Failure::TooLarge) => {
                    let (mut stream, rows) = begin(client, statement, timeout)?;
                    stream.close(timeout);
                    Ok(rows)
                }
                Err(failure) => Err(failure),
            }
        })
    }
}

impl Replica {
    fn new(client: Client) -> Self {
        Self { client: client.into(), ask_again: Mutex::new(Instant::now()) }
    }

    fn ask<T>(&self, ask: impl Fn(&Arc<Client>, Duration) -> Result<T, Failure>) -> Option<T> {
        let ask_again = || self.ask_again.lock().unwrap_or_else(PoisonError::into_inner);
        if *ask_again() > Instant::now() {
            return None;
        }
        let answer = ask(&self.client, REPLICA_TIMEOUT).ok();
        if answer.is_none() {
            *ask_again() = Instant::now() + REPLICA_COOLDOWN;
        }
        answer
    }
}

impl Reader for ServerReader {
    fn snapshot(&self) -> Result<Box<dyn Snapshot + '_>, Error> {
        let permit = self.permits.take(self.busy)?;
        Ok(Box::new(ServerSnapshot { reader: self, stream: None, _permit: permit }))
    }

    // The server ends a transaction after some seconds.
    fn supports_long_snapshots(&self) -> bool {
        false
    }

    // The replication index of the primary, which comes with every answer. Later reads, also from a replica, are at
    // least as new.
    fn version(&self) -> Result<i64, Error> {
        Ok(self.version_with(&Statement::new("SELECT 1", []))?.0)
    }

    fn version_with(&self, statement: &Statement) -> Result<(i64, Rows), Error> {
        let ask = |timeout| {
            let steps = Steps::from(&statement.sql).with(&statement.values);
            let results = self.primary.once(steps, timeout)?;
            let index = results.replication_index().unwrap_or(0);
            Ok((index.cast_signed(), results.all_rows(0)?.pop().unwrap_or_default()))
        };
        let answer = retry_until(Instant::now() + self.busy, ask);
        answer.map_err(|failure: Failure| failure.into_error(&self.primary.url))
    }

    fn known_version(&self) -> Result<i64, Error> {
        Ok(self.primary.newest().cast_signed())
    }

    fn is_remote(&self) -> bool {
        true
    }

    // Each poll is a request.
    fn poll_interval(&self) -> Duration {
        Duration::from_millis(100)
    }
}

impl Snapshot for ServerSnapshot<'_> {
    fn rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        let Some(stream) = &mut self.stream else {
            let begun = self.reader.ask(|client, timeout| begin(client, statement, timeout));
            let (stream, rows) = begun?;
            self.stream = Some(stream);
            return Ok(rows);
        };
        let timeout = self.reader.busy;
        let mut steps = Steps::in_transaction();
        steps.read(statement);
        let answer = match stream.batch(steps, timeout).and_then(|results| results.all_rows(0)) {
            Ok(mut rows) => Ok(rows.pop().unwrap_or_default()),
            Err(Failure::TooLarge) => stream.read_in_parts(statement, timeout),
            Err(failure) => Err(failure),
        };
        answer.map_err(|failure| failure.into_error(&self.reader.primary.url))
    }

    fn final_rows(&mut self, statement: &Statement) -> Result<Rows, Error> {
        match &mut self.stream {
            None => self.reader.once(statement),
            Some(_) => self.rows(statement),
        }
    }
}

impl Drop for ServerSnapshot<'_> {
    fn drop(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.close(self.reader.busy.min(Duration::from_millis(500)));
        }
    }
}

/// Begins a read transaction with its first question.
fn begin(client: &Arc<Client>, statement: &Statement, timeout: Duration) -> Result<(Stream, Rows), Failure> {
    let mut stream = Stream::new(client.clone());
    let mut steps = Steps::from("BEGIN");
    steps.read(statement);
    let rows = match stream.batch(steps, timeout).and_then(|results| results.all_rows(1)) {
        Ok(mut rows) => rows.pop().unwrap_or_default(),
        Err(Failure::TooLarge) => {
            stream.close(timeout);
            stream.batch(Steps::from("BEGIN"), timeout)?;
            stream.read_in_parts(statement, timeout)?
        }
        Err(failure) => return Err(failure),
    };
    Ok((stream, rows))
}

impl Permits {
    fn take(&self, timeout: Duration) -> Result<Permit<'_>, Error> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_timeout_while(free, timeout, |free| *free == 0);
        let (mut free, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *free = free.checked_sub(1).ok_or(Error::Busy("too many reads are running"))?;
        Ok(Permit(self))
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}
