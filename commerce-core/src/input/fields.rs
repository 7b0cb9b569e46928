//! The fields of a JSON object, read one by one. Every fault is reported with its place.

use foldhash::HashSet;
use serde_json::{Map, Value};

use super::fault::{Fault, Faults, Invalid};
use super::from_json::{FromJson, PeriodFrom, PeriodTo, Remark, kind};
use crate::id::{Id, Name};
use crate::time::Time;

/// The fields of one JSON object, taken one by one; what is left over at the end is unknown.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    known: HashSet<&'static str>,
    lenient: bool,
    faults: &'a mut Faults,
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
            let pointer = fields.pointer.clone() + &super::pointer(name);
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
                Err(error) => self.fault(name, error),
            },
        }
    }

    /// The field `from`, the beginning of a period, which may be left out.
    pub(crate) fn from_time(&mut self) -> Option<Option<Time>> {
        let period: Option<PeriodFrom> = self.optional("from")?;
        Some(period.map(|PeriodFrom(time)| time))
    }

    /// The field `to`, the end of a period, which may be left out.
    pub(crate) fn to_time(&mut self) -> Option<Option<Time>> {
        let period: Option<PeriodTo> = self.optional("to")?;
        Some(period.map(|PeriodTo(time)| time))
    }

    /// The identifier of something new.
    pub(crate) fn new_id<K>(&mut self, name: &'static str) -> Option<Id<K>> {
        let id: Id<K> = self.required(name)?;
        match id.check_new() {
            Ok(()) => Some(id),
            Err(error) => self.fault(name, error),
        }
    }

    /// An integer from 1 to `max` that may be left out.
    pub(crate) fn ranged(&mut self, name: &'static str, max: u16, default: u16) -> Option<u16> {
        match self.optional::<i64>(name)? {
            None => Some(default),
            Some(value) => match u16::try_from(value) {
                Ok(value) if (1..=max).contains(&value) => Some(value),
                _ => self.fault(name, format!("must be 1 to {max}, got {value}")),
            },
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
            Err(error) => {
                faults.push(Fault { pointer, detail: error.into() });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::ProductId;
    use crate::input::json;

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
}
