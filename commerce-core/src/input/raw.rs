//! The fields of a request before they are read.

use serde_json::{Map, Value};

use super::value::Input;

/// The fields of a request: those of a JSON object, and those that came as text, such as the path and the query of a URL.
#[derive(Clone, Debug, Default)]
pub struct RawFields {
    pub(super) object: Map<String, Value>,
    pub(super) text: Vec<(String, String)>,
}

impl RawFields {
    /// The fields of an object.
    pub fn new(object: Map<String, Value>) -> Self {
        Self { object, text: Vec::new() }
    }

    /// The value of a field, unless it is left out or null. Text counts before JSON.
    pub fn get(&self, name: &str) -> Option<Input<'_>> {
        find(&self.object, &self.text, name)
    }

    /// Whether a field is there, even as null.
    pub fn contains(&self, name: &str) -> bool {
        self.object.contains_key(name) || self.text.iter().any(|(known, _)| known == name)
    }

    /// Sets a field to text, in place of any value that it has.
    pub fn set_text(&mut self, name: impl Into<String>, text: impl Into<String>) {
        let (name, text) = (name.into(), text.into());
        match self.text.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = text,
            None => self.text.push((name, text)),
        }
    }
}

pub(super) fn find<'a>(
    object: &'a Map<String, Value>,
    text: &'a [(String, String)],
    name: &str,
) -> Option<Input<'a>> {
    match text.iter().find(|(known, _)| known == name) {
        Some((_, text)) => Some(Input::Text(text)),
        None => object.get(name).filter(|value| !value.is_null()).map(Input::Json),
    }
}
