//! Reads JSON text in memory proportional to its length, whatever it contains.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::fault::{Invalid, pointer};
use crate::text::quoted;

/// The maximum number of values in a text, including objects and lists. An object with one field takes about a hundred
/// times the memory of its text, and no valid input has as many values.
const VALUES: usize = 10_000;

/// Reads JSON text. It refuses an object that names a field twice, since one of the values would be lost, and text with
/// more than 10,000 values.
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

/// Reads a value and refuses repeated fields and too many values.
#[derive(Clone, Copy)]
struct Strict<'a> {
    /// The number of values that may follow, plus one.
    left: &'a Cell<usize>,
    /// The outermost field with too many values.
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
                return Err(serde::de::Error::custom(format!("field {} occurs twice", quoted(&name))));
            }
            object.insert(name, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
