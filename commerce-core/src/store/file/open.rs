//! Creates, opens and migrates the file, with clear errors when it cannot be used.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags, TransactionBehavior};

use super::durable::{beside, folder, make_private, sync_log};
use super::read::FileReader;
use super::turn::Turn;
use super::watch::Watch;
use super::write::FileWriter;
use crate::currency::Currency;
use crate::error::{Cause, Error, OpenError};
use crate::store::schema::{APPLICATION, FIRST_ROW, MIGRATIONS, OPENED, new_identity};
use crate::store::{OpenedStore, StoreOptions};
use crate::time::Time;

/// How long an inspection of a file waits for other processes.
const BUSY: Duration = Duration::from_secs(5);

/// Creates a store in a new or empty file.
pub(crate) fn create(path: &Path, currency: Currency, options: &StoreOptions) -> Result<OpenedStore, Error> {
    refuse_network_file_system(path)?;
    refuse_orphaned_log(path)?;
    match inspect(path) {
        Err(OpenError::Missing(_)) => make_file(path)?,
        Ok(Found::Empty) => {}
        Ok(Found::Store { .. }) => return Err(exists(path)?.into()),
        Err(other) => return Err(other.into()),
    }
    let mut connection = connect(path, options.busy)?;
    let created = init(&mut connection, currency).map_err(|e| open_error(path, e))?;
    if !created {
        return Err(exists(path)?.into());
    }
    drop(connection);
    open(path, options)
}

/// Opens a store, and migrates it to the current schema.
pub(crate) fn open(path: &Path, options: &StoreOptions) -> Result<OpenedStore, Error> {
    let path = path.canonicalize().map_err(|e| missing_or_failed(path, e))?;
    refuse_network_file_system(&path)?;
    match inspect(&path)? {
        Found::Store { version } if version > MIGRATIONS.len() as i64 => {
            let known = MIGRATIONS.len() as i64;
            return Err(OpenError::Newer { path, found: version, known }.into());
        }
        Found::Store { .. } => {}
        Found::Empty => {
            let reason = "it is empty; make a store in it with init".into();
            return Err(OpenError::Foreign { path, reason }.into());
        }
    }
    let before = Watch::before(&path).map_err(|e| failed(&path, e))?;
    let mut connection = connect(&path, options.busy)?;
    migrate(&mut connection).map_err(|e| open_error(&path, e))?;
    let (code, unindexed, newest): (String, bool, i64) = connection
        .query_row(OPENED, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .map_err(|e| open_error(&path, e))?;
    let currency = code.parse::<Currency>().map_err(|_| OpenError::Foreign {
        path: path.clone(),
        reason: format!("its currency is {code:?}").into(),
    })?;
    let turn = Turn::open(&path).map_err(|e| unwritable(&path, Cause::of(e)))?;
    let watch = Arc::new(Watch::open(&path, before).map_err(|e| failed(&path, e))?);
    let reader = FileReader::open(&path, options, watch.clone())?;
    let writer = Box::new(FileWriter::new(connection, turn, watch, options.costs.clone())?);
    // After every connection that can have recovered a log, and before any answer.
    sync_log_of(&path)?;
    let newest = Time::from_millis(newest);
    Ok(OpenedStore {
        writer,
        reader: Box::new(reader),
        currency,
        unindexed,
        newest,
        server: None,
        warnings: Vec::new(),
    })
}

/// Refuses to create a store beside the log of another one. Its file was removed or emptied, perhaps under a process
/// that still writes to it, and SQLite would delete the log or apply it to the new store.
fn refuse_orphaned_log(path: &Path) -> Result<(), OpenError> {
    let length = |path: &Path| path.metadata().map_or(0, |found| found.len());
    let log = beside(path, "-wal");
    match (length(path), length(&log)) {
        (0, 1..) => Err(OpenError::Log { path: path.into(), log }),
        _ => Ok(()),
    }
}

/// The error that a store exists, after making sure that it survives a power cut.
fn exists(path: &Path) -> Result<OpenError, OpenError> {
    sync_log_of(path)?;
    Ok(OpenError::Exists(path.into()))
}

fn sync_log_of(path: &Path) -> Result<(), OpenError> {
    sync_log(path).map_err(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => unwritable(path, Cause::of(error)),
        _ => failed(path, error),
    })
}

/// Creates an empty file that only its owner can read. SQLite creates it, since closing a descriptor of our own would
/// drop SQLite's locks.
pub(super) fn make_file(path: &Path) -> Result<(), OpenError> {
    let connection = Connection::open(path).map_err(|e| open_error(path, e))?;
    let private = make_private(path).map_err(|e| failed(path, e));
    drop(connection);
    private
}

/// The content of a file.
pub(super) enum Found {
    Empty,
    Store { version: i64 },
}

