//! What a JSON value may stand for, type by type.

use serde_json::Value;

use crate::id::{BadText, Digest, Id, Key, Name, quoted};
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::time::Time;

/// A value that a JSON value may stand for.
pub trait FromJson: Sized {
    /// The value, or a sentence that says what was expected and what was found.
    ///
    /// # Errors
    /// The sentence.
    fn from_json(value: &Value) -> Result<Self, String>;
}

impl FromJson for bool {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("must be true or false, got {}", kind(value)))
    }
}

impl FromJson for i64 {
    fn from_json(value: &Value) -> Result<Self, String> {
        value.as_i64().ok_or_else(|| format!("must be an integer, got {}", kind(value)))
    }
}

impl FromJson for String {
    fn from_json(value: &Value) -> Result<Self, String> {
        text(value).map(Self::from)
    }
}

impl<K> FromJson for Number<K> {
    fn from_json(value: &Value) -> Result<Self, String> {
        i64::from_json(value)?.try_into().map_err(|e: BadText| e.to_string())
    }
}

impl FromJson for Amount {
    fn from_json(value: &Value) -> Result<Self, String> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Quantity {
    fn from_json(value: &Value) -> Result<Self, String> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Stock {
    fn from_json(value: &Value) -> Result<Self, String> {
        i64::from_json(value)?.try_into()
    }
}

impl FromJson for Time {
    fn from_json(value: &Value) -> Result<Self, String> {
        Self::read(text(value)?)
    }
}

impl<K> FromJson for Id<K> {
    fn from_json(value: &Value) -> Result<Self, String> {
        Self::new(text(value)?).map_err(|e| e.to_string())
    }
}

impl FromJson for Key {
    fn from_json(value: &Value) -> Result<Self, String> {
        Self::new(text(value)?).map_err(|e| e.to_string())
    }
}

impl FromJson for Name {
    fn from_json(value: &Value) -> Result<Self, String> {
        Self::new(text(value)?).map_err(|e| e.to_string())
    }
}

impl FromJson for Digest {
    fn from_json(value: &Value) -> Result<Self, String> {
        let text = String::from_json(value)?;
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() == 64 && text.bytes().all(digit) {
            return Ok(Self::stored(&text));
        }
        Err(format!("must be a SHA-256 as 64 hexadecimal digits in lower case, got {}", quoted(&text)))
    }
}

/// A remark, which unlike a name may show nothing.
pub(super) struct Remark(pub(super) Name);

impl FromJson for Remark {
    fn from_json(value: &Value) -> Result<Self, String> {
        Name::remark(text(value)?).map(Self).map_err(|e| e.to_string())
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("must be a string, got {}", kind(value)))
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
