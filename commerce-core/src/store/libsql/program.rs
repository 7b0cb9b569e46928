//! Statements that run as one. The server takes the lock away from a transaction that is older than its time-out as soon
//! as anybody else wants it, and its own checkpoint wants it every few seconds. Within a statement it never does, however
//! long that takes. So what takes long is the body of a trigger, and one INSERT runs all of it or nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Client, Stream, retry_until};
use super::failure::Failure;
use super::hrana::Steps;
use super::state::ServerState;
use crate::error::Error;
use crate::row::{Rows, Statement, Value};
use crate::store::schema::new_identity;

/// A program, and the tables that it needs on the server until it has run.
pub(super) struct Program<'a> {
    client: Arc<Client>,
    state: &'a ServerState,
    busy: Duration,
    /// The identity of this run, which its receipt names.
    run: Value,
    /// The table of rows for the program, and the one whose trigger is the program.
    pub(super) parts: String,
    start: String,
    sent: i64,
    bytes: usize,
}

/// The tables of all programs. One that was not removed belongs to a program that never ran.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'upkeep\\_%' ESCAPE '\\'";

/// The time for a program that sent no rows. A million orders take a minute on two busy cores.
const MIN_TIMEOUT: Duration = Duration::from_mins(10);

/// The further time for each megabyte of rows, several times what it takes.
const TIMEOUT_PER_MB: Duration = Duration::from_secs(1);

/// How long to ask for the outcome after the answer was lost.
const SETTLE_TIMEOUT: Duration = Duration::from_mins(5);

/// The pause between two questions for the outcome.
const SETTLE_INTERVAL: Duration = Duration::from_millis(300);

impl<'a> Program<'a> {
    /// Prepares a program, after a check that the server can be written, and removes what earlier ones left behind.
    pub(super) fn prepare(
        client: &Arc<Client>,
        state: &'a ServerState,
        busy: Duration,
    ) -> Result<Self, Error> {
        let run = new_identity();
        let start = format!("upkeep_{}", run.replace('-', ""));
        let parts = format!("{start}_parts");
        let program =
            Self { client: client.clone(), state, busy, run: run.into(), parts, start, sent: 0, bytes: 0 };
        program.check_writable()?;
        for row in program.once(TABLES)?.iter() {
            program.once(&format!("DROP TABLE IF EXISTS {}", row[0].text()))?;
        }
        for (table, columns) in [
            (&program.parts, "part INTEGER PRIMARY KEY, name TEXT NOT NULL, rows TEXT NOT NULL"),
            (&program.start, "run TEXT NOT NULL, parts INTEGER NOT NULL"),
        ] {
            let create = format!("CREATE TABLE IF NOT EXISTS {table} ({columns}) STRICT");
            program.once(&create)?;
        }
        Ok(program)
    }

    fn check_writable(&self) -> Result<(), Error> {
        self.until(|timeout| {
            let mut stream = Stream::new(self.client.clone());
            let begun = self.state.begin(&mut stream, &[], timeout);
            stream.close(timeout);
            begun.map(drop)
        })
    }

    /// Sends rows, as JSON, which the program finds in the table `parts` under this name.
    pub(super) fn send(&mut self, name: &str, rows: Value) -> Result<(), Error> {
        self.sent += 1;
        self.bytes += rows.text().len();
        // A part that arrives twice stays the same.
        let insert = format!("INSERT OR REPLACE INTO {} VALUES (?1, ?2, ?3)", self.parts);
        let values = [self.sent.into(), name.into(), rows];
        self.until(|timeout| {
            let mut steps = Steps::from("BEGIN IMMEDIATE").and(&insert, &values);
            let commit = steps.commit();
            self.client.once(steps, timeout)?.committed(commit)
        })
    }

    /// Runs these statements, in which NEW.run is a new identity. If this fails, nothing was changed, unless the outcome
    /// is unknown.
    pub(super) fn run(&self, statements: &[String]) -> Result<(), Error> {
        let Self { start, parts, .. } = self;
        let body: String = statements.iter().map(|sql| format!("{sql};\n")).collect();
        // Another program may have removed the parts.
        let create = format!(
            "CREATE TRIGGER IF NOT EXISTS {start}_run AFTER INSERT ON {start} BEGIN
             SELECT RAISE(ABORT, 'it is being restored or repaired by another') WHERE
                (SELECT count(*) FROM {parts}) <> NEW.parts;
             {body}
             INSERT INTO receipts VALUES (NEW.run, 1, unixepoch());
             END"
        );
        self.once(&create)?;
        let insert = format!("INSERT INTO {start} VALUES (?1, ?2)");
        let values = [self.run.clone(), self.sent.into()];
        let megabytes = u32::try_from(self.bytes >> 20).unwrap_or(u32::MAX);
        let lost = self.until(|timeout| {
            let mut stream = Stream::new(self.client.clone());
            let ran = self.state.begin(&mut stream, &[], timeout).and_then(|_| {
                // The transaction has shown that this connection syncs what it commits.
                let steps = Steps::from("ROLLBACK").and(&insert, &values);
                match stream.last_batch(steps, MIN_TIMEOUT + TIMEOUT_PER_MB * megabytes) {
                    Err(lost @ Failure::NoAnswer(_)) => Ok(Some(lost)),
                    answer => answer?.all_rows(0).map(|_| None),
                }
            });
            stream.close(timeout);
            ran
        })?;
        lost.map_or(Ok(()), |lost| self.settle(lost))
    }

    /// Reads from its receipt whether the program ran. It cannot run later: the table that starts it is removed first,
    /// which waits for the end of the program.
    fn settle(&self, lost: Failure) -> Result<(), Error> {
        let (deadline, run) = (Instant::now() + SETTLE_TIMEOUT, [self.run.clone()]);
        let remove = format!("DROP TABLE IF EXISTS {}", self.start);
        let receipt = Statement::new("SELECT group_no FROM receipts WHERE instance = ?1", run);
        let ask = || {
            self.client.once(Steps::from(&remove), self.busy)?.all_rows(0)?;
            let mut steps = Steps::default();
            steps.read_alone(&receipt);
            self.client.once(steps, self.busy)?.all_rows(0)
        };
        while Instant::now() < deadline {
            if let Ok(answers) = ask() {
                return match answers.first().and_then(Rows::first) {
                    Some(_) => Ok(()),
                    None => Err(Error::Busy("the server gave no answer while it did this".into())),
                };
            }
            std::thread::sleep(SETTLE_INTERVAL);
        }
        Err(Error::Unknown(lost.reason()))
    }

    /// Runs a statement that does no harm when it runs twice.
    fn once(&self, sql: &str) -> Result<Rows, Error> {
        self.until(|timeout| {
            let mut rows = self.client.once(Steps::from(sql), timeout)?.all_rows(0)?;
            Ok(rows.pop().unwrap_or_default())
        })
    }

    fn until<T>(&self, attempt: impl FnMut(Duration) -> Result<T, Failure>) -> Result<T, Error> {
        let outcome = retry_until(Instant::now() + self.busy, attempt);
        outcome.map_err(|failure| failure.into_error(&self.client.url))
    }
}

impl Drop for Program<'_> {
    fn drop(&mut self) {
        for table in [&self.start, &self.parts] {
            // What is not removed now, the next program removes.
            let _ = self.once(&format!("DROP TABLE IF EXISTS {table}"));
        }
    }
}
