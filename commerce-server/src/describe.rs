//! Descriptions of routes for the OpenAPI document: what each takes and answers, from the JSON Schemas that the
//! engine's own types derive.

use commerce_core::{Operation, Query, outbox, token};
use schemars::generate::{Contract, SchemaSettings};
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::version_answer::VersionAnswer;

/// The JSON Schemas of all types in the document.
pub(crate) struct Schemas {
    /// What requests hold, written out where it is used.
    pub(crate) inputs: SchemaGenerator,
    /// What answers hold, defined once each under `components`.
    pub(crate) outputs: SchemaGenerator,
}

/// What a route takes and answers.
pub(crate) struct Description {
    pub(crate) summary: String,
    /// The schemas of the fields by name.
    pub(crate) fields: Map<String, Value>,
    pub(crate) required: Vec<String>,
    /// Where the fields can be given in several forms: the fields that each form requires.
    pub(crate) forms: Vec<Vec<String>>,
    /// The media type of a successful answer.
    pub(crate) media_type: &'static str,
    /// The schema of a successful answer.
    pub(crate) answer: Value,
}

impl Schemas {
    pub(crate) fn new() -> Self {
        let settings = |contract| {
            let mut settings = SchemaSettings::draft2020_12();
            settings.definitions_path = "/components/schemas".into();
            settings.contract = contract;
            settings
        };
        let mut inputs = settings(Contract::Deserialize);
        inputs.inline_subschemas = true;
        Self { inputs: inputs.into_generator(), outputs: settings(Contract::Serialize).into_generator() }
    }
}

pub(crate) fn operation<O>(schemas: &mut Schemas) -> Description
where
    O: Operation + JsonSchema,
    O::Reply: JsonSchema,
{
    described::<O>(schemas, |schemas| schemas.outputs.subschema_for::<O::Reply>().to_value())
}

pub(crate) fn query<Q>(schemas: &mut Schemas) -> Description
where
    Q: Query + JsonSchema,
    Q::Answer: JsonSchema,
{
    described::<Q>(schemas, |schemas| schemas.outputs.subschema_for::<Q::Answer>().to_value())
}

pub(crate) fn retry_events(schemas: &mut Schemas) -> Description {
    let mut description = operation::<outbox::Retry>(schemas);
    let events = description.answer;
    let all = "Retry every dead event, however many there are. The answer holds their number.";
    description.fields.insert("all".into(), json!({ "type": "boolean", "const": true, "description": all }));
    description.required.clear();
    description.forms = vec![vec!["events".into()], vec!["all".into()]];
    let count = json!({ "type": "object", "properties": { "count": { "type": "integer", "minimum": 0 } }, "required": ["count"] });
    description.answer = json!({ "anyOf": [events, count] });
    description
}

pub(crate) fn create_token(schemas: &mut Schemas) -> Description {
    let mut description = operation::<token::Create>(schemas);
    description.summary += " Without a digest, the server makes the secret and answers with it, once. A client that gives \
        the digest of a secret of its own can repeat the request.";
    description.required.retain(|name| name != "digest");
    let secret = json!({ "type": "string", "description": "The secret, if the request had no digest. It is not shown again." });
    description.answer =
        json!({ "allOf": [description.answer, { "type": "object", "properties": { "secret": secret } }] });
    description
}

pub(crate) fn verify(_: &mut Schemas) -> Description {
    let summary = "Recomputes every balance, stock and sales figure from the ledgers while the shop works. The answer is \
        lines of JSON: `{\"progress\": …}`, and at the end `{\"audit\": …}` with the differences, or `{\"failed\": …}`.";
    resource(summary, "application/jsonl", json!({ "type": "string" }))
}

pub(crate) fn events(_: &mut Schemas) -> Description {
    let summary = "Streams the outbox as server-sent events, one for each committed event. `data` is the CloudEvents 1.0 \
        envelope. The stream continues after `Last-Event-ID` (0 for all events), or starts with the next event.";
    resource(summary, "text/event-stream", json!({ "type": "string" }))
}

