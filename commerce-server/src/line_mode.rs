//! How the lines of a request depend on one another, and on other requests, from the query of its URL.

use axum::http::request::Parts;
use commerce_core::{Chain, Error};

use crate::extract;
use crate::problem::Problem;

/// How the lines of a request depend on one another.
#[derive(Clone, Copy)]
pub(crate) struct Mode {
    /// Lines may have a time.
    pub(crate) trust_time: bool,
    /// The first line that is not done is the last one.
    pub(crate) stop_on_error: bool,
    /// Each line stands alone. Otherwise the first at which the store fails is the last one.
    independent: bool,
}

/// The name that a client gives to a sequence of its requests, and the number of a request in it.
pub(crate) type Numbered = (String, i64);

/// The longest name of a sender, in bytes.
const MAX_SENDER: usize = 64;

impl Mode {
    pub(crate) fn of(parts: &Parts) -> Result<(Self, Option<Numbered>), Problem> {
        extract::parameters(parts, |fields| {
            let (trust_time, stop_on_error) =
                (fields.optional("trust_time"), fields.optional("stop_on_error"));
            let independent = fields.optional("independent");
            let (trust_time, stop_on_error) = (trust_time?.unwrap_or(false), stop_on_error?.unwrap_or(false));
            let independent = fields.test("independent", independent, |independent| {
                match stop_on_error && independent.unwrap_or(false) {
                    true => Err("lines that stand alone do not stop at an error"),
                    false => Ok(()),
                }
            });
            let (sender, number) = (fields.optional::<String>("sender"), fields.optional::<i64>("sequence"));
            let sender = fields.test("sender", sender, |sender| match sender {
                Some(sender) if sender.len() > MAX_SENDER => Err("is longer than 64 bytes"),
                _ => Ok(()),
            });
            let (sender, number) = (sender?, number?);
            let number =
                fields.test("sequence", Some(number), |number| match sender.is_some() == number.is_some() {
                    true => Ok(()),
                    false => Err("sender and sequence are given together"),
                });
            let mode = Self { trust_time, stop_on_error, independent: independent?.unwrap_or(false) };
            Some((mode, sender.zip(number?)))
        })
    }

    pub(crate) fn chain(self) -> Option<Chain> {
        match (self.independent, self.stop_on_error) {
            (true, _) => None,
            (false, true) => Some(Chain::new()),
            (false, false) => Some(Chain::until_store_fails()),
        }
    }

    /// Whether no line after the one with this problem is performed.
    pub(crate) fn ends_at(self, problem: &Problem) -> bool {
        let is_of_the_store = match problem {
            Problem::Engine(error) => !matches!(error, Error::Refused(_) | Error::Invalid(_)),
            _ => false,
        };
        !self.independent && (self.stop_on_error || is_of_the_store)
    }
}
