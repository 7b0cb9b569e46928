//! Examples for the OpenAPI document: requests to a small shop, and its answers. A test (`tests/it/examples.rs`) sends the
//! requests and compares the answers, so no example can be outdated.

use serde_json::{Map, Value};

/// By the name of a route: `path` and `query`, the parameters by name; `body`, what is sent; `answer`.
const RECORDED: &str = include_str!("examples.json");

/// Adds the examples to the parameters, bodies and answers of the document.
pub(crate) fn add(document: &mut Value) {
    let recorded: Map<String, Value> = serde_json::from_str(RECORDED).unwrap_or_default();
    let Some(paths) = document["paths"].as_object_mut() else { return };
    for operation in paths.values_mut().filter_map(Value::as_object_mut).flat_map(Map::values_mut) {
        let name = operation["operationId"].as_str().unwrap_or_default();
        let recorded = recorded.get(name).unwrap_or(&Value::Null);
        for parameter in operation["parameters"].as_array_mut().into_iter().flatten() {
            let value = &recorded[parameter["in"].as_str().unwrap_or_default()]
                [parameter["name"].as_str().unwrap_or_default()];
            set(parameter, value);
        }
        if let Some(body) = operation.get_mut("requestBody") {
            set_content(body, &recorded["body"]);
        }
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            if status.starts_with('2') {
                set_content(response, &recorded["answer"]);
            }
        }
    }
    set_content(
        &mut document["components"]["responses"]["Problem"],
        recorded.get("problem").unwrap_or(&Value::Null),
    );
}

fn set_content(holder: &mut Value, example: &Value) {
    for content in holder["content"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        set(content, example);
    }
}

fn set(holder: &mut Value, example: &Value) {
    if !example.is_null() {
        holder["example"] = example.clone();
    }
}
