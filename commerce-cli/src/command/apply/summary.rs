//! Counts the outcomes of lines, turns each into a result, and sums them up at the end.

use std::io;

use commerce_core::{Answer, Error};
use commerce_server::Problem;
use serde_json::{Value, json};

/// What happened to the lines so far.
#[derive(Default)]
pub struct Summary {
    /// Lines that succeeded.
    pub ok: u64,
    /// Lines that a rule refused.
    pub refused: u64,
    /// Lines that are invalid.
    pub invalid: u64,
    /// Lines at which the store failed.
    pub failed: u64,
    /// Lines that were read but not attempted, since the command was stopping.
    pub skipped: u64,
    /// The last line that succeeded, was refused or was invalid.
    pub last_decided: u64,
    /// The last line whose result was written.
    pub last_written: u64,
    /// The first line that did not succeed.
    pub first_unsuccessful: Option<u64>,
    /// The first failure of the store.
    pub store_error: Option<Error>,
    /// The first failure to write a result.
    pub write_error: Option<io::Error>,
}

impl Summary {
    /// Counts an outcome and returns its result. A line that was not attempted has none.
    pub fn count(&mut self, number: u64, outcome: Result<Answer<Value>, Error>) -> Option<Value> {
        if matches!(outcome, Err(Error::Skipped)) {
            self.skipped += 1;
            return None;
        }
        if outcome.is_err() {
            self.first_unsuccessful.get_or_insert(number);
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
                self.store_error.get_or_insert(error);
                return Some(result);
            }
        };
        self.last_decided = number;
        Some(result)
    }

    /// Whether a failure stops the command.
    pub fn is_stopped(&self) -> bool {
        self.store_error.is_some() || self.write_error.is_some()
    }

    /// The counts as a sentence. `unread` is the number of lines that follow, which is exact if `counted_all`.
    pub fn sentence(&self, unread: u64, counted_all: bool) -> String {
        let Self { ok, refused, invalid, failed, skipped, .. } = self;
        let mut text = format!("{ok} done, {refused} refused, {invalid} invalid");
        if *failed > 0 {
            text += &format!(", {failed} failed");
        }
        match (skipped + unread, counted_all) {
            (0, true) => {}
            (count, true) => text += &format!(", {count} not attempted"),
            (0, false) => text += ", the rest not read",
            (count, false) => text += &format!(", {count} or more not attempted"),
        }
        text
    }
}
