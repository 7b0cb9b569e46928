//! Reading JSON into operations and queries: every fault is reported, each with its place, and a value
//! that comes out is valid.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Fault, Invalid};
use crate::id::{Id, Key, Name, quoted};
use crate::money::{Amount, Quantity, Stock};
use crate::time::Time;

/// The fields of one JSON object, taken one by one; what is left over at the end is unknown.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    known: HashSet<&'static str>,
    lenient: bool,
    faults: &'a mut Vec<Fault>,
}

/// A value that a JSON value may stand for.
pub trait FromJson: Sized {
    /// The value, or a sentence that says what was expected and what was found.
    ///
    /// # Errors
    /// The sentence.
    fn from_json(value: &Value) -> Result<Self, String>;
}

impl Fields<'_> {
    /// Reads an object with `read`, and refuses what `read` did not ask for.
    ///
    /// # Errors
    /// [`Invalid`] with one entry per fault.
    pub fn read<T>(value: &Value, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::at("", format!("must be an object, got {}", kind(value))));
        };
        let mut faults = Vec::new();
        let done = Self::object(object, String::new(), &mut faults, read);
        match done {
            Some(done) if faults.is_empty() => Ok(done),
            _ => Err(Invalid(faults)),
        }
    }

    fn object<T>(
        object: &Map<String, Value>,
        pointer: String,
        faults: &mut Vec<Fault>,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let mut fields = Fields { object, pointer, known: HashSet::new(), lenient: false, faults };
        let done = read(&mut fields);
        let unknown = |name: &&String| !fields.lenient && !fields.known.contains(name.as_str());
        for name in object.keys().filter(unknown).collect::<Vec<_>>() {
            let pointer = format!("{}/{}", fields.pointer, escaped(name));
            fields.faults.push(Fault { pointer, detail: "is not a field here".into() });
        }
        done
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, name: &'static str) -> Option<T> {
        match self.optional(name)? {
            Some(value) => Some(value),
            None => self.fault(name, "is missing"),
        }
    }

    /// A field that may be left out (or null). Nothing: it was there and wrong.
    pub fn optional<T: FromJson>(&mut self, name: &'static str) -> Option<Option<T>> {
        self.known.insert(name);
        match self.object.get(name) {
            None | Some(Value::Null) => Some(None),
            Some(value) => match T::from_json(value) {
                Ok(value) => Some(Some(value)),
                Err(detail) => self.fault(name, detail),
            },
        }
    }

    /// The identifier of something new.
    pub(crate) fn new_id<K>(&mut self, name: &'static str) -> Option<Id<K>> {
        let id: Id<K> = self.required(name)?;
        match id.for_new() {
            Ok(()) => Some(id),
            Err(bad) => self.fault(name, bad.to_string()),
        }
    }

    /// A remark that may be left out. Unlike a name it may show nothing.
    pub(crate) fn remark(&mut self, name: &'static str) -> Option<Option<Name>> {
        let remark: Option<Remark> = self.optional(name)?;
        Some(remark.map(|Remark(text)| text))
    }

    /// Whether a field is there, which makes it one that is known.
    pub(crate) fn has(&mut self, name: &'static str) -> bool {
        self.known.insert(name);
        self.object.get(name).is_some_and(|value| !value.is_null())
    }

    /// A non-empty list of values.
    pub fn values<T: FromJson>(&mut self, name: &'static str) -> Option<Vec<T>> {
        self.list(name, |value, pointer, faults| match T::from_json(value) {
            Ok(value) => Some(value),
            Err(detail) => {
                faults.push(Fault { pointer, detail });
                None
            }
        })
    }

    /// A list of values that may be left out, but not be empty.
    pub fn optional_values<T: FromJson>(&mut self, name: &'static str) -> Option<Option<Vec<T>>> {
        match self.object.get(name) {
            None | Some(Value::Null) => self.known.insert(name).then_some(None),
            Some(_) => self.values(name).map(Some),
        }
    }

    /// A non-empty list of objects.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.list(name, |value, pointer, faults| match value {
            Value::Object(object) => Fields::object(object, pointer, faults, &mut read),
            _ => {
                faults.push(Fault { pointer, detail: format!("must be an object, got {}", kind(value)) });
                None
            }
        })
    }

    /// Reports a fault of a field; the value is always nothing.
    pub fn fault<T>(&mut self, name: &str, detail: impl Into<String>) -> Option<T> {
        let pointer = format!("{}/{name}", self.pointer);
        self.faults.push(Fault { pointer, detail: detail.into() });
        None
    }

    /// Takes all fields as known, when there is no telling which belong here.
    pub(crate) fn give_up(&mut self) {
        self.lenient = true;
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&Value, String, &mut Vec<Fault>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.known.insert(name);
        match self.object.get(name) {
            None | Some(Value::Null) => self.fault(name, "is missing"),
            Some(Value::Array(list)) if list.is_empty() => self.fault(name, "must not be empty"),
            Some(Value::Array(list)) => {
                let one =
                    |(place, value)| read(value, format!("{}/{name}/{place}", self.pointer), self.faults);
                let read: Vec<_> = list.iter().enumerate().map(one).collect();
                read.into_iter().collect()
            }
            Some(value) => self.fault(name, format!("must be a list, got {}", kind(value))),
        }
    }
}

/// Reads JSON text, refusing an object that names a field twice: which of two amounts was meant?
///
/// # Errors
/// [`Invalid`] with the place in the text.
pub fn json(text: &[u8]) -> Result<Value, Invalid> {
    let text = std::str::from_utf8(text)
        .map_err(|e| Invalid::at("", format!("is not UTF-8 at byte {}", e.valid_up_to() + 1)))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|e| Invalid::at("", format!("is not JSON: {e}")))
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            if object.contains_key(&name) {
                return Err(serde::de::Error::custom(format!("field {} stands twice", quoted(&name))));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
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

struct Remark(Name);

impl FromJson for Remark {
    fn from_json(value: &Value) -> Result<Self, String> {
        Name::remark(text(value)?).map(Self).map_err(|e| e.to_string())
    }
}

fn text(value: &Value) -> Result<&str, String> {
    value.as_str().ok_or_else(|| format!("must be a string, got {}", kind(value)))
}

fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quoted(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// A field's name as a part of a JSON pointer, cut where it is long.
fn escaped(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    short.replace('~', "~0").replace('/', "~1")
}
