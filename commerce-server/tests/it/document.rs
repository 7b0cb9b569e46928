//! Tests the OpenAPI document: the file in the repository is the one that the code generates, and it describes every
//! route.

use std::path::Path;

use commerce_server::openapi;
use commerce_server::route::ROUTES;
use serde_json::Value;

/// To renew the file: `COMMERCE_UPDATE=1 cargo test -p commerce-server document`.
#[test]
fn the_file_is_what_the_code_says() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let now = serde_json::to_string_pretty(&openapi::document()).unwrap() + "\n";
    if std::env::var_os("COMMERCE_UPDATE").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let kept = std::fs::read_to_string(&file).expect("openapi.json");
    assert!(kept == now, "openapi.json differs from the code; renew it as this test says");
}

#[test]
fn every_route_is_described_and_every_reference_leads_somewhere() {
    let document = openapi::document();
    for route in &ROUTES {
        let described = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        assert!(described["responses"][route.status.as_str()].is_object(), "{} {}", route.method, route.path);
        let parameters = described["parameters"].as_array().unwrap();
        assert!(
            parameters.iter().all(|parameter| parameter["schema"].is_object()),
            "{}: {parameters:#?}",
            route.path
        );
        assert!(described["summary"].as_str().is_some_and(|text| !text.is_empty()), "{}", route.path);
    }
    let mut references = Vec::new();
    gather(&document, &mut references);
    assert!(references.len() > 50, "{references:?}");
    for reference in references {
        let found = document.pointer(reference.trim_start_matches('#'));
        assert!(found.is_some(), "{reference} leads nowhere");
    }
}

fn gather(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            references.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| gather(value, references));
        }
        Value::Array(list) => list.iter().for_each(|value| gather(value, references)),
        _ => {}
    }
}
