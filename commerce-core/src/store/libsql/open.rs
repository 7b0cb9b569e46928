//! Creates, opens and migrates a store on a server, with clear errors when it cannot be used.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::client::{Client, Stream, retry_until};
use super::failure::Failure;
use super::hrana::Steps;
use super::newest::Newest;
use super::read::ServerReader;
use super::source::Sources;
use super::state::{STATE, ServerState};
use super::write::ServerWriter;
use crate::currency::Currency;
use crate::error::{Error, OpenError};
use crate::location::{Server, Url};
use crate::row::{Rows, Statement, Value};
use crate::store::schema::{FIRST_ROW, MIGRATIONS, OPENED, new_identity};
use crate::store::{OpenedStore, StoreOptions};
use crate::time::Time;
use crate::warning::Warning;

/// The oldest supported version of the server.
const OLDEST: [u32; 2] = [0, 24];

/// The first version of the server that syncs its replication log
/// (<https://github.com/tursodatabase/libsql/pull/2200>).
const SYNCS_ITS_LOG: [u32; 3] = [0, 24, 33];

/// How long a server may take for its first answer.
const FIRST_ANSWER_TIMEOUT: Duration = Duration::from_secs(3);

/// Inspects a database. SQLite's own tables and the server's do not count. (A token that only reads may run no PRAGMA, but
/// select from one.)
const INSPECT: &str = "SELECT count(*), count(*) FILTER (WHERE name = 'store'),
    (SELECT user_version FROM pragma_user_version), sqlite_version() FROM sqlite_schema
    WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\'";

/// What an inspection finds.
struct Found {
    content: Content,
    /// The version of SQLite.
    sqlite: Arc<str>,
    /// Whether the server tells by an index that others have written.
    is_indexed: bool,
    /// The answer to [`OPENED`], which fails in a schema of an earlier version.
    opened: Result<Rows, Failure>,
}

#[derive(Clone, Copy)]
enum Content {
    Empty,
    Store { version: usize },
    Foreign,
}

/// Creates a store in an empty database.
pub(crate) fn create(
    server: &Server,
    currency: Currency,
    options: &StoreOptions,
) -> Result<OpenedStore, Error> {
    let (opening, found) = Opening::begin(server, options)?;
    match found.content {
        Content::Empty => {}
        Content::Store { .. } => return Err(OpenError::Exists(path(&server.url)).into()),
        Content::Foreign => return Err(foreign(&server.url)),
    }
    let row = [new_identity().into(), currency.code().into()];
    if !opening.migrate(0, Some(&row))? {
        return Err(OpenError::Exists(path(&server.url)).into());
    }
    let found = opening.inspect(opening.deadline)?;
    opening.finish(server, options, found)
}

/// Opens a store, and migrates it to the current schema. Nothing is written otherwise, so a token that only reads is
/// enough.
pub(crate) fn open(server: &Server, options: &StoreOptions) -> Result<OpenedStore, Error> {
    let (opening, mut found) = Opening::begin(server, options)?;
    match found.content {
        Content::Empty => return Err(OpenError::Missing(path(&server.url)).into()),
        Content::Foreign => return Err(foreign(&server.url)),
        Content::Store { version } if version > MIGRATIONS.len() => {
            let (found, known) = (version as i64, MIGRATIONS.len() as i64);
            return Err(OpenError::Newer { path: path(&server.url), found, known }.into());
        }
        Content::Store { version } if version < MIGRATIONS.len() => {
            // Another instance may have done it meanwhile.
            opening.migrate(version, None)?;
            found = opening.inspect(opening.deadline)?;
        }
        Content::Store { .. } => {}
    }
    opening.finish(server, options, found)
}

struct Opening {
    client: Arc<Client>,
    newest: Arc<Newest>,
    state: Arc<ServerState>,
    /// The version of the server, if it says that it is sqld.
    version: Option<String>,
    deadline: Instant,
}

