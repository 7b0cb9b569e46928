//! The file store: one SQLite file in WAL mode, shared by many processes.

pub(crate) mod copy;
mod durable;
mod open;
mod read;
mod turn;
mod watch;
mod write;

pub(crate) use copy::{backup, repair, restore};
pub(crate) use open::{create, open};

use rusqlite::{Connection, ErrorCode, types};

use crate::cost::Costs;
use crate::error::{Cause, Error};
use crate::row::{Rows, Statement, Value};

/// Runs a statement that reads.
fn rows(connection: &Connection, statement: &Statement, costs: &Costs) -> Result<Rows, Error> {
    let mut prepared = connection.prepare_cached(&statement.sql).map_err(statement_error)?;
    let width = prepared.column_count();
    let mut values = Vec::new();
    let mut found = prepared.query(rusqlite::params_from_iter(&statement.values)).map_err(statement_error)?;
    while let Some(row) = found.next().map_err(statement_error)? {
        for column in 0..width {
            values.push(value(row.get_ref(column).map_err(statement_error)?)?);
        }
    }
    drop(found);
    let rows = Rows { values, width };
    costs.record(&statement.sql, &prepared, rows.len());
    Ok(rows)
}

/// The values of one row.
pub(crate) fn row(row: &rusqlite::Row<'_>, width: usize) -> Result<Vec<Value>, Error> {
    (0..width).map(|column| value(row.get_ref(column).map_err(statement_error)?)).collect()
}

fn value(value: types::ValueRef<'_>) -> Result<Value, Error> {
    match value {
        types::ValueRef::Null => Ok(Value::Null),
        types::ValueRef::Integer(value) => Ok(Value::Integer(value)),
        types::ValueRef::Text(text) => {
            let text = std::str::from_utf8(text).map_err(|e| Error::Store(Cause::of(e)))?;
            Ok(text.into())
        }
        other => {
            Err(Error::Store(format!("a value of type {} where there can be none", other.data_type()).into()))
        }
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<types::ToSqlOutput<'_>> {
        Ok(types::ToSqlOutput::Borrowed(match self {
            Self::Null => types::ValueRef::Null,
            Self::Integer(value) => types::ValueRef::Integer(*value),
            Self::Text(text) => types::ValueRef::Text(text.as_bytes()),
        }))
    }
}

/// The error of a failed commit. When the log could not be synced, the outcome is unknown.
fn commit_error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::SystemIoFailure) => Error::Unknown(Cause::of(error)),
        _ => statement_error(error),
    }
}

/// The error of a statement that failed before the commit.
pub(crate) fn statement_error(error: rusqlite::Error) -> Error {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::Busy("another program kept the database locked".into())
        }
        Some(ErrorCode::DiskFull) => {
            Error::Unavailable(Cause::new("the disk is full; free some room and try again", error))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            Error::Unavailable(Cause::of(error))
        }
        // SQLite also reports a failed read of the disk (EIO) as damage, so the two cannot be distinguished.
        Some(ErrorCode::DatabaseCorrupt) => {
            let sentence = format!("a part of its file cannot be read, or is damaged ({error})");
            Error::Unavailable(Cause::new(sentence, error))
        }
        _ => Error::Store(Cause::of(error)),
    }
}
