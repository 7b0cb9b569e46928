//! Changes of rows, as data.

use super::Value;

/// A table as the engine changes it.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, those of the key first.
    pub columns: &'static [&'static str],
    /// How many columns make the key.
    pub key: usize,
}

/// What to do with the rows of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Add rows of all columns.
    Insert,
    /// Set every other column where the key fits; rows of all columns.
    Update,
    /// Take rows away; rows of the key's columns.
    Delete,
}

/// Rows to add to, set in or take from one table.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Which table.
    pub table: &'static Table,
    /// What to do.
    pub kind: Kind,
    /// All values, row after row.
    pub values: Vec<Value>,
}

impl Change {
    /// How many values make a row of this change.
    pub fn width(&self) -> usize {
        match self.kind {
            Kind::Insert | Kind::Update => self.table.columns.len(),
            Kind::Delete => self.table.key,
        }
    }
}
