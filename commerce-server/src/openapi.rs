//! The OpenAPI 3.1 document of the API, derived from the route table and from the JSON Schemas of the engine's types.
//! A field that a type gains or loses appears here without further work.

use commerce_core::{Access, Fault, registry};
use serde_json::{Map, Value, json};

use crate::describe::{Description, Schemas};
use crate::route::{Builtin, EtagScope, Extension, Handler, Permission, ROUTES, Route};
use crate::{enumeration, examples};

/// The OpenAPI document.
pub fn document() -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for route in &ROUTES {
        let description = (route.describe)(&mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_lowercase()] = operation_object(route, description);
    }
    let fault = schemas.outputs.subschema_for::<Fault>().to_value();
    let mut components: Map<String, Value> = schemas.outputs.take_definitions(true);
    components.insert("Problem".into(), problem(&fault));
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "commerce",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "MIT OR Apache-2.0" },
            "description": INTRODUCTION,
        },
        "security": [{ "token": [] }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": { "Problem": {
                "description": "The request failed (RFC 9457). `code` is stable. The facts of a refusal are further members.",
                "headers": {
                    "X-Request-Id": text_header("Identifies this request in the server's log."),
                    "RateLimit-Policy": text_header("As for success."),
                    "RateLimit": text_header("As for success."),
                    "Retry-After": text_header("Seconds to wait before a retry, if `retryable` is true."),
                },
                "content": { "application/problem+json": { "schema": reference("schemas", "Problem") } },
            } },
            "securitySchemes": { "token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The secret of a token, as `commerce token create` shows it once. A server whose store has \
                    no token yet listens on loopback only, and answers requests from this machine without one.",
            } },
        },
    });
    enumeration::simplify(&mut document);
    examples::add(&mut document);
    document
}

const INTRODUCTION: &str = "A shop's engine: prepaid wallets, exact stock, carts, orders and best sellers. \
Amounts are integers in the currency's minor unit. Requests that change something accept the header \
`Idempotency-Key`: with the same key, a request takes effect once, however often it is sent. An operator may do \
everything. A viewer reads everything and changes nothing. A shopper reads the catalogue and acts as its own user, which it may \
leave out.";