impl Opening {
    /// Checks that the server answers and is new enough, and inspects the database.
    fn begin(server: &Server, options: &StoreOptions) -> Result<(Self, Found), Error> {
        let newest = Arc::new(Newest::default());
        let client = Arc::new(Client::new(server, None, &newest));
        let (begun, patience) = (Instant::now(), FIRST_ANSWER_TIMEOUT.min(options.busy));
        let version = client.version(patience).map_err(|failure| failure.into_open_error(&client.url))?;
        if let Some(found) = version.as_ref().filter(|found| is_before(found, &OLDEST)) {
            let (url, found) = (client.url.to_string(), found.clone());
            let needed = format!("{}.{}", OLDEST[0], OLDEST[1]);
            return Err(OpenError::OldServer { url, found, needed }.into());
        }
        let state = Arc::new(state(options));
        let opening = Self { client, newest, state, version, deadline: begun + options.busy };
        // What does not say that it is sqld is sqld behind a proxy, or another server. Its next answer shows which, and
        // another server may never give it.
        let is_sqld = opening.version.is_some();
        let found = opening.inspect(if is_sqld { opening.deadline } else { begun + patience })?;
        Ok((opening, found))
    }

    fn inspect(&self, deadline: Instant) -> Result<Found, Error> {
        self.retry_until(deadline, |timeout| {
            let steps = Steps::from(INSPECT).and_always(STATE).and_always(OPENED);
            let sent = self.state.sent();
            let results = self.client.once(steps, timeout)?;
            let is_indexed = results.replication_index().is_some();
            let mut steps = results.into_steps();
            let (inspected, told, opened) = (steps.next_rows()?, steps.next_rows()?, steps.next_rows());
            if let Err(failure) = &opened
                && failure.is_transient()
            {
                return Err(failure.clone());
            }
            self.state.read(&told, sent)?;
            let row = inspected.first().unwrap_or_default();
            let int = |column: usize| row.get(column).map_or(0, Value::int);
            let content = match (int(2), int(0), int(1)) {
                (0, 0, _) => Content::Empty,
                (1.., _, 1) => Content::Store { version: usize::try_from(int(2)).unwrap_or_default() },
                _ => Content::Foreign,
            };
            let sqlite = row.get(3).map(Value::text).unwrap_or_default().as_ref().into();
            Ok(Found { content, sqlite, is_indexed, opened })
        })
    }

    /// The store, unless the server cannot keep what a store promises.
    fn finish(self, server: &Server, options: &StoreOptions, found: Found) -> Result<OpenedStore, Error> {
        let url = self.client.url.to_string();
        if !found.is_indexed {
            return Err(OpenError::NoReplicationIndex { url }.into());
        }
        let rows = found.opened.map_err(|failure| failure.into_open_error(&self.client.url))?;
        let row = rows.first().unwrap_or_default();
        let code = row.first().map(Value::text).unwrap_or_default();
        let currency = code.parse::<Currency>().map_err(|_| {
            let reason = format!("its currency is {code:?}").into();
            OpenError::Foreign { path: path(&self.client.url), reason }
        })?;
        let int = |column: usize| row.get(column).map_or(0, Value::int);
        let (unindexed, newest) = (int(1) != 0, Time::from_millis(int(2)));
        let mut warnings = Vec::new();
        if let Some(version) = self.version.filter(|version| is_before(version, &SYNCS_ITS_LOG)) {
            warnings.push(Warning::UnsyncedReplicationLog { url: url.clone(), version });
        }
        if has_wal_reset_bug(&found.sqlite) {
            warnings.push(Warning::WalReset { url, sqlite: found.sqlite.as_ref().into() });
        }
        let replica = server.read_url.as_ref().map(|url| Client::new(server, Some(url), &self.newest));
        let reading = self.client.beside();
        Ok(OpenedStore {
            writer: Box::new(ServerWriter::new(self.client, self.state.clone(), options)),
            reader: Box::new(ServerReader(Sources::new(
                reading,
                replica,
                Some(&self.state),
                options.busy,
                options.readers,
            ))),
            currency,
            unindexed,
            server: Some(self.state),
            newest,
            warnings,
        })
    }