/// Inspects a file through SQLite without changing it. (Closing a descriptor of our own would drop SQLite's locks.)
pub(super) fn inspect(path: &Path) -> Result<Found, OpenError> {
    let found = path.metadata().map_err(|e| missing_or_failed(path, e))?;
    if !found.is_file() {
        return Err(OpenError::Foreign { path: path.into(), reason: "it is not a regular file".into() });
    }
    if found.permissions().readonly() {
        return Err(unwritable(path, "it is read-only"));
    }
    // SQLite treats the log of an empty file as stale, and deletes it.
    if found.len() == 0 {
        return Ok(Found::Empty);
    }
    let inspect = || -> rusqlite::Result<(i64, i64, i64)> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        // One transaction: another process can be creating a store there.
        let transaction = connection.unchecked_transaction()?;
        let int = |sql: &str| transaction.query_row(sql, [], |row| row.get(0));
        Ok((
            int("PRAGMA application_id")?,
            int("PRAGMA user_version")?,
            int("SELECT count(*) FROM sqlite_schema")?,
        ))
    };
    match retry_while_busy(BUSY, inspect).map_err(|e| open_error(path, e))? {
        (APPLICATION, version, _) => Ok(Found::Store { version }),
        (0, 0, 0) => Ok(Found::Empty),
        _ => Err(OpenError::Foreign {
            path: path.into(),
            reason: "it is another program's SQLite database".into(),
        }),
    }
}

/// Opens a connection with the settings of the file store.
pub(super) fn connect(path: &Path, busy: Duration) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connect = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, flags)?;
        // SQLite falls back to read-only silently.
        if connection.is_readonly(MAIN_DB)? {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_READONLY);
            return Err(rusqlite::Error::SqliteFailure(code, None));
        }
        connection.busy_timeout(busy)?;
        connection.set_prepared_statement_cache_capacity(128);
        connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "cache_size", -32_768)?;
        Ok(connection)
    };
    retry_while_busy(busy, connect).map_err(|e| open_error(path, e))
}

/// Retries while another process holds a lock. Some changes, such as the one to a write-ahead log, fail at once in
/// SQLite, without the busy time-out (<https://www.sqlite.org/c3ref/busy_handler.html>).
fn retry_while_busy<T>(busy: Duration, work: impl Fn() -> rusqlite::Result<T>) -> rusqlite::Result<T> {
    let until = Instant::now() + busy;
    loop {
        let result = work();
        let code = result.as_ref().err().and_then(rusqlite::Error::sqlite_error_code);
        let is_busy = matches!(code, Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        if !is_busy || Instant::now() >= until {
            return result;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Creates the schema, unless another process was faster. Returns whether this process did it.
fn init(connection: &mut Connection, currency: Currency) -> rusqlite::Result<bool> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let tables: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables > 0 {
        return Ok(false);
    }
    apply(&transaction, 0)?;
    transaction.execute(FIRST_ROW, (new_identity(), currency.code()))?;
    transaction.commit()?;
    Ok(true)
}

/// Migrates the schema, once, however many processes open the file together.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version = |connection: &Connection| -> rusqlite::Result<usize> {
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok(usize::try_from(version).unwrap_or_default())
    };
    if version(connection)? >= MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = version(&transaction)?;
    apply(&transaction, done)?;
    transaction.commit()
}

fn apply(connection: &Connection, done: usize) -> rusqlite::Result<()> {
    for migration in MIGRATIONS.iter().skip(done) {
        connection.execute_batch(migration)?;
    }
    connection.pragma_update(None, "application_id", APPLICATION)?;
    connection.pragma_update(None, "user_version", MIGRATIONS.len() as i64)
}

/// Translates the error of SQLite when it cannot open a file.
fn open_error(path: &Path, error: rusqlite::Error) -> OpenError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            let reason = Cause::new("it is not a SQLite database", error);
            OpenError::Foreign { path: path.into(), reason }
        }
        Some(
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied,
        ) => unwritable(path, Cause::of(error)),
        Some(ErrorCode::CannotOpen) if folder(path).is_dir() => unwritable(path, Cause::of(error)),
        _ => failed(path, error),
    }
}

fn missing_or_failed(path: &Path, error: io::Error) -> OpenError {
    match error.kind() {
        ErrorKind::NotFound => OpenError::Missing(path.into()),
        _ => failed(path, error),
    }
}

fn unwritable(path: &Path, reason: impl Into<Cause>) -> OpenError {
    OpenError::ReadOnly { path: path.into(), reason: reason.into() }
}

fn failed(path: &Path, error: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Failed { path: path.into(), reason: Cause::of(error) }
}

/// Refuses network file systems, where SQLite's locks and shared memory do not hold
/// (<https://www.sqlite.org/wal.html>). Known on Linux only.
fn refuse_network_file_system(path: &Path) -> Result<(), OpenError> {
    const REMOTE: [&str; 9] = ["nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "ncpfs", "fuse.sshfs"];
    let Ok(mounts) = std::fs::read_to_string("/proc/self/mountinfo") else { return Ok(()) };
    let Ok(folder) = folder(path).canonicalize() else { return Ok(()) };
    let mount = mounts.lines().filter_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let point = left.split(' ').nth(4)?.replace("\\040", " ");
        folder.starts_with(&point).then_some((point.len(), right.split(' ').next()?))
    });
    match mount.max_by_key(|&(length, _)| length) {
        Some((_, kind)) if REMOTE.contains(&kind) => {
            Err(OpenError::Network { path: path.into(), kind: kind.into() })
        }
        _ => Ok(()),
    }
}
