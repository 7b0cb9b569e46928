//! Reading statements, and the rows that they return.

use std::borrow::Cow;

use serde::Serialize;

use super::Value;

/// A reading statement in the dialect that every store understands, with the parameters `?1`, `?2`, …
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The SQL text.
    pub sql: Cow<'static, str>,
    /// The values, in order.
    pub values: Vec<Value>,
}

/// Rows that were read, as one list of values.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// All values.
    pub values: Vec<Value>,
    /// The number of values per row.
    pub width: usize,
}

impl Statement {
    /// A statement with its values.
    pub fn new(sql: impl Into<Cow<'static, str>>, values: impl Into<Vec<Value>>) -> Self {
        Self { sql: sql.into(), values: values.into() }
    }
}

impl Rows {
    /// The rows, one by one.
    pub fn iter(&self) -> impl Iterator<Item = &[Value]> {
        self.values.chunks_exact(self.width.max(1))
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<&[Value]> {
        self.iter().next()
    }
}

/// A JSON array of keys, each once, to pass as one value.
pub(crate) fn list<'a, T: Serialize + Ord + 'a>(keys: impl IntoIterator<Item = &'a T>) -> String {
    let mut keys: Vec<&T> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    serde_json::to_string(&keys).unwrap_or_else(|_| "[]".into())
}
