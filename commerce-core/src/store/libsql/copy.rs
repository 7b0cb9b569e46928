//! Maintenance of a store on a server: backup to a file, restore from one, and repair. A backup is a store in a file,
//! so it can be opened and verified as one.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::client::Client;
use super::open::state;
use super::program::Program;
use super::read::ServerReader;
use super::save::Part;
use super::source::Sources;
use crate::error::Error;
use crate::location::Server;
use crate::row::{Statement, Value};
use crate::store::schema::{APPLICATION, EMPTY_GRAMS, MIGRATIONS, NEW_IDENTITY};
use crate::store::{Reader, Restore, Snapshot, StoreOptions, file};

/// The number of rows to read at once.
const PAGE: usize = 4_096;

// The index of products is rebuilt when the copy is opened.
const TABLES: &str =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    AND name NOT LIKE 'libsql\\_%' ESCAPE '\\' AND name NOT LIKE 'product\\_grams%' ESCAPE '\\'
    AND name NOT LIKE 'upkeep\\_%' ESCAPE '\\' ORDER BY rowid";

/// Copies the store, as of one moment, to a new file.
pub(crate) fn backup(server: &Server, to: &Path, busy: Duration) -> Result<(), Error> {
    let client = Client::new(server, None, &Arc::default());
    let reader = ServerReader(Sources::new(client, None, None, busy, 1));
    let mut snapshot = reader.snapshot()?;
    file::copy::make(to, |copy| {
        let version = snapshot.rows(&Statement::new("SELECT user_version FROM pragma_user_version", []))?;
        let version = version.first().map_or(0, |row| row[0].int());
        let schema =
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'libsql\\_%' ESCAPE '\\'
            AND name NOT LIKE 'product\\_grams\\_%' ESCAPE '\\' AND name NOT LIKE 'upkeep\\_%' ESCAPE '\\'
            ORDER BY rowid";
        let schema = snapshot.rows(&Statement::new(schema, []))?;
        let transaction = copy.transaction().map_err(file::statement_error)?;
        for row in schema.iter() {
            transaction.execute_batch(&row[0].text()).map_err(file::statement_error)?;
        }
        let tables = snapshot.rows(&Statement::new(TABLES, []))?;
        for row in tables.iter() {
            copy_table(snapshot.as_mut(), &transaction, &row[0].text())?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION).map_err(file::statement_error)?;
        transaction.pragma_update(None, "user_version", version).map_err(file::statement_error)?;
        transaction.commit().map_err(file::statement_error)
    })
}

/// Replaces the content of the store with that of a file, in one statement once all of it is on the server. The file needs
/// the same schema. This also moves a store from a file to a server.
pub(crate) fn restore(server: &Server, restore: &Restore<'_>, options: &StoreOptions) -> Result<(), Error> {
    let from = file::copy::open_backup(restore)?;
    let version: i64 =
        from.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(file::statement_error)?;
    if usize::try_from(version) != Ok(MIGRATIONS.len()) {
        let known = MIGRATIONS.len();
        let message =
            format!("the copy has schema {version} where {known} is needed; open it once with this program");
        return Err(Error::Store(message.into()));
    }
    let (busy, state) = (options.busy, state(options));
    let client = Arc::new(Client::new(server, None, &Arc::default()));
    // A server that cannot be written is refused before anything is copied.
    let mut program = Program::prepare(&client, &state, busy)?;
    backup(server, restore.keep, busy)?;
    let statements = send(&from, &mut program)?;
    program.run(&statements)
}

/// Runs statements that rebuild derived figures, as one.
pub(crate) fn repair(server: &Server, options: &StoreOptions, statements: &[&str]) -> Result<(), Error> {
    let client = Arc::new(Client::new(server, None, &Arc::default()));
    let state = state(options);
    let statements: Vec<_> = statements.iter().map(|&sql| sql.to_owned()).collect();
    Program::prepare(&client, &state, options.busy)?.run(&statements)
}

fn copy_table(from: &mut dyn Snapshot, to: &Connection, table: &str) -> Result<(), Error> {
    let key =
        Statement::new("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk", [table.into()]);
    let key: Vec<String> = from.rows(&key)?.iter().map(|row| row[0].text().as_ref().into()).collect();
    let columns = Statement::new("SELECT name FROM pragma_table_info(?1)", [table.into()]);
    let columns: Vec<String> = from.rows(&columns)?.iter().map(|row| row[0].text().as_ref().into()).collect();
    let key_columns: Vec<usize> =
        key.iter().filter_map(|name| columns.iter().position(|c| c == name)).collect();
    let placeholders =
        |count: usize| (1..=count).map(|place| format!("?{place}")).collect::<Vec<_>>().join(", ");
    let insert = format!("INSERT INTO {table} VALUES ({})", placeholders(columns.len()));
    let order = format!("ORDER BY {} LIMIT {PAGE}", key.join(", "));
    let mut statement = Statement::new(format!("SELECT * FROM {table} {order}"), []);
    loop {
        let rows = from.rows(&statement)?;
        let mut insert = to.prepare_cached(&insert).map_err(file::statement_error)?;
        for row in rows.iter() {
            insert.execute(rusqlite::params_from_iter(row)).map_err(file::statement_error)?;
        }
        let Some(last) = rows.iter().last() else { return Ok(()) };
        let after: Vec<Value> = key_columns.iter().map(|&place| last[place].clone()).collect();
        let sql = format!(
            "SELECT * FROM {table} WHERE ({}) > ({}) {order}",
            key.join(", "),
            placeholders(after.len())
        );
        statement = Statement::new(sql, after);
    }
}

/// Sends the rows of a file. Returns the statements that put them into the place of all others.
fn send(from: &Connection, program: &mut Program<'_>) -> Result<Vec<String>, Error> {
    let mut tables = from.prepare(TABLES).map_err(file::statement_error)?;
    let tables = tables.query_map([], |row| row.get(0)).map_err(file::statement_error)?;
    let tables: Vec<String> = tables.collect::<Result<_, _>>().map_err(file::statement_error)?;
    let mut statements: Vec<_> = tables.iter().rev().map(|table| format!("DELETE FROM {table}")).collect();
    statements.push(EMPTY_GRAMS.into());
    for table in &tables {
        let mut statement = from.prepare(&format!("SELECT * FROM {table}")).map_err(file::statement_error)?;
        let width = statement.column_count();
        let mut rows = statement.query([]).map_err(file::statement_error)?;
        let mut part = Part::default();
        while let Some(row) = rows.next().map_err(file::statement_error)? {
            part.add(&file::row(row, width)?)?;
            if let Some(full) = part.full() {
                program.send(table, full)?;
            }
        }
        if let Some(rest) = part.rest() {
            program.send(table, rest)?;
        }
        let values: Vec<_> = (0..width).map(|place| format!("j.value->>{place}")).collect();
        statements.push(format!(
            "INSERT INTO {table} SELECT {} FROM {} p, json_each(p.rows) j WHERE p.name = '{table}' ORDER BY p.part",
            values.join(", "),
            program.parts
        ));
    }
    statements.push(NEW_IDENTITY.replace("?1", "NEW.run"));
    Ok(statements)
}
