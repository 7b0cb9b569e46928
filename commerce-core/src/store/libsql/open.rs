//! Creates, opens and migrates a store on a server, with clear errors when it cannot be used.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use super::client::{Client, Stream, retry_until};
use super::failure::Failure;
use super::hrana::Steps;
use super::read::ServerReader;
use super::state::{STATE, ServerState};
use super::write::ServerWriter;
use crate::currency::Currency;
use crate::error::{Error, OpenError};
use crate::location::{Server, Url};
use crate::row::{Rows, Statement, Value};
use crate::store::schema::{FIRST_ROW, MIGRATIONS, OPENED, new_identity};
use crate::store::{OpenedStore, StoreOptions};
use crate::time::Time;

/// The oldest supported version of the server.
const OLDEST: (u32, u32) = (0, 24);

/// Inspects a database. SQLite's own tables and the server's do not count.
const INSPECT: [&str; 3] = [
    "PRAGMA user_version",
    "SELECT count(*), count(*) FILTER (WHERE name = 'store') FROM sqlite_schema
     WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\'",
    STATE,
];

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
    let opening = Opening::new(server, options)?;
    match opening.inspect()? {
        Content::Empty => {}
        Content::Store { .. } => return Err(OpenError::Exists(path(&server.url)).into()),
        Content::Foreign => return Err(foreign(&server.url)),
    }
    let row = [new_identity().into(), currency.code().into()];
    if !opening.migrate(&Content::Empty, Some(&row))? {
        return Err(OpenError::Exists(path(&server.url)).into());
    }
    open(server, options)
}

/// Opens a store, and migrates it to the current schema.
pub(crate) fn open(server: &Server, options: &StoreOptions) -> Result<OpenedStore, Error> {
    let opening = Opening::new(server, options)?;
    let what = opening.inspect()?;
    match what {
        Content::Empty => return Err(OpenError::Missing(path(&server.url)).into()),
        Content::Foreign => return Err(foreign(&server.url)),
        Content::Store { version } if version > MIGRATIONS.len() => {
            let (found, known) = (version as i64, MIGRATIONS.len() as i64);
            return Err(OpenError::Newer { path: path(&server.url), found, known }.into());
        }
        Content::Store { version } if version < MIGRATIONS.len() => {
            // Another instance may have done it meanwhile.
            opening.migrate(&what, None)?;
        }
        Content::Store { .. } => {}
    }
    let (currency, unindexed, newest) = opening.check_writable()?;
    let replica = server.read_url.as_ref().map(|url| Client::new(server, Some(url), &opening.newest));
    let reading = Client::new(server, None, &opening.newest);
    Ok(OpenedStore {
        writer: Box::new(ServerWriter::new(opening.client, opening.state.clone(), options)),
        reader: Box::new(ServerReader::new(
            reading,
            replica,
            Some(&opening.state),
            options.busy,
            options.readers,
        )),
        currency,
        unindexed,
        server: Some(opening.state),
        newest,
        warnings: Vec::new(),
    })
}

struct Opening {
    client: Arc<Client>,
    newest: Arc<AtomicU64>,
    state: Arc<ServerState>,
    deadline: Instant,
}

impl Opening {
    /// Checks that the server answers and is new enough.
    fn new(server: &Server, options: &StoreOptions) -> Result<Self, Error> {
        let newest = Arc::new(AtomicU64::new(0));
        let client = Arc::new(Client::new(server, None, &newest));
        let version = client.version(options.busy).map_err(|failure| failure.into_open_error(&client.url))?;
        // A server without a version, such as one behind a proxy, is checked by the protocol.
        if let Some(found) = version
            && numbers(&found).is_some_and(|found| found < OLDEST)
        {
            let needed = format!("{}.{}", OLDEST.0, OLDEST.1);
            return Err(OpenError::OldServer { url: client.url.to_string(), found, needed }.into());
        }
        let state = Arc::new(state(options));
        let deadline = Instant::now() + options.busy;
        Ok(Self { client, newest, state, deadline })
    }

    fn inspect(&self) -> Result<Content, Error> {
        let rows = self.retry_until(|timeout| {
            let mut steps = Steps::from(INSPECT[0]);
            INSPECT[1..].iter().for_each(|sql| steps.then(sql, &[]));
            let sent = self.state.sent();
            let mut rows = self.client.once(steps, timeout)?.all_rows(0)?;
            self.state.read(&rows.pop().unwrap_or_default(), sent)?;
            Ok(rows)
        })?;
        let int = |statement: usize, column: usize| {
            rows.get(statement).and_then(Rows::first).map_or(0, |row| row[column].int())
        };
        Ok(match (int(0, 0), int(1, 0), int(1, 1)) {
            (0, 0, _) => Content::Empty,
            (1.., _, 1) => Content::Store { version: usize::try_from(int(0, 0)).unwrap_or_default() },
            _ => Content::Foreign,
        })
    }

    /// Migrates the schema in one transaction, unless another instance was faster. A new store gets its first row.
    /// Returns whether this instance did it.
    fn migrate(&self, found: &Content, first_row: Option<&[Value]>) -> Result<bool, Error> {
        let done = match found {
            Content::Store { version } => *version,
            Content::Empty | Content::Foreign => 0,
        };
        let version = format!("PRAGMA user_version = {}", MIGRATIONS.len());
        self.retry_until(|timeout| {
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
            migrated
        })
    }

    /// Reads the currency, whether products are not indexed, and the newest stored time, and tries a write that is rolled back: a server can
    /// answer reads but refuse writes.
    fn check_writable(&self) -> Result<(Currency, bool, Time), Error> {
        let rows = self.retry_until(|timeout| {
            let mut steps = Steps::from("BEGIN IMMEDIATE");
            steps.then(OPENED, &[]);
            steps.then("UPDATE store SET last_at = last_at", &[]);
            steps.roll_back();
            self.client.once(steps, timeout)?.all_rows(1)
        })?;
        let row = rows.first().and_then(Rows::first);
        let code = row.map(|row| row[0].text()).unwrap_or_default();
        let currency = code.parse::<Currency>().map_err(|_| {
            let reason = format!("its currency is {code:?}").into();
            OpenError::Foreign { path: path(&self.client.url), reason }
        })?;
        let newest = Time::from_millis(row.map_or(0, |row| row[2].int()));
        Ok((currency, row.is_some_and(|row| row[1].int() != 0), newest))
    }

    fn retry_until<T>(&self, attempt: impl FnMut(Duration) -> Result<T, Failure>) -> Result<T, Error> {
        retry_until(self.deadline, attempt).map_err(|failure| failure.into_open_error(&self.client.url))
    }
}

/// The state of a server that has told nothing yet.
pub(super) fn state(options: &StoreOptions) -> ServerState {
    ServerState::new(options.clock.clone(), options.own_time, options.allow_unsynced)
}

/// The major and minor number of a version.
fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

fn foreign(url: &Url) -> Error {
    let reason = "there are another program's tables in the database".into();
    OpenError::Foreign { path: path(url), reason }.into()
}

fn path(url: &Url) -> std::path::PathBuf {
    url.to_string().into()
}
