//! Tests the OpenAPI document: the file in the repository is the one that the code generates, and it describes every
//! route.

use std::collections::HashSet;
use std::path::Path;

use commerce_server::openapi;
use commerce_server::route::ROUTES;
use serde_json::{Value, json};

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

/// Generators of clients take a choice of constants for a choice of types, and some cannot read it.
#[test]
fn every_enumeration_is_an_enum_of_one_string_type() {
    let (mut choices, mut enumerations) = (0, 0);
    each_schema(&openapi::document(), &mut |schema| {
        assert!(!schema["const"].is_string(), "{schema}");
        for choice in ["oneOf", "anyOf"] {
            let Some(members) = schema[choice].as_array() else { continue };
            choices += 1;
            let constants =
                members.iter().filter(|member| !member["enum"].is_null() || !member["const"].is_null());
            assert_eq!(constants.count(), 0, "{schema}");
            assert!(
                members.iter().all(|member| !member["type"].is_null() || !member["$ref"].is_null()),
                "{schema}"
            );
        }
        if let Some(values) = schema["enum"].as_array() {
            enumerations += 1;
            assert_eq!(schema["type"], "string", "{schema}");
            assert!(values.iter().all(Value::is_string), "{schema}");
        }
    });
    assert!(choices > 0 && enumerations > 5, "{choices} {enumerations}");
}

#[test]
fn every_operation_says_whether_it_needs_a_token_and_has_a_name_and_a_group_of_its_own() {
    let document = openapi::document();
    let scheme = &document["components"]["securitySchemes"]["token"];
    assert_eq!((&scheme["type"], &scheme["scheme"]), (&json!("http"), &json!("bearer")));
    assert_eq!(document["security"], json!([{ "token": [] }]));
    let groups: Vec<_> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let mut names = HashSet::new();
    for route in &ROUTES {
        let described = &document["paths"][route.path][route.method.as_str().to_lowercase()];
        let public = ["/openapi.json", "/docs", "/livez", "/readyz"].contains(&route.path);
        let expected = if public { json!([]) } else { json!([{ "token": [] }]) };
        assert_eq!(described["security"], expected, "{}", route.path);
        assert!(
            names.insert(described["operationId"].to_string()),
            "{} {}",
            route.path,
            described["operationId"]
        );
        assert!(groups.contains(&&described["tags"][0]), "{}", described["tags"]);
    }
}

fn each_schema(value: &Value, check: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(object) => {
            check(value);
            object.values().for_each(|value| each_schema(value, check));
        }
        Value::Array(list) => list.iter().for_each(|value| each_schema(value, check)),
        _ => {}
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
