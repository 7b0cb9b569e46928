//! The values of fields, and the types that are read from them.

use serde_json::Value;

use crate::id::Name;
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::text::{Text, TextKind, ValueError, quoted};
use crate::time::Time;

/// The value of a field: JSON, or text where everything is text, as in a URL.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// A JSON value.
    Json(&'a Value),
    /// Text. A field that is a number or a boolean reads it from its usual form.
    Text(&'a str),
}

/// A type that is read from the value of a field.
pub trait FromInput: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// [`ValueError`] that says what was expected and what was found.
    fn from_input(input: Input<'_>) -> Result<Self, ValueError>;
}

impl<'a> Input<'a> {
    /// The value as text.
    ///
    /// # Errors
    /// [`ValueError`] when it is something else.
    pub fn text(self) -> Result<&'a str, ValueError> {
        self.as_text().ok_or_else(|| ValueError::new(format!("must be a string, got {}", self.kind())))
    }

    /// The value as an integer. Text must have the canonical form, so that no number can be written in two ways.
    ///
    /// # Errors
    /// [`ValueError`] when it is something else.
    pub fn integer(self) -> Result<i64, ValueError> {
        let number = match self {
            Self::Json(value) => value.as_i64(),
            Self::Text(text) if is_canonical(text) => text.parse().ok(),
            Self::Text(_) => None,
        };
        number.ok_or_else(|| ValueError::new(format!("must be an integer, got {}", self.kind())))
    }

    /// The value as a boolean.
    ///
    /// # Errors
    /// [`ValueError`] when it is something else.
    pub fn boolean(self) -> Result<bool, ValueError> {
        let boolean = match self {
            Self::Json(value) => value.as_bool(),
            Self::Text(text) => text.parse().ok(),
        };
        boolean.ok_or_else(|| ValueError::new(format!("must be true or false, got {}", self.kind())))
    }

    /// The value if it is text.
    pub fn as_text(self) -> Option<&'a str> {
        match self {
            Self::Json(value) => value.as_str(),
            Self::Text(text) => Some(text),
        }
    }

    /// What the value is, for people.
    pub(super) fn kind(self) -> String {
        match self {
            Self::Json(Value::Null) => "null".into(),
            Self::Json(Value::Bool(_)) => "a boolean".into(),
            Self::Json(Value::Number(number)) => format!("the number {number}"),
            Self::Json(Value::String(text)) => Self::Text(text).kind(),
            Self::Json(Value::Array(_)) => "a list".into(),
            Self::Json(Value::Object(_)) => "an object".into(),
            Self::Text(text) => format!("the string {}", quoted(text)),
        }
    }
}

/// Whether an integer is written without a plus and without leading zeros.
fn is_canonical(text: &str) -> bool {
    text == "0" || !text.strip_prefix('-').unwrap_or(text).starts_with(['0', '+'])
}

impl FromInput for bool {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.boolean()
    }
}

impl FromInput for i64 {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.integer()
    }
}

impl FromInput for String {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text().map(Self::from)
    }
}

impl<K> FromInput for Number<K> {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.integer()?.try_into()
    }
}

impl FromInput for Amount {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.integer()?.try_into()
    }
}

impl FromInput for Quantity {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.integer()?.try_into()
    }
}

impl FromInput for Stock {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.integer()?.try_into()
    }
}

impl FromInput for Time {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

impl<K: TextKind> FromInput for Text<K> {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

/// A remark, which unlike a name may be invisible.
pub(super) struct Remark(pub(super) Name);

impl FromInput for Remark {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        Name::remark(input.text()?).map(Self)
    }
}

/// The beginning of a period.
pub(super) struct PeriodFrom(pub(super) Time);

impl FromInput for PeriodFrom {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        Time::parse_from(input.text()?).map(Self)
    }
}

/// The end of a period.
pub(super) struct PeriodTo(pub(super) Time);

impl FromInput for PeriodTo {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        Time::parse_to(input.text()?).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_by_the_type_of_the_field() {
        for (text, number) in
            [("0", Some(0)), ("5", Some(5)), ("-12", Some(-12)), ("9223372036854775807", Some(i64::MAX))]
        {
            assert_eq!(Input::Text(text).integer().ok(), number, "{text}");
        }
        for text in [
            "",
            "-",
            "+5",
            "-+5",
            "--5",
            "05",
            "-05",
            "-0",
            "00",
            "1.0",
            "1e3",
            " 1",
            "9223372036854775808",
            "x",
        ] {
            let wrong = Input::Text(text).integer().unwrap_err();
            assert_eq!(wrong.to_string(), format!("must be an integer, got the string {}", quoted(text)));
        }
        assert_eq!((Input::Text("true").boolean(), Input::Text("false").boolean()), (Ok(true), Ok(false)));
        assert!(Input::Text("1").boolean().is_err() && Input::Text("True").boolean().is_err());
        assert_eq!(Input::Text("5").text(), Ok("5"));
        let json = Value::from("5");
        assert!(Input::Json(&json).integer().is_err(), "a JSON string is no number");
    }
}
