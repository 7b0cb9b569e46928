//! Enumerations in the form that generators of clients understand: `enum` of one string type. Schemars describes each
//! documented value by a schema of its own, which they would take for a choice of types.

use serde_json::{Map, Value, json};

/// Rewrites every choice of constant strings in a document into one `enum`. What was said of a value becomes a part of the
/// description.
pub(crate) fn simplify(document: &mut Value) {
    match document {
        Value::Object(object) => {
            object.values_mut().for_each(simplify);
            rewrite(object);
        }
        Value::Array(list) => list.iter_mut().for_each(simplify),
        _ => {}
    }
}

fn rewrite(schema: &mut Map<String, Value>) {
    if let Some(value @ Value::String(_)) = schema.get("const").cloned() {
        schema.shift_remove("const");
        set(schema, vec![value], String::new());
    }
    for choice in ["oneOf", "anyOf"] {
        let Some(Value::Array(members)) = schema.get(choice) else { continue };
        let Some(values) = members.iter().map(strings).collect::<Option<Vec<_>>>() else { continue };
        let said = members.iter().zip(&values).filter_map(|(member, values)| {
            let ([value], said) = (values.as_slice(), member["description"].as_str()?) else { return None };
            Some(format!("\n- `{}`: {said}", value.as_str()?))
        });
        let said = said.collect();
        schema.shift_remove(choice);
        set(schema, values.concat(), said);
    }
}

/// The strings to which a schema is limited, or `None` for any other schema. Members are rewritten before the schema that holds
/// them.
fn strings(schema: &Value) -> Option<Vec<Value>> {
    let values = schema["enum"].as_array()?;
    values.iter().all(Value::is_string).then(|| values.clone())
}

fn set(schema: &mut Map<String, Value>, values: Vec<Value>, said: String) {
    schema.insert("type".into(), "string".into());
    schema.insert("enum".into(), values.into());
    if !said.is_empty() {
        let description = schema.entry("description").or_insert_with(|| json!(""));
        *description = format!("{}\n{said}", description.as_str().unwrap_or_default()).trim_start().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_of_constants_becomes_an_enumeration_and_no_other_choice_does() {
        let mut schema = json!({
            "properties": {
                "status": {
                    "description": "The status.",
                    "oneOf": [
                        { "type": "string", "const": "paid", "description": "It was paid." },
                        { "type": "string", "enum": ["a", "b"] },
                    ],
                },
                "ready": { "const": "ok" },
                "choice": { "oneOf": [{ "type": "object" }, { "const": "no" }] },
                "delta": { "type": "integer", "not": { "const": 0 } },
            },
        });
        simplify(&mut schema);
        let expected = json!({
            "properties": {
                "status": {
                    "description": "The status.\n\n- `paid`: It was paid.",
                    "type": "string",
                    "enum": ["paid", "a", "b"],
                },
                "ready": { "type": "string", "enum": ["ok"] },
                "choice": { "oneOf": [{ "type": "object" }, { "type": "string", "enum": ["no"] }] },
                "delta": { "type": "integer", "not": { "const": 0 } },
            },
        });
        assert_eq!(schema, expected);
    }
}