pub(crate) fn operations(_: &mut Schemas) -> Description {
    let summary = "Performs operations, one for each line: `{\"op\": \"order.place\", \"key\": …, …}` with the operation's \
        fields. Lines are performed in order, in as few commits as possible. The answer has a result for each line that is \
        not blank, sent as its group commits: `{\"line\": 1, \"ok\": …}`, `refused`, `invalid` or `failed`. A line at which \
        the store fails is the last one, unless the lines are independent. Give each line a key: a client that loses the \
        connection sends the lines without a result again. Nothing is done for a body that does not arrive whole; after \
        that all lines are performed, even if the client goes away. The request counts once against the rate limit.";
    resource(summary, "application/jsonl", json!({ "type": "string" }))
}

pub(crate) fn named_query(_: &mut Schemas) -> Description {
    let summary = "Answers any query. The body holds its fields, if it has any.";
    resource(summary, "application/json", json!({ "type": "object" }))
}

pub(crate) fn version(schemas: &mut Schemas) -> Description {
    let answer = schemas.outputs.subschema_for::<VersionAnswer<'static>>().to_value();
    let summary = "Returns the version of the store, and who asks. With `after`, the answer waits until the version differs.";
    resource(summary, "application/json", answer)
}

pub(crate) fn openapi(_: &mut Schemas) -> Description {
    resource("Returns this document.", "application/json", json!({ "type": "object" }))
}

pub(crate) fn docs(_: &mut Schemas) -> Description {
    resource("Shows this document as a web page.", "text/html", json!({ "type": "string" }))
}

pub(crate) fn livez(_: &mut Schemas) -> Description {
    let ok =
        json!({ "type": "object", "properties": { "status": { "const": "ok" } }, "required": ["status"] });
    resource("Reports that the server runs.", "application/json", ok)
}

pub(crate) fn readyz(schemas: &mut Schemas) -> Description {
    let outbox = schemas.inputs.subschema_for::<outbox::Backlog>().to_value();
    let ok = json!({
        "type": "object",
        "properties": {
            "status": { "const": "ok" },
            "outbox": outbox,
            "clock_ahead_seconds": {
                "type": "integer",
                "minimum": 0,
                "description": "Seconds by which the newest stored time is ahead of the clock. More than 60 means that a clock is or was wrong.",
            },
            "synced": {
                "type": "boolean",
                "description": "Whether a commit is on disk when it is acknowledged. It is not on a libSQL server that does not sync and is served with --allow-unsynced.",
            },
            "clock_offset_seconds": {
                "type": "number",
                "description": "Seconds by which the clock of this machine is ahead of the libSQL server's, whose time counts. Absent for a store in a file.",
            },
        },
        "required": ["status", "outbox", "clock_ahead_seconds", "synced"],
    });
    resource(
        "Reports whether the store accepts writes, and the backlog of event delivery.",
        "application/json",
        ok,
    )
}

pub(crate) fn metrics(_: &mut Schemas) -> Description {
    resource("Returns metrics for Prometheus.", "text/plain", json!({ "type": "string" }))
}

fn resource(summary: &str, media_type: &'static str, answer: Value) -> Description {
    let (fields, required, forms) = (Map::new(), Vec::new(), Vec::new());
    Description { summary: summary.into(), fields, required, forms, media_type, answer }
}

fn described<T: JsonSchema>(
    schemas: &mut Schemas,
    answer: impl FnOnce(&mut Schemas) -> Value,
) -> Description {
    let mut schema = T::json_schema(&mut schemas.inputs).to_value();
    let names = |list: &Value| -> Vec<String> {
        list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let forms = schema["oneOf"].as_array().into_iter().flatten();
    Description {
        summary: schema["description"].as_str().unwrap_or_default().into(),
        required: names(&schema["required"]),
        forms: forms.map(|form| names(&form["required"])).collect(),
        fields: match schema["properties"].take() {
            Value::Object(fields) => fields,
            _ => Map::new(),
        },
        media_type: "application/json",
        answer: answer(schemas),
    }
}
