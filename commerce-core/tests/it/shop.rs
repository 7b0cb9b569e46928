//! A store of its own for each test, on a file or on a server, and operations as JSON.

use std::path::{Path, PathBuf};

use commerce_core::{Commerce, Currency, Error, Location, Options, SystemClock, input, operation, query};
use serde_json::{Value, json};

use crate::sqld::Sqld;

/// What a store lies on.
#[derive(Clone, Copy, Debug)]
pub enum On {
    File,
    Server,
}

/// Plays a test on every kind of store.
pub fn everywhere(test: impl Fn(On)) {
    for on in [On::File, On::Server] {
        eprintln!("on a {on:?}");
        test(on);
    }
}

/// A shop that goes with its folder and its server.
pub struct Shop {
    pub commerce: Commerce,
    /// The store's file, or the place of one where the store lies on a server.
    pub path: PathBuf,
    pub server: Option<Sqld>,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Self {
        Self::on(On::File)
    }

    pub fn on(on: On) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let server = match on {
            On::File => None,
            On::Server => Some(Sqld::start()),
        };
        let won = Currency::new("KRW").expect("a currency");
        let path = folder.path().join("shop.db");
        let commerce = Commerce::create(location(&path, server.as_ref()), won, Options::new(SystemClock));
        Self { commerce: commerce.expect("a store"), path, server, _folder: folder }
    }

    /// Where the store is.
    pub fn at(&self) -> Location {
        location(&self.path, self.server.as_ref())
    }

    /// Does an operation and tells the outcome in the form of `apply`'s results.
    pub fn submit(&self, operation: &Value) -> Value {
        told(submit(&self.commerce, operation))
    }

    pub fn ask(&self, name: &str, with: &Value) -> Value {
        let query = match query::parse(name, with) {
            Ok(query) => query,
            Err(invalid) => return json!({ "invalid": invalid }),
        };
        match self.commerce.query(&query) {
            Ok(answer) => answer,
            Err(error) => told(Err(error)),
        }
    }

    pub fn clean(&self) {
        assert_eq!(self.commerce.verify().expect("a verification"), []);
    }
}

fn location(path: &Path, server: Option<&Sqld>) -> Location {
    match server {
        None => path.into(),
        Some(server) => server.url().parse().expect("an address"),
    }
}

pub fn submit(commerce: &Commerce, operation: &Value) -> Result<Value, Error> {
    let text = serde_json::to_vec(operation).expect("JSON");
    let submission = operation::parse(&input::json(&text)?)?;
    let answer = commerce.perform(submission)?;
    Ok(serde_json::to_value(answer).expect("JSON"))
}

pub fn told(outcome: Result<Value, Error>) -> Value {
    match outcome {
        Ok(reply) => json!({ "ok": reply }),
        Err(Error::Refused(refusal)) => json!({ "refused": refusal }),
        Err(Error::Invalid(invalid)) => json!({ "invalid": invalid }),
        Err(other) => panic!("{other}"),
    }
}
