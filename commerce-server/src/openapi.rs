//! The document that describes the API (OpenAPI 3.1), read off the route table and the schemas that the
//! engine's own types derive: a field that a type gains or loses shows here by itself.

use commerce_core::{Fault, Operation, Query, outbox};
use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::route::{Does, ROUTES, Reach, Route, Tag, path_field};

/// The schemas of what is taken and of what is answered.
pub(crate) struct Schemas {
    taken: SchemaGenerator,
    answered: SchemaGenerator,
}

/// What a row of the table takes and answers.
pub(crate) struct Described {
    summary: String,
    /// The fields' schemas by name.
    fields: Map<String, Value>,
    required: Vec<String>,
    /// Where the fields can be given in several forms: those that each needs.
    forms: Vec<Vec<String>>,
    /// The media type and schema of success.
    answer: (&'static str, Value),
}

/// The document.
pub fn document() -> Value {
    let settings = |contract| {
        let mut settings = SchemaSettings::draft2020_12();
        settings.definitions_path = "/components/schemas".into();
        settings.contract = contract;
        settings
    };
    let mut taken = settings(Contract::Deserialize);
    taken.inline_subschemas = true;
    let mut schemas =
        Schemas { taken: taken.into_generator(), answered: settings(Contract::Serialize).into_generator() };
    let mut paths = Map::new();
    for route in &ROUTES {
        let described = (route.describe)(&mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation_object(route, described);
    }
    let fault = schemas.answered.subschema_for::<Fault>().to_value();
    let mut components: Map<String, Value> = schemas.answered.take_definitions(true);
    components.insert("Problem".into(), problem(&fault));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "commerce",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
            "description": INTRODUCTION,
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": { "Problem": {
                "description": "Why it was not done (RFC 9457). `code` is stable; a refusal's facts stand beside it.",
                "headers": {
                    "X-Request-Id": text_header("Finds this request in the server's log."),
                    "Retry-After": text_header("Seconds to wait, where `retryable` is true."),
                },
                "content": { "application/problem+json": { "schema": reference("schemas", "Problem") } },
            } },
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

const INTRODUCTION: &str = "A shop's engine: prepaid wallets, exact stock, carts, orders and best sellers. \
Amounts are integers in the currency's minor unit. A request that changes something takes the header \
`Idempotency-Key`: with it, it is done once, however often it is sent. An operator may do everything; a shopper \
reads the catalogue and acts as its own user, which it need not name.";

pub(crate) fn operation<O>(schemas: &mut Schemas) -> Described
where
    O: Operation + JsonSchema,
    O::Reply: JsonSchema,
{
    described::<O>(schemas, |schemas| schemas.answered.subschema_for::<O::Reply>().to_value())
}

pub(crate) fn query<Q>(schemas: &mut Schemas) -> Described
where
    Q: Query + JsonSchema,
    Q::Answer: JsonSchema,
{
    described::<Q>(schemas, |schemas| schemas.answered.subschema_for::<Q::Answer>().to_value())
}

pub(crate) fn events(_: &mut Schemas) -> Described {
    let fields = json!({});
    let answer = ("text/event-stream", json!({ "type": "string" }));
    let summary = "The outbox as a live stream: one server-sent event per committed fact, `data` its CloudEvents 1.0 \
        envelope. Goes on after `Last-Event-ID` (0 for all there ever was), else with what comes from now on.";
    let (required, forms) = (Vec::new(), Vec::new());
    Described { summary: summary.into(), fields: object(fields), required, forms, answer }
}

pub(crate) fn this(_: &mut Schemas) -> Described {
    page("This document.", "application/json", json!({ "type": "object" }))
}

pub(crate) fn docs(_: &mut Schemas) -> Described {
    page("This document as a page to read.", "text/html", json!({ "type": "string" }))
}

pub(crate) fn alive(_: &mut Schemas) -> Described {
    let ok =
        json!({ "type": "object", "properties": { "status": { "const": "ok" } }, "required": ["status"] });
    page("Whether the server runs.", "application/json", ok)
}

pub(crate) fn ready(schemas: &mut Schemas) -> Described {
    let outbox = schemas.taken.subschema_for::<outbox::Backlog>().to_value();
    let ok = json!({
        "type": "object",
        "properties": {
            "status": { "const": "ok" },
            "outbox": outbox,
            "clock_ahead_seconds": {
                "type": "integer",
                "minimum": 0,
                "description": "By how much the newest stored time is ahead of the clock: more than a minute, and some clock is or was wrong.",
            },
        },
        "required": ["status", "outbox", "clock_ahead_seconds"],
    });
    page("Whether the store can be written, and how far the delivery of events is.", "application/json", ok)
}

pub(crate) fn metrics(_: &mut Schemas) -> Described {
    page("Figures for Prometheus.", "text/plain", json!({ "type": "string" }))
}

fn page(summary: &str, kind: &'static str, schema: Value) -> Described {
    let (fields, required, forms) = (Map::new(), Vec::new(), Vec::new());
    Described { summary: summary.into(), fields, required, forms, answer: (kind, schema) }
}

fn described<T: JsonSchema>(schemas: &mut Schemas, answer: impl FnOnce(&mut Schemas) -> Value) -> Described {
    let schema = T::json_schema(&mut schemas.taken).to_value();
    let names = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    Described {
        summary: schema["description"].as_str().unwrap_or_default().into(),
        fields: object(schema["properties"].clone()),
        required: names(&schema["required"]),
        forms: schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|form| names(&form["required"]))
            .collect(),
        answer: ("application/json", answer(schemas)),
    }
}

