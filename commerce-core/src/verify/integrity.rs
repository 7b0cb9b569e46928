//! What SQLite itself knows of a damaged file: trees, indexes and constraints, table by table, so that no snapshot stays
//! open for longer than one table takes. Of the index of texts it checks the tables that it lies in: its check of the
//! index itself goes by what the connection remembers, and takes another's changes for damage.

use super::auditor::{Auditor, shown};
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
        // The name is one that the schema gave, without quotes.
        let check = Statement::new(format!("PRAGMA integrity_check({table})"), []);
        match auditor.view()?.final_rows(&check) {
            Ok(rows) => {
                for row in rows.iter().filter(|row| shown(&row[0]) != "ok") {
                    auditor.audit.differs("integrity", table, shown(&row[0]), "ok");
                }
                auditor.audit.checked("tables", 1);
            }
            // It cannot be done in spans, and a server gives up what takes too long. The rows are read all the same.
            Err(Error::Busy(_)) => auditor.audit.checked("tables too long to be looked at as a whole", 1),
            Err(error) => return Err(error),
        }
        references::check(auditor, table)?;
    }
    Ok(())
}
