//! A value of a row, and its conversions.

use std::fmt;
use std::sync::Arc;

use crate::error::Error;
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::text::quoted;
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

impl Value {
    /// The integer, or 0 for anything else.
    pub fn int(&self) -> i64 {
        match self {
            Self::Integer(value) => *value,
            Self::Null | Self::Text(_) => 0,
        }
    }

    /// The integer, or `None` for anything else.
    pub fn optional_int(&self) -> Option<i64> {
        match self {
            Self::Integer(value) => Some(*value),
            Self::Null | Self::Text(_) => None,
        }
    }

    /// The text, or an empty one for anything else.
    pub fn text(&self) -> Arc<str> {
        self.optional_text().unwrap_or_default()
    }

    /// Converts the value to the type that the column must hold. Any other value is damage, and an error: a balance
    /// that is not an amount is not 0.
    ///
    /// # Errors
    /// [`Error::Store`], which names what is damaged.
    pub(crate) fn read<T: Stored>(&self, what: fmt::Arguments<'_>) -> Result<T, Error> {
        T::from_value(self).ok_or_else(|| {
            let shown = match self {
                Self::Null => "missing".into(),
                Self::Integer(value) => value.to_string(),
                Self::Text(text) => quoted(text),
            };
            Error::Store(
                format!("the store is damaged: {what} is {shown}, which is invalid; run verify for details")
                    .into(),
            )
        })
    }

    /// The text, or `None` for anything else.
    pub fn optional_text(&self) -> Option<Arc<str>> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Null | Self::Integer(_) => None,
        }
    }
}

/// A type that a value of a row can be converted to.
pub(crate) trait Stored: Sized {
    /// Converts the value, if it is one of this type.
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
        value.optional_int().and_then(|value| Self::try_from(value).ok())
    }
}

impl Stored for Stock {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(|value| Self::try_from(value).ok())
    }
}

impl Stored for Quantity {
    fn from_value(value: &Value) -> Option<Self> {
        value.optional_int().and_then(|value| Self::try_from(value).ok())
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

/// 0 means none.
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