fn operation_object(route: &Route, description: Description) -> Value {
    let Description { summary, mut fields, mut required, mut forms, media_type, answer } = description;
    let mut parameters = Vec::new();
    for name in path_parameters(route.path) {
        let field = route.field(name);
        let schema = fields.remove(field).unwrap_or_default();
        // A single value in the path means a list of one.
        let schema = if schema["items"].is_object() { schema["items"].clone() } else { schema };
        // A field in the path chooses the form.
        if let Some(position) = forms.iter().position(|form| form.iter().any(|name| name == field)) {
            let chosen = forms.swap_remove(position);
            forms.drain(..).flatten().for_each(|other| drop(fields.shift_remove(&other)));
            required.extend(chosen);
        }
        required.retain(|other| other != field);
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    let mut object = json!({
        "operationId": route.name,
        "tags": [tag(route)],
        "summary": summary,
        "description": audience(route.permission),
    });
    match route.handler {
        Handler::Operation(_) => {
            let key = json!({ "type": "string", "pattern": "^[!-~]{1,255}$" });
            let purpose = "Makes the request take effect once, however often it is sent.";
            parameters.push(header("Idempotency-Key", purpose, key));
            if route.extension == Extension::IfMatch {
                let purpose = "The `ETag` of an answer: the change is made only if that answer would still be given. \
                    Otherwise the status is 412. It may be a list of tags, or `*`. A weak tag is equal to none.";
                let tags = r#"^(\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*)$"#;
                parameters.push(header("If-Match", purpose, json!({ "type": "string", "pattern": tags })));
            }
            if !fields.is_empty() {
                let needed = !required.is_empty() || !forms.is_empty();
                let schema = body(&fields, &required, &forms);
                object["requestBody"] =
                    json!({ "required": needed, "content": { "application/json": { "schema": schema } } });
            }
        }
        Handler::Query { etag, .. } => {
            if etag != EtagScope::None {
                let purpose =
                    "The `ETag` of an earlier answer. If the answer is unchanged, the status is 304.";
                parameters.push(header("If-None-Match", purpose, json!({ "type": "string" })));
            }
            for (name, mut schema) in fields {
                // A parameter that is left out has no value; `null` would be text like any other.
                without_null(&mut schema);
                parameters.push(json!({ "name": name, "in": "query", "required": false, "schema": schema }));
            }
        }
        Handler::Operations => {
            for (name, purpose) in [
                ("trust_time", "Lines may have a time of their own (`at`). For operators."),
                ("stop_on_error", "The first line that is not done is the last one."),
                ("independent", "Each line stands alone: a failure of the store concerns only its own line."),
            ] {
                parameters.push(parameter(name, purpose, json!({ "type": "boolean", "default": false })));
            }
            let purpose = "The client's own name for a sequence of its requests. Only the request with the highest number in a \
                sequence is performed, so that a request that the network delivers late does nothing.";
            let name = json!({ "type": "string", "maxLength": 64 });
            parameters.push(parameter("sender", purpose, name));
            let purpose = "The number of the request in the sequence of its `sender`.";
            parameters.push(parameter("sequence", purpose, json!({ "type": "integer" })));
            let lines = json!({ "schema": { "type": "string" } });
            object["requestBody"] = json!({ "required": true, "content": { "application/jsonl": lines } });
        }
        Handler::NamedQuery => {
            let names: Vec<_> = registry::query_names().collect();
            parameters[0]["schema"] = json!({ "type": "string", "enum": names });
            let purpose = "Lets `limit` be up to 1,000.";
            parameters.push(parameter("long", purpose, json!({ "type": "boolean", "default": false })));
            let fields = json!({ "schema": { "type": "object" } });
            object["requestBody"] = json!({ "required": false, "content": { "application/json": fields } });
        }
        Handler::Builtin(Builtin::Version) => {
            let integer = json!({ "type": "integer" });
            parameters.push(parameter("after", "The version that the client knows.", integer));
            let purpose = "The instance of that version. The answer comes at once if it is another one.";
            parameters.push(parameter("instance", purpose, json!({ "type": "string" })));
            let seconds = json!({ "type": "integer", "minimum": 0, "maximum": 60, "default": 0 });
            parameters.push(parameter("wait", "How many seconds to wait for another version.", seconds));
        }
        Handler::Builtin(Builtin::Events) => {
            let schema = json!({ "type": "string", "pattern": "^[0-9]{1,18}$" });
            parameters.push(header("Last-Event-ID", "The id of the last event that was received.", schema));
        }
        Handler::Builtin(_) => {}
    }
    object["parameters"] = parameters.into();
    object["responses"] = responses(route, media_type, answer);
    // Stated for each operation as well as for all, since some generators of clients look at the operation alone.
    object["security"] = match route.permission {
        Permission::Public => json!([]),
        _ => json!([{ "token": [] }]),
    };
    object
}

/// The group of a route: what its operation or query is about.
fn tag(route: &Route) -> &'static str {
    match route.name.split_once('.') {
        Some((noun, _)) => noun,
        None if route.name == "events" => "event",
        None => "server",
    }
}

/// Whose tokens permit the use of a route.
fn audience(permission: Permission) -> &'static str {
    match permission {
        Permission::Public => "Needs no token.",
        Permission::AnyToken | Permission::Query(Access::Catalogue) => "For every token.",
        Permission::Operation(Access::Catalogue) => "For operators and shoppers.",
        Permission::Operation(Access::OwnUser) => "For operators, and for shoppers as their own user.",
        Permission::Operation(Access::OwnOrder) => "For operators, and for shoppers on orders of their own.",
        Permission::Operation(Access::Operator) => "For operators.",
        Permission::Query(Access::OwnUser) => {
            "For operators and viewers, and for shoppers as their own user."
        }
        Permission::Query(Access::OwnOrder) => {
            "For operators and viewers, and for shoppers on orders of their own."
        }
        Permission::Query(Access::Operator) => "For operators and viewers.",
    }
}

/// The groups in the order of their first routes.
fn tags() -> Value {
    let mut tags: Vec<&str> = Vec::new();
    for route in &ROUTES {
        if !tags.contains(&tag(route)) {
            tags.push(tag(route));
        }
    }
    tags.into_iter().map(|name| json!({ "name": name })).collect()
}

