//! Finds broken references, in spans. SQLite's own `foreign_key_check` is one statement per table, and would keep a
//! snapshot open, or a server busy, for the whole table.

use super::auditor::{Auditor, SPAN, display};
use crate::error::Error;
use crate::row::{Statement, Value};

/// Checks every reference of a table. Each leads to the row id of another table.
pub(super) fn check(auditor: &mut Auditor<'_>, table: &str) -> Result<(), Error> {
    let references = "SELECT \"table\", \"from\" FROM pragma_foreign_key_list(?1)";
    let references = auditor.view()?.final_rows(&Statement::new(references, [table.into()]))?;
    if references.len() == 0 {
        return Ok(());
    }
    let key = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
    let key = auditor.view()?.final_rows(&Statement::new(key, [table.into()]))?;
    let key: Vec<String> = key.iter().map(|row| display(&row[0])).collect();
    let (from, select) =
        statement(table, &key, references.iter().map(|row| (display(&row[0]), display(&row[1]))));
    let mut after: Vec<Value> = Vec::new();
    loop {
        let condition = match after.len() {
            0 => String::new(),
            count => {
                let placeholders: Vec<String> = (2..count + 2).map(|place| format!("?{place}")).collect();
                format!("WHERE ({}) > ({})", key.join(", "), placeholders.join(", "))
            }
        };
        let values: Vec<Value> = [SPAN.into()].into_iter().chain(after).collect();
        let sql = format!("WITH span AS ({from} {condition} ORDER BY {} LIMIT ?1) {select}", key.join(", "));
        let rows = auditor.view()?.final_rows(&Statement::new(sql, values))?;
        let mut end = None;
        for row in rows.iter() {
            let Value::Text(to) = &row[0] else {
                end = Some(row);
                continue;
            };
            let id: Vec<String> = row[2..].iter().map(display).collect();
            let (what, id) = (format!("reference to {to}"), format!("{table} row {}", id.join(", ")));
            auditor.audit.add_difference(&what, id, "broken", "whole");
        }
        // A span that is not full is the last one.
        let Some(row) = end.filter(|row| row[1].int() == SPAN) else { return Ok(()) };
        after = row[2..].to_vec();
    }
}

/// The statement that reads a span, and the one that checks it: it returns the broken references with the table that
/// they name, and a row without a table that has the size of the span and its last key.
fn statement(
    table: &str,
    key: &[String],
    references: impl Iterator<Item = (String, String)>,
) -> (String, String) {
    let keys = |prefix: &str| key.iter().map(|name| format!("{prefix}{name}")).collect::<Vec<_>>().join(", ");
    let (mut columns, mut selects) = (key.to_vec(), Vec::new());
    for (to, column) in references {
        selects.push(format!(
            "SELECT '{to}', 0, {} FROM span WHERE {column} IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM {to} r WHERE r.rowid = span.{column})",
            keys("span.")
        ));
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let last: Vec<String> = key.iter().map(|name| format!("{name} DESC")).collect();
    selects.push(format!(
        "SELECT * FROM (SELECT NULL, (SELECT count(*) FROM span), {} FROM span ORDER BY {} LIMIT 1)",
        keys(""),
        last.join(", ")
    ));
    (format!("SELECT {} FROM {table}", columns.join(", ")), selects.join(" UNION ALL "))
}
