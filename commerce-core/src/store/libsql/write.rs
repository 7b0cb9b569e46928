//! Writing: one stream, and one transaction per group in two requests. No request is repeated blindly: when an answer
//! is lost, the group's receipt in the database shows whether it was committed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{CLOSE_TIMEOUT, Client, Stream, retry_until, time_left};
use super::failure::Failure;
use super::hrana::Steps;
use super::save::{requests, saves};
use super::state::ServerState;
use crate::error::Error;
use crate::row::{Change, Rows, Statement, Value};
use crate::store::{Linger, OtherWrites, Store, StoreOptions};
use crate::time::Time;

/// The writing stream of this instance.
pub(super) struct ServerWriter {
    client: Arc<Client>,
    stream: Stream,
    /// The key of this instance's receipt.
    instance: Value,
    group: i64,
    busy: Duration,
    deadline: Instant,
    state: Arc<ServerState>,
    /// The time to decide the group by, as the server told it.
    time: Option<Time>,
    /// Whether a transaction may be open.
    open: bool,
}

/// The time-out of a single request, which leaves time to retry.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(6);

/// The time for a commit or for its receipt even when the caller's time is up, since an outcome that stays unknown is worse
/// than a short wait.
const LAST_CHANCE: Duration = Duration::from_secs(1);

/// The pause between two reads of a receipt.
const RECEIPT_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The longest time to linger. A group costs two round trips and a sync, whatever its size. Clients of `commerce serve` need
/// some milliseconds to come back, and those that are late would form a group of their own, which takes turns with the
/// others.
const MAX_LINGER: Duration = Duration::from_millis(10);

/// A stream that does not sync its commits is replaced at this age. It keeps the mode with which it was opened, and the
/// mode may have been set meanwhile.
const UNSYNCED_LIFETIME: Duration = Duration::from_secs(1);

const RECEIPT: &str = "INSERT INTO receipts VALUES (?1, ?2, unixepoch())
    ON CONFLICT (instance) DO UPDATE SET group_no = excluded.group_no, at = excluded.at";

/// Receipts are read within the busy time-out of their group. Old ones are deleted.
const FORGET: &str = "DELETE FROM receipts WHERE at < unixepoch() - ?1";

impl ServerWriter {
    pub(super) fn new(client: Arc<Client>, state: Arc<ServerState>, options: &StoreOptions) -> Self {
        let instance = uuid::Uuid::now_v7().to_string().into();
        let stream = Stream::new(client.clone());
        Self {
            client,
            stream,
            instance,
            group: 0,
            busy: options.busy,
            deadline: Instant::now(),
            state,
            time: None,
            open: false,
        }
    }

    /// The time-out of a request within a transaction.
    fn timeout(&self) -> Duration {
        time_left(self.deadline).clamp(LAST_CHANCE, REQUEST_TIMEOUT)
    }

    fn try_begin(&mut self, statements: &[Statement], timeout: Duration) -> Result<Vec<Rows>, Failure> {
        self.open = true;
        let (rows, time) = self.state.begin(&mut self.stream, statements, timeout)?;
        self.time = time;
        Ok(rows)
    }