/// The schema of a body: one object, or one of several forms. A form leaves out the fields of the others, or sets
/// them to null.
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

fn responses(route: &Route, media_type: &str, schema: Value) -> Value {
    let mut headers =
        json!({ "X-Request-Id": text_header("The id of the request, from its header or generated.") });
    let mut problems = vec![400];
    let is_paid = ["order.place", "cart.checkout"].contains(&route.name);
    match route.handler {
        Handler::Operation(_) => {
            headers["Idempotent-Replayed"] =
                text_header("`true` if this repeats an earlier answer to the same key.");
            problems.extend([401, 403, 404, 408, 409, 413, 415, 422, 429, 500, 503]);
            problems.extend(is_paid.then_some(402));
            problems.extend((route.extension == Extension::IfMatch).then_some(412));
        }
        Handler::Query { .. } => problems.extend([401, 403, 404, 429, 500, 503]),
        Handler::Operations => problems.extend([401, 403, 408, 413, 415, 429, 500, 503]),
        Handler::NamedQuery => problems.extend([401, 403, 404, 408, 413, 415, 429, 500, 503]),
        Handler::Builtin(_) => {
            problems.extend([500, 503]);
            if route.permission != Permission::Public {
                problems.extend([401, 403, 429]);
            }
        }
    }
    if answers_pages(&schema) {
        headers["Link"] =
            text_header("Where the next page is, as `rel=\"next\"` (RFC 8288); absent on the last page.");
    }
    if route.permission != Permission::Public {
        headers["RateLimit-Policy"] = text_header(
            "The requests that a client may send, and the seconds for which that holds; absent without a limit.",
        );
        headers["RateLimit"] =
            text_header("What is left to the client (draft-ietf-httpapi-ratelimit-headers-10).");
    }
    let has_etag = matches!(route.handler, Handler::Query { etag: EtagScope::Body | EtagScope::Items, .. });
    if has_etag {
        headers["ETag"] = text_header("The version of this answer, for `If-None-Match`.");
    }
    if route.extension == Extension::IfMatch {
        headers["ETag"] =
            text_header("The version of what GET answers now, for `If-Match` and `If-None-Match`.");
    }
    let success = json!({ "description": "Success.", "headers": headers, "content": { media_type: { "schema": schema } } });
    let mut responses = json!({ route.status.as_str(): success });
    if has_etag {
        responses["304"] = json!({ "description": "The answer is unchanged." });
    }
    problems.sort_unstable();
    for status in problems {
        responses[status.to_string()] = reference("responses", "Problem");
    }
    responses
}

/// Whether an answer is a page of a list.
fn answers_pages(schema: &Value) -> bool {
    schema["$ref"].as_str().is_some_and(|name| name.contains("/ListOf"))
}

fn problem(fault: &Value) -> Value {
    json!({
        "type": "object",
        "properties": {
            "type": { "type": "string", "format": "uri-reference", "description": "Leads to the cause and the remedy, in /docs." },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "An explanation for people." },
            "code": { "type": "string", "description": "A stable code for programs." },
            "retryable": { "type": "boolean", "description": "Whether the same request may succeed later." },
            "outcome": {
                "type": "string",
                "enum": ["unknown"],
                "description": "Present if the request may have been carried out. Its `Idempotency-Key` leads to the outcome.",
            },
            "request_id": { "type": "string" },
            "errors": { "type": "array", "items": fault, "maxItems": 20,
                "description": "The faults of an invalid request." },
            "more": { "type": "integer",
                "description": "The number of faults that are not listed, and of list items that were not checked." },
        },
        "required": ["type", "title", "status", "detail", "code", "retryable", "request_id"],
    })
}

/// The names in braces.
fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn parameter(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "required": false, "description": description, "schema": schema })
}

fn header(name: &str, description: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema })
}

fn text_header(description: &str) -> Value {
    json!({ "description": description, "schema": { "type": "string" } })
}

fn reference(section: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{section}/{name}") })
}

fn without_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [one] = types.as_slice() {
            schema["type"] = one.clone();
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
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
