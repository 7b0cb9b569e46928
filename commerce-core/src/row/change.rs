//! Changes of rows, as data.

use super::Value;

/// A table that the engine changes.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// The name.
    pub name: &'static str,
    /// The columns, those of the key first.
    pub columns: &'static [&'static str],
    /// The number of columns of the key.
    pub key: usize,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Insert rows. A row has all columns.
    Insert,
    /// Update the rows with these keys. A row has all columns.
    Update,
    /// Delete the rows with these keys. A row has the columns of the key.
    Delete,
}

/// Rows to insert, update or delete in one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The table.
    pub table: &'static Table,
    /// The kind of the change.
    pub kind: Kind,
    /// All values, row after row.
    pub values: Vec<Value>,
}

impl Change {
    /// The number of values per row of this change.
    pub fn width(&self) -> usize {
        match self.kind {
            Kind::Insert | Kind::Update => self.table.columns.len(),
            Kind::Delete => self.table.key,
        }
    }
}
