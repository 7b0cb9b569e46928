//! What a JSON value may stand for, type by type.

use serde_json::Value;

use crate::id::Name;
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::text::{Text, TextKind, ValueError, quoted};
use crate::time::Time;

/// A value that a JSON value may stand for.
pub trait FromJson: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`ValueError`] that says what was expected and what was found.
    fn from_json(value: &Value) -> Result<Self, ValueError>;
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        value.as_bool().ok_or_else(|| ValueError::new(format!("must be true or false, got {}", kind(value))))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        value.as_i64().ok_or_else(|| ValueError::new(format!("must be an integer, got {}", kind(value))))
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        text(value).map(Self::from)
    }
}

impl<K> FromJson for Number<K> {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Amount {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Quantity {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Stock {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Time {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        text(value)?.parse()
    }
}

impl<K: TextKind> FromJson for Text<K> {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        text(value)?.parse()
    }
}

/// A remark, which unlike a name may be invisible.
pub(super) struct Remark(pub(super) Name);

impl FromJson for Remark {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        Name::remark(text(value)?).map(Self)
    }
}

/// The beginning of a period.
pub(super) struct PeriodFrom(pub(super) Time);

impl FromJson for PeriodFrom {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        Time::parse_from(text(value)?).map(Self)
    }
}

/// The end of a period.
pub(super) struct PeriodTo(pub(super) Time);

impl FromJson for PeriodTo {
    fn from_json(value: &Value) -> Result<Self, ValueError> {
        Time::parse_to(text(value)?).map(Self)
    }
}

/// The text of a value that must be a string.
///
/// # Errors
/// [`ValueError`] for any other value.
pub(crate) fn text(value: &Value) -> Result<&str, ValueError> {
    value.as_str().ok_or_else(|| ValueError::new(format!("must be a string, got {}", kind(value))))
}

pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}
