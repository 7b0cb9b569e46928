//! The fields of a JSON object, read one by one. Every fault is reported with its place.

use foldhash::HashSet;
use serde_json::{Map, Value};

use super::fault::{Fault, Faults, Invalid};
use super::raw::{RawFields, find};
use super::value::{FromInput, Input, PeriodFrom, PeriodTo, Remark};
use crate::id::{Id, Name};
use crate::time::Time;

/// The fields of a JSON object, read one by one. A field that was not read is reported as unknown.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    /// Fields that came as text, before those of the object.
    text: &'a [(String, String)],
    pointer: String,
    known: HashSet<&'static str>,
    ignore_unknown: bool,
    long_pages: bool,
    faults: &'a mut Faults,
}

impl<'a> Fields<'a> {
    /// Reads an object with `read`, and reports the fields that it did not read.
    ///
    /// # Errors
    /// [`Invalid`] with one entry per fault, up to [`Faults::MAX`].
    pub fn read<T>(value: &Value, read: impl FnOnce(&mut Fields<'_>) -> Option<T>) -> Result<T, Invalid> {
        Self::read_with(value, &[], read)
    }

    /// Reads an object with `read`, with further fields as text.
    ///
    /// # Errors
    /// As [`Fields::read`].
    pub(crate) fn read_with<T>(
        value: &Value,
        text: &[(String, String)],
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Result<T, Invalid> {
        let Value::Object(object) = value else {
            return Err(Invalid::at("", format!("must be an object, got {}", Input::Json(value).kind())));
        };
        Self::read_all(Faults::default(), object, text, read)
    }

    /// Reads the fields of a request with `read`, and reports what is wrong together with faults that were found before.
    ///
    /// # Errors
    /// [`Invalid`] with one entry per fault, up to [`Faults::MAX`].
    pub fn read_raw<T>(
        faults: Faults,
        raw: &RawFields,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Result<T, Invalid> {
        Self::read_all(faults, &raw.object, &raw.text, read)
    }

    fn read_all<T>(
        mut faults: Faults,
        object: &Map<String, Value>,
        text: &[(String, String)],
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Result<T, Invalid> {
        match Self::object((object, text), String::new(), &mut faults, read) {
            Some(value) if faults.is_empty() => Ok(value),
            _ => Err(Invalid(faults)),
        }
    }

    fn object<T>(
        (object, text): (&Map<String, Value>, &[(String, String)]),
        pointer: String,
        faults: &mut Faults,
        read: impl FnOnce(&mut Fields<'_>) -> Option<T>,
    ) -> Option<T> {
        let (known, ignore_unknown, long_pages) = Default::default();
        let mut fields = Fields { object, text, pointer, known, ignore_unknown, long_pages, faults };
        let value = read(&mut fields);
        for name in object.keys().chain(text.iter().map(|(name, _)| name)) {
            if fields.ignore_unknown || fields.known.contains(name.as_str()) {
                continue;
            }
            if fields.faults.is_full() {
                fields.faults.omit(1);
                continue;
            }
            let pointer = fields.pointer.clone() + &super::pointer(name);
            fields.faults.push(Fault { pointer, detail: "is not a field here".into() });
        }
        value
    }

    /// Reads a required field.
    pub fn required<T: FromInput>(&mut self, name: &'static str) -> Option<T> {
        match self.optional(name)? {
            Some(value) => Some(value),
            None => self.fault(name, "is missing"),
        }
    }

    /// The value of a field if it passes a test. The error of the test is reported.
    pub fn test<T, E: Into<String>>(
        &mut self,
        name: &'static str,
        value: Option<T>,
        test: impl FnOnce(&T) -> Result<(), E>,
    ) -> Option<T> {
        let value = value?;
        match test(&value) {
            Ok(()) => Some(value),
            Err(error) => self.fault(name, error),
        }
    }

    /// Reads an optional field, which may also be null. Returns `None` for a fault, and `Some(None)` without the field.
    pub fn optional<T: FromInput>(&mut self, name: &'static str) -> Option<Option<T>> {
        self.known.insert(name);
        match self.get(name) {
            None => Some(None),
            Some(input) => match T::from_input(input) {
                Ok(value) => Some(Some(value)),
                Err(error) => self.fault(name, error),
            },
        }
    }

    /// Reads the optional field `from`, the start of a period.
    pub(crate) fn period_from(&mut self) -> Option<Option<Time>> {
        let period: Option<PeriodFrom> = self.optional("from")?;
        Some(period.map(|PeriodFrom(time)| time))
    }

    /// Reads the optional field `to`, the end of a period.
    pub(crate) fn period_to(&mut self) -> Option<Option<Time>> {
        let period: Option<PeriodTo> = self.optional("to")?;
        Some(period.map(|PeriodTo(time)| time))
    }

    /// Reads the identifier of something new.
    pub(crate) fn new_id<K>(&mut self, name: &'static str) -> Option<Id<K>> {
        let id = self.required(name);
        self.test(name, id, Id::check_new)
    }

    /// Reads an optional integer from 1 to `max`.
    pub(crate) fn ranged(&mut self, name: &'static str, max: u16, default: u16) -> Option<u16> {
        match self.optional::<i64>(name)? {
            None => Some(default),
            Some(value) => match within(value, max) {
                Ok(value) => Some(value),
                Err(detail) => self.fault(name, detail),
            },
        }
    }

    /// Reads an optional remark. Unlike a name, it may be invisible.
    pub(crate) fn remark(&mut self, name: &'static str) -> Option<Option<Name>> {
        let remark: Option<Remark> = self.optional(name)?;
        Some(remark.map(|Remark(text)| text))
    }

    /// Whether a field is present. It then counts as known.
    pub(crate) fn has(&mut self, name: &'static str) -> bool {
        self.known.insert(name);
        self.get(name).is_some()
    }

    /// Reads a list of at least one value.
    pub fn values<T: FromInput>(&mut self, name: &'static str) -> Option<Vec<T>> {
        self.list(name, |input, pointer, faults| match T::from_input(input) {
            Ok(value) => Some(value),
            Err(error) => {
                faults.push(Fault { pointer, detail: error.into() });
                None
            }
        })
    }

    /// Reads an optional list of at least one value.
    pub fn optional_values<T: FromInput>(&mut self, name: &'static str) -> Option<Option<Vec<T>>> {
        match self.get(name) {
            None => self.known.insert(name).then_some(None),
            Some(_) => self.values(name).map(Some),
        }
    }

    /// Reads a list of at least one object.
    pub fn objects<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Fields<'_>) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.list(name, |input, pointer, faults| match input {
            Input::Json(Value::Object(object)) => Fields::object((object, &[]), pointer, faults, &mut read),
            _ => {
                faults.push(Fault { pointer, detail: format!("must be an object, got {}", input.kind()) });
                None
            }
        })
    }

    /// Reports a fault of a field, and returns `None`.
    pub fn fault<T>(&mut self, name: &str, detail: impl Into<String>) -> Option<T> {
        let pointer = format!("{}/{name}", self.pointer);
        self.faults.push(Fault { pointer, detail: detail.into() });
        None
    }

    /// Accepts all further fields, when it is not known which ones belong here.
    pub(crate) fn accept_unknown(&mut self) {
        self.ignore_unknown = true;
    }

    /// Accepts pages with more rows than people read.
    pub(crate) fn allow_long_pages(&mut self) {
        self.long_pages = true;
    }

    /// Whether pages may have more rows than people read.
    pub(crate) fn allows_long_pages(&self) -> bool {
        self.long_pages
    }

    fn list<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(Input<'_>, String, &mut Faults) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.known.insert(name);
        match self.get(name) {
            None => self.fault(name, "is missing"),
            Some(Input::Json(Value::Array(list))) if list.is_empty() => self.fault(name, "must not be empty"),
            Some(Input::Json(Value::Array(list))) => {
                let mut values = Some(Vec::with_capacity(list.len()));
                for (index, value) in list.iter().enumerate() {
                    if self.faults.is_full() {
                        self.faults.omit(list.len() - index);
                        return None;
                    }
                    let pointer = format!("{}/{name}/{index}", self.pointer);
                    let value = read(Input::Json(value), pointer, self.faults);
                    // After the first fault, the rest of the list is only checked for further faults.
                    values = values.zip(value).map(|(mut values, value)| {
                        values.push(value);
                        values
                    });
                }
                values
            }
            // Text is a list of one.
            Some(text @ Input::Text(_)) => {
                let pointer = format!("{}/{name}/0", self.pointer);
                read(text, pointer, self.faults).map(|value| vec![value])
            }
            Some(input) => self.fault(name, format!("must be a list, got {}", input.kind())),
        }
    }

    /// The value of a field, unless it is left out or null.
    fn get(&self, name: &str) -> Option<Input<'a>> {
        find(self.object, self.text, name)
    }
}

/// An integer from 1 to `max`, or what is wrong with it.
pub(crate) fn within(value: i64, max: u16) -> Result<u16, String> {
    let fits = u16::try_from(value).ok().filter(|value| (1..=max).contains(value));
    fits.ok_or_else(|| format!("must be 1 to {max}, got {value}"))
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
        assert_eq!(faults.iter().count(), Faults::MAX);
        // Three faults an item: the seventh item has one too many. 494 items and two fields are left.
        assert_eq!(faults.omitted(), 1 + 494 + 2);
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
            let message = serde_json::to_string(&read.unwrap_err()).unwrap();
            assert!(message.len() < 15_500, "{} bytes for {name:?}", message.len());
        }
    }
}
