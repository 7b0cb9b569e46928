//! SQLite's own integrity check of trees, indexes and constraints, table by table, so that no snapshot stays open for
//! longer than one table takes. For the full-text index it checks the underlying tables only: the check of the index
//! itself uses cached data of the connection, and reports changes of other connections as damage.

use super::auditor::{Auditor, display};
use super::references;
use crate::error::Error;
use crate::row::{Statement, Value};

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\' ORDER BY rowid";

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let tables = auditor.view()?.final_rows(&Statement::new(TABLES, []))?;
    auditor.total = tables.len() as u64;
    for (done, table) in tables.iter().enumerate() {
        auditor.report("tables", done as u64);
        let Value::Text(table) = &table[0] else { continue };
        // The name comes from the schema, so it needs no quotes. On a server, a token that only reads may run no pragma,
        // but select from one; in a file that would hide the cost.
        let check = match auditor.shop.is_remote() {
            true => Statement::new("SELECT * FROM pragma_integrity_check(?1)", [table.clone().into()]),
            false => Statement::new(format!("PRAGMA integrity_check({table})"), []),
        };
        match auditor.view()?.final_rows(&check) {
            Ok(rows) => {
                for row in rows.iter().filter(|row| display(&row[0]) != "ok") {
                    auditor.audit.add_difference("integrity", table, display(&row[0]), "ok");
                }
                auditor.audit.count_checked("tables", 1);
            }
            // The check cannot be split, and a server aborts it if it takes too long. The rows are read by the other
            // checks.
            Err(Error::Busy(_)) => {
                auditor.audit.count_checked("tables too long to be looked at as a whole", 1)
            }
            Err(error) => return Err(error),
        }
        references::check(auditor, table)?;
    }
    Ok(())
}
