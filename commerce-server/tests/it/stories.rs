//! Plays the stories through HTTP: each operation and query through its own route, from the table. Those that no route can
//! express (a past time, several products removed from a cart at once, the list of events, a key with a line break) go to
//! the engine behind the same server.

use commerce_core::{Commerce, Currency, Error, Location, Options, SystemClock, input, registry};
use commerce_server::route::{ROUTES, Route};
use serde_json::{Map, Value, json};

use crate::http::{Answer, Client};
use crate::server::{TestServer, encoded};
use crate::sqld::Sqld;
use crate::story;

struct Door {
    server: TestServer,
    client: Client,
}

impl story::Door for Door {
    fn submit(&mut self, operation: &Value) -> Value {
        let Some((route, path, mut fields)) =
            operation["op"].as_str().and_then(|op| addressed(op, operation))
        else {
            return self.past_the_server(operation);
        };
        let in_a_header =
            |key: &Value| key.as_str().is_some_and(|key| key.bytes().all(|c| (b' '..=b'~').contains(&c)));
        if fields.contains_key("at") || !fields.get("key").is_none_or(in_a_header) {
            return self.past_the_server(operation);
        }
        fields.remove("op");
        let key = fields.remove("key");
        let key = key.as_ref().map(|key| key.as_str().expect("a key that is text"));
        let headers: Vec<_> = key.iter().map(|key| ("Idempotency-Key", *key)).collect();
        // A route with all its fields in the path takes no body.
        let body = Value::Object(fields);
        let body = Some(&body).filter(|body| *body != &json!({}));
        told(self.client.send(route.method.as_str(), &path, &headers, body).expect("an answer"))
    }

    fn ask(&mut self, query: &str, with: &Value) -> Value {
        let Some((_, path, fields)) = addressed(query, with) else {
            let asked = registry::parse_query(query, with).map_err(Error::from);
            return match asked.and_then(|asked| self.server.shop.query(&asked)) {
                Ok(answer) => answer,
                Err(error) => past(Err(error), query),
            };
        };
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let pairs: Vec<_> =
            fields.iter().map(|(name, value)| format!("{name}={}", encoded(&text(value)))).collect();
        let told = told(self.client.get(&format!("{path}?{}", pairs.join("&"))));
        told.get("ok").cloned().unwrap_or(told)
    }
}

impl Door {
    fn past_the_server(&self, operation: &Value) -> Value {
        let outcome = input::json(operation.to_string().as_bytes())
            .and_then(|value| registry::parse_operation(&value))
            .map_err(Error::from)
            .and_then(|submission| self.server.shop.submit(submission).wait());
        past(outcome.map(|answer| json!(answer)), operation)
    }
}

/// The outcome from the engine itself.
fn past(outcome: Result<Value, Error>, to: impl std::fmt::Display) -> Value {
    match outcome {
        Ok(answer) => json!({ "ok": answer }),
        Err(Error::Refused(refusal)) => json!({ "refused": refusal }),
        Err(Error::Invalid(invalid)) => json!({ "invalid": invalid }),
        Err(other) => panic!("{to}: {other}"),
    }
}

/// The route of an operation or query, its path with the fields filled in, and the other fields.
fn addressed(name: &str, fields: &Value) -> Option<(&'static Route, String, Map<String, Value>)> {
    let route = ROUTES.iter().find(|route| route.name == name)?;
    let mut fields = fields.as_object()?.clone();
    if name == "cart.remove" {
        let products = fields.remove("products")?;
        let [one] = products.as_array()?.as_slice() else { return None };
        fields.insert("product".into(), one.clone());
    }
    let mut path = String::new();
    for part in route.path.split('/').skip(1) {
        let value = match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            None => part.to_owned(),
            Some(name) => match fields.remove(name)? {
                Value::String(text) if !text.is_empty() => encoded(&text),
                Value::Number(number) if name == "order" => number.to_string(),
                // A value that is not text cannot be part of a path.
                _ => return None,
            },
        };
        path = format!("{path}/{value}");
    }
    Some((route, path, fields))
}

fn told(answer: Answer) -> Value {
    let (status, mut body) = (answer.status, answer.json());
    match status {
        200 | 201 => {
            if answer.header("idempotent-replayed") == Some("true") {
                body["replayed"] = true.into();
            }
            json!({ "ok": body })
        }
        400 => json!({ "invalid": body }),
        402 | 404 | 409 | 422 => json!({ "refused": body }),
        _ => panic!("{answer:?}"),
    }
}

#[test]
fn the_stories_hold_through_http() {
    story::play_all(|| {
        let server = TestServer::new();
        let client = server.client();
        Box::new(Door { server, client })
    });
}

#[test]
fn the_stories_hold_through_http_on_a_libsql_server() {
    let sqld = Sqld::start();
    let mut stories = 0;
    story::play_all(|| {
        stories += 1;
        let name = format!("story-{stories}");
        sqld.create_namespace(&name);
        let at: Location = format!("{}?namespace={name}", sqld.url()).parse().expect("a location");
        // A database that was just created does not sync, which does not matter here.
        let options = Options::new(SystemClock).allow_unsynced();
        let won = Currency::try_from("KRW").expect("a currency");
        let server = TestServer::of(Commerce::create(at, won, options).expect("a store"), |options| options);
        let client = server.client();
        Box::new(Door { server, client })
    });
}