fn operation_object(route: &Route, described: Described) -> Value {
    let Described { summary, mut fields, mut required, mut forms, answer } = described;
    let mut parameters = Vec::new();
    for name in path_names(route.path) {
        let (field, value) = path_field(route, name, "");
        let schema = fields.remove(&field).unwrap_or_default();
        // One in the path stands for a list of one.
        let schema = if value.is_array() { schema["items"].clone() } else { schema };
        // A field in the path chooses the form.
        if let Some(place) = forms.iter().position(|form| form.contains(&field)) {
            let chosen = forms.swap_remove(place);
            forms.drain(..).flatten().for_each(|other| drop(fields.shift_remove(&other)));
            required.extend(chosen);
        }
        required.retain(|other| *other != field);
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    let mut object = json!({ "operationId": route.name, "summary": summary });
    match route.does {
        Does::Submit(_) => {
            let key = json!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
            parameters.push(header("Idempotency-Key", "Does it once, however often it is sent.", key));
            if !fields.is_empty() {
                let needed = !required.is_empty() || !forms.is_empty();
                let schema = body(&fields, &required, &forms);
                object["requestBody"] =
                    json!({ "required": needed, "content": { "application/json": { "schema": schema } } });
            }
        }
        Does::Ask { tag, .. } => {
            if tag != Tag::No {
                let known = "The tag of an answer that the client has: 304 where it is still the answer.";
                parameters.push(header("If-None-Match", known, json!({ "type": "string" })));
            }
            for (name, mut schema) in fields {
                // What is left out of a URL is not there; null is a word like any other.
                without_null(&mut schema);
                parameters.push(json!({ "name": name, "in": "query", "required": false, "schema": schema }));
            }
        }
        Does::Tell(_) => {
            if route.name == "events" {
                let schema = json!({ "type": "string", "pattern": "^[0-9]{1,18}$" });
                parameters.push(header("Last-Event-ID", "The last event that the client has.", schema));
            }
        }
    }
    object["parameters"] = parameters.into();
    object["responses"] = responses(route, answer);
    if route.reach != Reach::Open {
        object["security"] = json!([{ "token": [] }]);
    }
    object
}

/// What a body may be: one object, or one of several forms, in which the fields of the others are left out (or null).
fn body(fields: &Map<String, Value>, required: &[String], forms: &[Vec<String>]) -> Value {
    let object = |fields: &Map<String, Value>, required: &[String]| json!({ "type": "object", "properties": fields, "required": required, "additionalProperties": false });
    let form = |form: &Vec<String>| {
        let mut fields = fields.clone();
        for other in forms.iter().flatten().filter(|other| !form.contains(other)) {
            fields.insert(other.clone(), json!({ "type": "null" }));
        }
        object(&fields, &[required, form].concat())
    };
    match forms {
        [] => object(fields, required),
        forms => json!({ "oneOf": forms.iter().map(form).collect::<Vec<_>>() }),
    }
}

fn responses(route: &Route, (kind, schema): (&'static str, Value)) -> Value {
    let mut headers = json!({ "X-Request-Id": text_header("The request's id, given or made.") });
    let mut problems = vec![400];
    let money = ["order.place", "cart.checkout"].contains(&route.name);
    match route.does {
        Does::Submit(_) => {
            headers["Idempotent-Replayed"] =
                text_header("`true` where this was answered before, under the same key.");
            problems.extend([401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503]);
            problems.extend(money.then_some(402));
        }
        Does::Ask { .. } => problems.extend([401, 403, 404, 429, 500, 503]),
        Does::Tell(_) => {
            problems.extend([500, 503]);
            if route.reach != Reach::Open {
                problems.extend([401, 403, 429]);
            }
        }
    }
    let tagged = matches!(route.does, Does::Ask { tag: Tag::Whole | Tag::Items, .. });
    if tagged {
        headers["ETag"] = text_header("The tag of this answer.");
    }
    let success =
        json!({ "description": "Done.", "headers": headers, "content": { kind: { "schema": schema } } });
    let mut responses = json!({ route.status.as_str(): success });
    if tagged {
        responses["304"] = json!({ "description": "The client has the answer." });
    }
    problems.sort_unstable();
    for status in problems {
        responses[status.to_string()] = reference("responses", "Problem");
    }
    responses
}

fn problem(fault: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "A sentence for people." },
            "code": { "type": "string", "description": "Stable; for programs." },
            "retryable": { "type": "boolean", "description": "Whether the same request may succeed later." },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": fault, "maxItems": 20,
                "description": "The faults of an invalid request." },
            "more": { "type": "integer",
                "description": "How many faults, and items of lists not looked at because of them, are not listed." },
        },
        "required": ["type", "title", "status", "detail", "code", "retryable", "request_id"],
    })
}

/// The names in braces.
fn path_names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema })
}

fn text_header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

fn reference(of: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{of}/{name}") })
}

fn without_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(Value::Array(any)) = schema.get_mut("anyOf") {
        any.retain(|one| one["type"] != "null");
        if let [one] = any.as_slice() {
            let one = one.clone();
            let description = schema.get("description").cloned();
            *schema = one;
            schema["description"] = description.unwrap_or_default();
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}
