//! What became of the lines: counted, told as results, and summed up at the end.

use std::io;

use commerce_core::{Answer, Error};
use commerce_server::Problem;
use serde_json::{Value, json};

/// What became of the lines.
#[derive(Default)]
pub struct Tally {
    pub ok: u64,
    pub refused: u64,
    pub invalid: u64,
    /// At which the store failed.
    pub failed: u64,
    /// That were read, and not attempted since it was to stop.
    pub skipped: u64,
    /// The last line that was decided, whatever came of it.
    pub decided: u64,
    /// The last line whose result was written.
    pub told: u64,
    /// The first line that was not done.
    pub first_bad: Option<u64>,
    /// Why the store failed, the first time.
    pub failure: Option<Error>,
    /// Why results could not be written.
    pub unwritten: Option<io::Error>,
}

impl Tally {
    /// Counts an outcome, and gives its result line; a line that was not attempted has none.
    pub fn count(&mut self, number: u64, outcome: Result<Answer<Value>, Error>) -> Option<Value> {
        if matches!(outcome, Err(Error::Skipped)) {
            self.skipped += 1;
            return None;
        }
        if outcome.is_err() {
            self.first_bad.get_or_insert(number);
        }
        let result = match outcome {
            Ok(answer) => {
                self.ok += 1;
                json!({ "line": number, "ok": answer })
            }
            Err(Error::Refused(refusal)) => {
                self.refused += 1;
                json!({ "line": number, "refused": refusal })
            }
            Err(Error::Invalid(invalid)) => {
                self.invalid += 1;
                json!({ "line": number, "invalid": invalid })
            }
            Err(error) => {
                self.failed += 1;
                let code = match &error {
                    Error::Unknown(_) => "unknown",
                    other => Problem::Engine(other.clone()).code(),
                };
                let result =
                    json!({ "line": number, "error": { "code": code, "detail": error.to_string() } });
                self.failure.get_or_insert(error);
                return Some(result);
            }
        };
        self.decided = number;
        Some(result)
    }

    /// Whether no more lines are to be done.
    pub fn stopped(&self) -> bool {
        self.failure.is_some() || self.unwritten.is_some()
    }

    /// All of it in one sentence. `unread` is how many lines more there were, and whether that is all of them.
    pub fn sentence(&self, unread: u64, all: bool) -> String {
        let Self { ok, refused, invalid, failed, skipped, .. } = self;
        let mut text = format!("{ok} done, {refused} refused, {invalid} invalid");
        if *failed > 0 {
            text += &format!(", {failed} failed");
        }
        match (skipped + unread, all) {
            (0, true) => {}
            (left, true) => text += &format!(", {left} not attempted"),
            (0, false) => text += ", the rest not read",
            (left, false) => text += &format!(", {left} or more not attempted"),
        }
        text
    }
}
