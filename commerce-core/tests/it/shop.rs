//! A store in a folder of its own, and operations as JSON.

use std::path::PathBuf;

use commerce_core::{Commerce, Currency, Error, Options, SystemClock, input, operation, query};
use serde_json::{Value, json};

/// A shop that goes with its folder.
pub struct Shop {
    pub commerce: Commerce,
    pub path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Shop {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("shop.db");
        let won = Currency::new("KRW").expect("a currency");
        let commerce = Commerce::create(&path, won, Options::new(SystemClock)).expect("a store");
        Self { commerce, path, _folder: folder }
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
