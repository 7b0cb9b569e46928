//! What SQLite itself knows of a damaged file: trees, indexes, constraints and references, table by table, so that no
//! snapshot stays open for longer than one table takes. Of the index of texts it checks the tables that it lies in: its
//! check of the index itself goes by what the connection remembers, and takes another's changes for damage.

use super::{Auditor, shown};
use crate::error::Error;
use crate::store::{Statement, Value};

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'
    AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE 'libsql\\_%' ESCAPE '\\' ORDER BY rowid";

pub(super) fn check(auditor: &mut Auditor<'_>) -> Result<(), Error> {
    let tables = auditor.view()?.rows(&Statement::new(TABLES, []))?;
    auditor.total = tables.len() as u64;
    for (done, table) in tables.iter().enumerate() {
        auditor.say("tables", done as u64);
        let Value::Text(table) = &table[0] else { continue };
        // The name is one that the schema gave, without quotes.
        let rows = auditor.view()?.rows(&Statement::new(format!("PRAGMA integrity_check({table})"), []))?;
        for row in rows.iter().filter(|row| shown(&row[0]) != "ok") {
            auditor.audit.differs("integrity", table, shown(&row[0]), "ok");
        }
        let rows = auditor.view()?.rows(&Statement::new(format!("PRAGMA foreign_key_check({table})"), []))?;
        for row in rows.iter() {
            let (what, id) =
                (format!("reference to {}", shown(&row[2])), format!("{table} row {}", shown(&row[1])));
            auditor.audit.differs(&what, id, "broken", "whole");
        }
        auditor.audit.checked("tables", 1);
    }
    Ok(())
}