    /// Migrates the schema in one transaction, unless another instance was faster. A new store gets its first row.
    /// Returns whether this instance did it.
    fn migrate(&self, done: usize, first_row: Option<&[Value]>) -> Result<bool, Error> {
        let version = format!("PRAGMA user_version = {}", MIGRATIONS.len());
        self.retry_until(self.deadline, |timeout| {
            let mut stream = Stream::new(self.client.clone());
            let mut migrate = || {
                let asked = [Statement::new("PRAGMA user_version", [])];
                let (rows, _) = self.state.begin(&mut stream, &asked, timeout)?;
                let now = rows.first().and_then(Rows::first).map_or(0, |row| row[0].int());
                if usize::try_from(now) != Ok(done) {
                    return Ok(false);
                }
                for migration in &MIGRATIONS[done..] {
                    stream.sequence(migration, timeout)?;
                }
                let mut steps = Steps::in_transaction();
                steps.then(&version, &[]);
                if let Some(row) = first_row {
                    steps.then(FIRST_ROW, row);
                }
                let commit = steps.commit();
                stream.batch(steps, timeout)?.committed(commit).map(|()| true)
            };
            let migrated = migrate();
            stream.close(timeout);
            migrated.map_err(|failure| match failure {
                Failure::Denied(reason) if done > 0 => {
                    let known = MIGRATIONS.len();
                    Failure::Denied(reason.after(format_args!("schema {done} must be migrated to {known}")))
                }
                other => other,
            })
        })
    }

    fn retry_until<T>(
        &self,
        deadline: Instant,
        attempt: impl FnMut(Duration) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        retry_until(deadline, attempt).map_err(|failure| failure.into_open_error(&self.client.url))
    }
}

/// The state of a server that has told nothing yet.
pub(super) fn state(options: &StoreOptions) -> ServerState {
    ServerState::new(options.clock.clone(), options.own_time, options.allow_unsynced)
}

fn is_before(version: &str, other: &[u32]) -> bool {
    numbers(version).is_some_and(|version| version[..] < *other)
}

/// The numbers of a version, such as those of 0.24.32. None if it has other parts.
fn numbers(version: &str) -> Option<Vec<u32>> {
    // What follows is that of a build or a pre-release.
    let version = version.split(['-', '+']).next().unwrap_or_default();
    version.split('.').map(|number| number.parse().ok()).collect()
}

/// Whether a version of SQLite can damage a database when a checkpoint and a write meet
/// (<https://sqlite.org/wal.html#walresetbug>).
fn has_wal_reset_bug(sqlite: &str) -> bool {
    match numbers(sqlite).as_deref() {
        Some([3, 44, patch, ..]) => *patch < 6,
        Some([3, 50, patch, ..]) => *patch < 7,
        Some([3, 51, patch, ..]) => *patch < 3,
        Some([3, minor, ..]) => *minor < 51,
        _ => false,
    }
}

fn foreign(url: &Url) -> Error {
    let reason = "there are another program's tables in the database".into();
    OpenError::Foreign { path: path(url), reason }.into()
}

fn path(url: &Url) -> std::path::PathBuf {
    url.to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, found) in [
            ("0.24.32", Some(vec![0, 24, 32])),
            ("0.24.1-pre.42", Some(vec![0, 24, 1])),
            ("3.52.0", Some(vec![3, 52, 0])),
            ("new", None),
            ("", None),
        ] {
            assert_eq!(numbers(version), found, "{version}");
        }
        assert!(is_before("0.24.9", &SYNCS_ITS_LOG) && is_before("0.23.99", &OLDEST));
        assert!(!is_before("0.24.33", &SYNCS_ITS_LOG) && !is_before("0.24.0", &OLDEST));
        assert!(!is_before("new", &OLDEST));
    }

    #[test]
    fn the_bug_of_sqlite_is_known_by_its_versions() {
        let with = ["3.7.0", "3.44.5", "3.45.1", "3.46.1", "3.50.6", "3.51.2"];
        let without = ["3.44.6", "3.50.7", "3.51.3", "3.52.0", "3.53.1", "4.0.0", ""];
        assert!(with.into_iter().all(has_wal_reset_bug) && !without.into_iter().any(has_wal_reset_bug));
    }
}
