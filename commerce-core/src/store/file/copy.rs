//! Maintenance of a store while it is in use: backup and restore through SQLite's online backup, and repair.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, backup::Backup};

use super::durable::{beside, sync_name};
use super::open::{Found, connect, inspect, make_file, migrate};
use super::{commit_error, statement_error};
use crate::currency::Currency;
use crate::error::{Cause, Error, OpenError};
use crate::store::schema::{MIGRATIONS, NEW_IDENTITY, new_identity};
use crate::store::{Restore, StoreOptions};

/// Copies the store to a new file. Other processes keep reading and writing.
pub(crate) fn backup(store: &Path, to: &Path, busy: Duration) -> Result<(), Error> {
    make(to, |copy| copy_pages(&connect(store, busy)?, copy).map_err(statement_error))
}

/// Creates a file atomically from what `fill` writes. After that, the content and the name survive a power cut.
pub(crate) fn make(to: &Path, fill: impl FnOnce(&mut Connection) -> Result<(), Error>) -> Result<(), Error> {
    if to.exists() {
        return Err(OpenError::Exists(to.into()).into());
    }
    let part = &beside(to, &format!(".part-{}", std::process::id()));
    let outcome = (|| {
        make_file(part)?;
        let mut copy = Connection::open(part).map_err(statement_error)?;
        fill(&mut copy)?;
        // A single file, without a log.
        copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(statement_error)?;
        copy.close().map_err(|(_, e)| statement_error(e))?;
        let unwritten = |e: std::io::Error| {
            Error::Unavailable(Cause::new(format!("{} cannot be written: {e}", to.display()), e))
        };
        std::fs::File::open(part).and_then(|file| file.sync_all()).map_err(unwritten)?;
        // A link, unlike a rename, never replaces a file that was created meanwhile.
        std::fs::hard_link(part, to).map_err(unwritten)?;
        sync_name(to).map_err(unwritten)
    })();
    // If nothing was copied, there is nothing to remove.
    let _ = std::fs::remove_file(part);
    outcome
}

/// Replaces the content of the store with a backup in one transaction, after a copy of the store was made. The new
/// content is migrated to the current schema first, and gets a new identifier, since later events reuse numbers.
pub(crate) fn restore(store: &Path, restore: &Restore<'_>, busy: Duration) -> Result<(), Error> {
    let from = open_backup(restore)?;
    backup(store, restore.keep, busy)?;
    let part = &beside(store, &format!(".restore-{}", std::process::id()));
    let outcome = (|| {
        make_file(part)?;
        let mut copy = Connection::open(part).map_err(statement_error)?;
        copy_pages(&from, &mut copy).map_err(statement_error)?;
        copy.pragma_update_and_check(None, "journal_mode", "delete", |_| Ok(())).map_err(statement_error)?;
        migrate(&mut copy).map_err(statement_error)?;
        copy.execute(NEW_IDENTITY, [new_identity()]).map_err(statement_error)?;
        copy_pages(&copy, &mut connect(store, busy)?).map_err(commit_error)
    })();
    // If nothing was copied, there is nothing to remove.
    let _ = std::fs::remove_file(part);
    outcome
}

/// Opens a backup after checking that it is intact and may replace the store.
pub(crate) fn open_backup(restore: &Restore<'_>) -> Result<Connection, Error> {
    let &Restore { from: path, store, other_currency, .. } = restore;
    let from = open_intact(path)?;
    let code: String =
        from.query_row("SELECT currency FROM store", [], |row| row.get(0)).map_err(statement_error)?;
    let reason = format!("its currency is {code:?}").into();
    let backup = code.parse::<Currency>().map_err(|_| OpenError::Foreign { path: path.into(), reason })?;
    if backup != store && !other_currency {
        return Err(OpenError::Currency { path: path.into(), backup, store }.into());
    }
    Ok(from)
}

fn open_intact(from: &Path) -> Result<Connection, Error> {
    let found = inspect(from).map_err(|error| match error {
        OpenError::Missing(path) => OpenError::NoBackup(path),
        other => other,
    })?;
    match found {
        Found::Store { version } if version > MIGRATIONS.len() as i64 => {
            let known = MIGRATIONS.len() as i64;
            return Err(OpenError::Newer { path: from.into(), found: version, known }.into());
        }
        Found::Store { .. } => {}
        Found::Empty => {
            let reason = "it is empty".into();
            return Err(OpenError::Foreign { path: from.into(), reason }.into());
        }
    }
    let from = Connection::open(from).map_err(statement_error)?;
    let integrity: String =
        from.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0)).map_err(statement_error)?;
    if integrity != "ok" {
        return Err(Error::Store(format!("the backup is damaged: {integrity}").into()));
    }
    Ok(from)
}

fn copy_pages(from: &Connection, to: &mut Connection) -> rusqlite::Result<()> {
    // All pages in one step, so that the copy is of one moment.
    Backup::new(from, to)?.run_to_completion(i32::MAX, Duration::from_millis(10), None)
}

/// Runs statements that rebuild derived figures, in one transaction.
pub(crate) fn repair(store: &Path, options: &StoreOptions, statements: &[&str]) -> Result<(), Error> {
    let mut connection = connect(store, options.busy)?;
    let transaction = connection
        .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)
        .map_err(statement_error)?;
    for sql in statements {
        let mut statement = transaction.prepare(sql).map_err(statement_error)?;
        let changed = statement.execute([]).map_err(statement_error)?;
        options.costs.record(sql, &statement, changed);
    }
    transaction.commit().map_err(commit_error)
}
