//! Tests failing calls of a server. Successful requests were done and unavailable ones were not. The server never reports
//! `internal`, and it stops when told to.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use super::faults::{OTHERS, READS, WRITES, each, step};
use super::{blamed, ended};
use crate::instances::http::{Answer, Client};
use crate::power::beginning;
use crate::power::check::Promises;
use crate::power::script::{Line, Script};
use crate::power::stage::{Said, Stage, Watch, get};
use crate::power::tally::Image;
use crate::shim::{Fault, Shim};
use crate::system;

#[test]
fn a_server() {
    let script = Script::obliging(0, 1);
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    each("serve", &[WRITES, READS, OTHERS].concat(), step(9), &|fault| attempt(&script, &promises, fault));
}

fn attempt(script: &Script, promises: &Promises, fault: Fault) -> Result<bool, String> {
    let stage = Stage::new(beginning());
    let shim = Shim { fault: Some(fault), ..stage.shim() };
    let mut program = stage.program(&["serve", "--listen", "127.0.0.1:0"], &shim);
    let mut child = program.stderr(Stdio::piped()).spawn().unwrap();
    let _watch = Watch::over(&child, &shim);
    let said = serve(script, &mut child);
    let status = child.wait().unwrap();
    let left = get(&stage.path());
    let recording = stage.finish();
    if !recording.failed() {
        return Ok(false);
    }
    ended(status)?;
    let said = said?;
    blamed(&said)?;
    promises.hold_despite_errors(&Image::new(&left), &said).map_err(|lost| lost.told)?;
    Ok(true)
}

/// Sends every line as a request and then stops the server. Returns the answers as results of `apply`.
fn serve(script: &Script, child: &mut Child) -> Result<Vec<Said>, String> {
    let mut told = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    // If it cannot start, it ends with an exit code.
    let Some(address) =
        told.find_map(|line| Some(line.strip_prefix("listening on http://")?.parse().unwrap()))
    else {
        return Ok(Vec::new());
    };
    std::thread::spawn(move || told.for_each(drop));
    let mut client = Client::connect(address).unwrap();
    client.set_timeout(Duration::from_secs(10));
    let mut said = Vec::new();
    for (at, line) in script.0.iter().enumerate() {
        let (path, body) = request(line);
        let answer = client.send("POST", &path, &[("Idempotency-Key", line.key())], Some(&body));
        let answer = answer.map_err(|error| format!("{path} is not answered: {error}"))?;
        said.push(Said { at, text: result(&answer).to_string(), asked: Some(line.clone()) });
    }
    system::signal(child.id(), "TERM");
    Ok(said)
}

/// The route of an operation, and the body of the request.
fn request(line: &Line) -> (String, Value) {
    let mut body = line.operation.clone();
    let fields = body.as_object_mut().unwrap();
    fields.remove("key");
    let mut field =
        |name: &str| fields.remove(name).map(|value| value.as_str().map_or(value.to_string(), Into::into));
    let operation = field("op").unwrap();
    let path = match operation.as_str() {
        "user.add" => "/v1/users".into(),
        "product.add" => "/v1/products".into(),
        "order.place" => "/v1/orders".into(),
        "wallet.charge" => format!("/v1/users/{}/charges", field("user").unwrap()),
        "cart.add" => format!("/v1/users/{}/cart/items", field("user").unwrap()),
        "cart.checkout" => format!("/v1/users/{}/cart/checkout", field("user").unwrap()),
        "stock.adjust" => format!("/v1/products/{}/stock", field("product").unwrap()),
        "order.cancel" => format!("/v1/orders/{}/cancel", field("order").unwrap()),
        other => panic!("{other} has no route here"),
    };
    (path, body)
}

/// An answer in the format of `apply`.
fn result(answer: &Answer) -> Value {
    let body = answer.json();
    match answer.status {
        200 | 201 => json!({ "ok": body }),
        // The operation may have been done; the answer says only that.
        503 if body["detail"].as_str().is_some_and(|detail| detail.contains("is unknown")) => {
            json!({ "error": { "code": "unknown" } })
        }
        400 | 404 | 409 | 402 | 422 => json!({ "refused": body }),
        _ => json!({ "error": body }),
    }
}
