//! Reading JSON into operations and queries: faults are reported each with its place, the first twenty of
//! them, and a value that comes out is valid. What is read costs little more memory than its text, however it
//! is made.

use std::cell::{Cell, RefCell};
use std::fmt;

use foldhash::HashSet;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::error::{Fault, Faults, Invalid};
use crate::id::{BadText, Id, Key, Name, quoted};
use crate::money::{Amount, Quantity, Stock};
use crate::number::Number;
use crate::time::{End, Time};

/// The fields of one JSON object, taken one by one; what is left over at the end is unknown.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    known: HashSet<&'static str>,
    lenient: bool,
    faults: &'a mut Faults,
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
    /// [`Invalid`] with one entry per fault, up to [`Faults::MOST`].
    pub fn read<T>(value: &Value, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Invalid> {
        Self::read_beside(Faults::default(), value, read)
    }

    /// Reads an object as [`Fields::read`] does, where something is wrong already, so that all is told at once.
    ///
    /// # Errors
    /// [`Invalid`] with those faults and what is found here.
    pub fn read_beside<T>(
        mut faults: Faults,
        value: &Value,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Result<T, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::at("", format!("must be an object, got {}", kind(value))));
        };
        let done = Self::object(object, String::new(), &mut faults, read);
        match done {
            Some(done) if faults.is_empty() => Ok(done),
            _ => Err(Invalid(faults)),
        }
    }

    fn object<T>(
        object: &Map<String, Value>,
        pointer: String,
        faults: &mut Faults,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let mut fields = Fields { object, pointer, known: HashSet::default(), lenient: false, faults };
        let done = read(&mut fields);
        for name in object.keys() {
            if fields.lenient || fields.known.contains(name.as_str()) {
                continue;
            }
            if fields.faults.full() {
                fields.faults.pass_over(1);
                continue;
            }
            let pointer = fields.pointer.clone() + &self::pointer(name);
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

    /// An end of a span of time that may be left out: a time, or a date.
    pub(crate) fn end(&mut self, name: &'static str, end: End) -> Option<Option<Time>> {
        match self.optional::<String>(name)? {
            None => Some(None),
            Some(text) => match Time::read_end(&text, end) {
                Ok(time) => Some(Some(time)),
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
        mut read: impl FnMut(&Value, String, &mut Faults) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.known.insert(name);
        match self.object.get(name) {
            None | Some(Value::Null) => self.fault(name, "is missing"),
            Some(Value::Array(list)) if list.is_empty() => self.fault(name, "must not be empty"),
            Some(Value::Array(list)) => {
                let mut values = Some(Vec::with_capacity(list.len()));
                for (place, value) in list.iter().enumerate() {
                    if self.faults.full() {
                        self.faults.pass_over(list.len() - place);
                        return None;
                    }
                    let value = read(value, format!("{}/{name}/{place}", self.pointer), self.faults);
                    // After the first fault the others are only looked for.
                    values = values.zip(value).map(|(mut values, value)| {
                        values.push(value);
                        values
                    });
                }
                values
            }
            Some(value) => self.fault(name, format!("must be a list, got {}", kind(value))),
        }
    }
}

/// The most values that one text may hold, each object and list and whatever is in them. An object of one field
/// takes some hundred times the memory of its text, and nothing that means anything holds so many.
const VALUES: usize = 10_000;

/// Reads JSON text, refusing an object that names a field twice (which of two amounts was meant?), and more than
/// 10,000 values.
///
/// # Errors
/// [`Invalid`] with the place in the text.
pub fn json(text: &[u8]) -> Result<Value, Invalid> {
    let text = std::str::from_utf8(text)
        .map_err(|e| Invalid::at("", format!("is not UTF-8 at byte {}", e.valid_up_to() + 1)))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let (left, full) = (Cell::new(VALUES + 1), RefCell::default());
    let read = Strict { left: &left, full: &full }.deserialize(&mut reader);
    if left.get() == 0 {
        return Err(Invalid::at(full.take(), format!("must not hold more than {VALUES} values")));
    }
    let read = read.and_then(|value| reader.end().map(|()| value));
    read.map_err(|e| Invalid::at("", format!("is not JSON: {e}")))
}

/// Reads a value as it stands.
#[derive(Clone, Copy)]
struct Strict<'a> {
    /// How many more values there may be, and one.
    left: &'a Cell<usize>,
    /// The outermost field in which there were too many.
    full: &'a RefCell<String>,
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.left.set(self.left.get().saturating_sub(1));
        if self.left.get() == 0 {
            return Err(serde::de::Error::custom("too many values"));
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
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
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(self).inspect_err(|_| {
                if self.left.get() == 0 {
                    self.full.replace(pointer(&name));
                }
            })?;
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

impl<K> FromJson for Number<K> {
    fn from_json(value: &Value) -> Result<Self, String> {
        i64::from_json(value)?.try_into().map_err(|e: BadText| e.to_string())
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

/// A field's name as a JSON pointer, cut where it is long.
pub fn pointer(name: &str) -> String {
    let short: String = name.chars().take(64).collect();
    format!("/{}", short.replace('~', "~0").replace('/', "~1"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ProductId;

    #[test]
    fn twenty_faults_are_told_and_the_rest_is_counted() {
        let items = "{\"quantity\":0,\"x\":1},".repeat(500);
        let text = format!("{{\"items\":[{}null],\"y\":1,\"z\":1}}", items);
        let read = Fields::read(&json(text.as_bytes()).unwrap(), |fields| {
            fields.objects("items", |item| item.required::<ProductId>("product"))
        });
        let Err(Invalid(faults)) = read else { panic!("many faults") };
        assert_eq!(faults.iter().count(), Faults::MOST);
        // Three faults an item: the seventh item has one too many. 494 items and two fields are left.
        assert_eq!(faults.more(), 1 + 494 + 2);
        assert!(Invalid(faults).to_string().ends_with("; and 497 more"));
    }

    #[test]
    fn faults_of_any_text_are_told_in_a_bounded_answer() {
        for name in ["\u{1}", "/", "~", "\u{10ffff}", "\"", "머"] {
            let fields: Vec<_> = (0..30).map(|n| format!("{}{n}", name.repeat(30_000))).collect();
            let object: Map<_, _> = fields
                .iter()
                .map(|name| (name.clone(), Value::from(name.clone())))
                .chain([("product".to_owned(), Value::from(name.repeat(100_000)))])
                .collect();
            let read = Fields::read(&object.into(), |fields| fields.required::<ProductId>("product"));
            let told = serde_json::to_string(&read.unwrap_err()).unwrap();
            assert!(told.len() < 15_500, "{} bytes for {name:?}", told.len());
        }
    }

    #[test]
    fn a_text_holds_a_bounded_number_of_values() {
        let list = |count: usize| format!("[{}0]", "0,".repeat(count - 2));
        assert!(json(list(VALUES).as_bytes()).is_ok());
        for text in
            [list(VALUES + 1), "[".repeat(1 << 20), "{\"\":{},".repeat(100_000), "[{\"\":0},".repeat(9)]
        {
            assert!(json(text.as_bytes()).is_err());
        }
        let many = json(list(VALUES + 1).as_bytes()).unwrap_err();
        assert_eq!(many.to_string(), "must not hold more than 10000 values");
        let deep = format!("{{\"a\":{{\"b\":{}}}}}", list(VALUES));
        assert!(json(deep.as_bytes()).unwrap_err().to_string().starts_with("/a: "));
    }
}
