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

    /// The value of a field, unless it is left out or null. Text takes precedence over JSON.
    pub fn get(&self, name: &str) -> Option<Input<'_>> {
        find(&self.object, &self.text, name)
    }

    /// Whether a field is present, even as null.
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::id::ProductId;
    use crate::input::{Faults, Fields};

    fn raw(object: Value, text: &[(&str, &str)]) -> RawFields {
        let mut fields = RawFields::new(object.as_object().cloned().unwrap());
        text.iter().for_each(|(name, text)| fields.set_text(*name, *text));
        fields
    }

    #[test]
    fn text_counts_before_json_and_the_last_text_before_others() {
        let fields = raw(json!({ "a": 1, "b": null }), &[("a", "2"), ("a", "3"), ("c", "x")]);
        assert_eq!(fields.get("a").map(Input::integer), Some(Ok(3)));
        assert!(fields.get("b").is_none() && fields.contains("b"), "null is no value");
        assert!(fields.contains("c") && !fields.contains("d"));
    }

    #[test]
    fn each_field_reads_text_by_its_own_type_and_unknown_text_is_reported() {
        let fields =
            raw(json!({ "limit": 7 }), &[("product", "5"), ("products", "mug"), ("days", "5"), ("x", "5")]);
        let read = Fields::read_raw(Faults::default(), &fields, |fields| {
            let product: ProductId = fields.required("product")?;
            let products: Vec<ProductId> = fields.values("products")?;
            let (days, limit): (i64, i64) = (fields.required("days")?, fields.required("limit")?);
            assert_eq!(
                (product.as_str(), products[0].as_str(), products.len(), days, limit),
                ("5", "mug", 1, 5, 7)
            );
            Some(())
        });
        let pointers: Vec<_> = read.unwrap_err().0.iter().map(|fault| fault.pointer.clone()).collect();
        assert_eq!(pointers, ["/x"]);
    }
}