    fn begin_with(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Failure> {
        self.stream.refresh();
        if !self.state.is_synced() && self.stream.age() > UNSYNCED_LIFETIME {
            self.stream.close(CLOSE_TIMEOUT);
        }
        retry_until(self.deadline, |timeout| {
            let begun = match self.try_begin(statements, timeout) {
                Err(Failure::TooLarge) => self.begin_in_parts(statements, timeout),
                other => other,
            };
            if begun.is_err() {
                self.stream.close(CLOSE_TIMEOUT);
                self.open = false;
            }
            begun
        })
    }

    fn load_more(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Failure> {
        let timeout = self.timeout();
        let mut steps = Steps::in_transaction();
        statements.iter().for_each(|statement| steps.read(statement));
        match self.stream.batch(steps, timeout).and_then(|results| results.all_rows(0)) {
            Err(Failure::TooLarge) => {
                statements.iter().map(|statement| self.stream.read_in_parts(statement, timeout)).collect()
            }
            other => other,
        }
    }

    /// Begins, and reads rows in parts when they are too many for one answer.
    fn begin_in_parts(&mut self, statements: &[Statement], timeout: Duration) -> Result<Vec<Rows>, Failure> {
        self.stream.close(CLOSE_TIMEOUT);
        self.try_begin(&[], timeout)?;
        statements.iter().map(|statement| self.stream.read_in_parts(statement, timeout)).collect()
    }

    /// Reads from its receipt whether the group was committed. The transaction that reads it can begin only after the
    /// group's has ended. After that, a late request has no effect, since each of its steps needs an open
    /// transaction.
    fn read_receipt(&mut self, lost: Failure) -> Result<(), Error> {
        let deadline = self.deadline.max(Instant::now() + LAST_CHANCE);
        let asked = [self.instance.clone()];
        let mut last = lost;
        self.open = false;
        while Instant::now() < deadline {
            self.stream.close(CLOSE_TIMEOUT);
            let mut steps = Steps::from("BEGIN IMMEDIATE");
            steps.then("SELECT group_no FROM receipts WHERE instance = ?1", &asked);
            steps.roll_back();
            let answer = self.client.once(steps, time_left(deadline).min(REQUEST_TIMEOUT));
            match answer.and_then(|results| results.all_rows(1)) {
                Ok(answers) => {
                    let receipt = answers.first().and_then(Rows::first).map(|row| row[0].int());
                    return match receipt {
                        Some(group) if group == self.group => Ok(()),
                        _ => Err(Error::Busy("the server did not take the commit".into())),
                    };
                }
                Err(failure) => last = failure,
            }
            std::thread::sleep(RECEIPT_POLL_INTERVAL);
        }
        Err(Error::Unknown(last.reason()))
    }
}

impl Store for ServerWriter {
    // The server gives turns, first come first served, when a transaction begins.
    fn take_turn(&mut self, deadline: Instant) -> Result<(), Error> {
        self.deadline = deadline;
        Ok(())
    }

    fn begin(&mut self) -> Result<OtherWrites, Error> {
        self.open = false;
        Ok(OtherWrites::Possible)
    }

    // The first load and the begin share one request.
    fn load(&mut self, statements: &[Statement]) -> Result<Vec<Rows>, Error> {
        let loaded = if self.open { self.load_more(statements) } else { self.begin_with(statements) };
        loaded.map_err(|failure| failure.into_error(&self.client.url))
    }

    fn time(&self) -> Option<Time> {
        self.time
    }

    fn commit(&mut self, changes: &[Change]) -> Result<(), Error> {
        self.group += 1;
        let saves = saves(changes)?;
        let receipt = [self.instance.clone(), self.group.into()];
        let old =
            [i64::try_from(self.busy.as_secs().saturating_mul(4).max(3_600)).unwrap_or(i64::MAX).into()];
        let mut requests = requests(&saves).peekable();
        let mut steps = Steps::in_transaction();
        while let Some(saves) = requests.next() {
            saves.iter().for_each(|save| steps.then(&save.sql, &save.rows));
            if requests.peek().is_some() {
                // What is saved before the commit is lost with the transaction, whatever comes of this request.
                let saved =
                    self.stream.batch(std::mem::replace(&mut steps, Steps::in_transaction()), self.timeout());
                saved
                    .and_then(|results| results.all_rows(0))
                    .map_err(|failure| failure.into_error(&self.client.url))?;
            }
        }
        steps.then(RECEIPT, &receipt);
        if self.group == 1 {
            steps.then(FORGET, &old);
        }
        let commit = steps.commit();
        let results = match self.stream.batch(steps, self.timeout()) {
            Ok(results) => results,
            // Nothing was carried out.
            Err(failure @ (Failure::Denied(_) | Failure::Untrusted(_))) => {
                return Err(failure.into_error(&self.client.url));
            }
            Err(failure) => return self.read_receipt(failure),
        };
        if results.is_done(commit) {
            self.open = false;
            return Ok(());
        }
        match results.error().map(Failure::of) {
            // A failed COMMIT may have taken place, unless a constraint was violated.
            Some(failure) if results.is_done(commit - 1) && !matches!(failure, Failure::Constraint(_)) => {
                self.read_receipt(failure)
            }
            Some(failure) => Err(failure.into_error(&self.client.url)),
            // No step ran, since the transaction had ended.
            None => Err(Failure::TransactionLost.into_error(&self.client.url)),
        }
    }

    fn end(&mut self) {
        if std::mem::take(&mut self.open) {
            let mut steps = Steps::in_transaction();
            steps.roll_back();
            if self.stream.batch(steps, CLOSE_TIMEOUT).is_err() {
                self.stream.close(CLOSE_TIMEOUT);
            }
        }
    }

    fn pages(&self) -> u64 {
        0
    }

    fn requests(&self) -> u64 {
        self.client.requests()
    }

    fn linger(&self, took: Duration) -> Linger {
        let longest = (took / 2).min(MAX_LINGER);
        Linger { longest, gap: longest / 4 }
    }
}

impl Drop for ServerWriter {
    fn drop(&mut self) {
        self.stream.close(CLOSE_TIMEOUT);
    }
}
