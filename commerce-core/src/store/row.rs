//! What passes between the engine and a store: statements to read, rows, and changes as data.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::id::quoted;
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::time::Time;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// SQL's NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// Text.
    Text(Arc<str>),
}

/// A statement that reads, in the dialect that every store understands, with `?1`, `?2`, … for its values.
#[derive(Clone, Debug)]
pub struct Statement {
    /// The text.
    pub sql: Cow<'static, str>,
    /// The values, in order.
    pub values: Vec<Value>,
}

/// Rows that were read, value after value.
#[derive(Clone, Debug, Default)]
pub struct Rows {
    /// All values.
    pub values: Vec<Value>,
    /// How many make a row.
    pub width: usize,
}

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

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// The first row, if there is one.
    pub fn first(&self) -> Option<&[Value]> {
        self.iter().next()
    }
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

impl Value {
    /// The integer, or 0 for anything else.
    pub fn int(&self) -> i64 {
        match self {
            Self::Integer(value) => *value,
            Self::Null | Self::Text(_) => 0,
        }
    }

    /// The integer, unless it is NULL.
    pub fn optional_int(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// The text, or the empty one for anything else.
    pub fn text(&self) -> Arc<str> {
        self.optional_text().unwrap_or_default()
    }

    /// The value as what has to stand there. What cannot be is damage, and is told rather than taken for something
    /// else: a balance that is no amount is not 0.
    ///
    /// # Errors
    /// [`Error::Store`] that names what is damaged.
    pub(crate) fn read<T: Stored>(&self, what: fmt::Arguments<'_>) -> Result<T, Error> {
        T::from_value(self).ok_or_else(|| {
            let shown = match self {
                Self::Null => "missing".into(),
                Self::Integer(value) => value.to_string(),
                Self::Text(text) => quoted(text),
            };
            Error::Store(format!(
                "the store is damaged: {what} is {shown}, which cannot be; verify tells more"
            ))
        })
    }

    /// The text, unless it is NULL.
    pub fn optional_text(&self) -> Option<Arc<str>> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Null | Self::Integer(_) => None,
        }
    }
}

/// What a value of a row can stand for.
pub(crate) trait Stored: Sized {
    /// It, unless the value stands for something else.
    fn from_value(value: &Value) -> Option<Self>;
}

impl Stored for i64 {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int()
    }
}

impl Stored for Arc<str> {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_text()
    }
}

impl Stored for Amount {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(Self::new)
    }
}

impl Stored for Stock {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(Self::new)
    }
}

impl Stored for Quantity {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(Self::new)
    }
}

impl Stored for Time {
    fn from_value(value: &Value) -> Option<Self> {
        let millis = value.optional_int()?;
        Some(Self::from_millis(millis)).filter(|time| time.millis() == millis)
    }
}

impl<K> Stored for Number<K> {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(|number| Self::try_from(number).ok())
    }
}

/// 0 stands for none.
impl<K> Stored for Option<Number<K>> {
    fn from_value(value: &Value) -> Option<Self> {
        match value.optional_int()? {
            0 => Some(None),
            number => Number::try_from(number).ok().map(Some),
        }
    }
}

impl<K> From<Number<K>> for Value {
    fn from(number: Number<K>) -> Self {
        Self::Integer(number.get())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Arc<str>> for Value {
    fn from(text: Arc<str>) -> Self {
        Self::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
