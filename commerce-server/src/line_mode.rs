//! How the lines of a request depend on one another, from the query of its URL.

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

impl Mode {
    pub(crate) fn of(parts: &Parts) -> Result<Self, Problem> {
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
            Some(Self { trust_time, stop_on_error, independent: independent?.unwrap_or(false) })
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
