//! A request to the server of a shop, whatever carries it.

use std::time::{Duration, Instant};

/// A request. Its time-outs do not depend on how much is answered, so an answer that keeps coming is never cut.
pub(super) struct Request<'a> {
    pub(super) method: Method,
    /// The path, and the query.
    pub(super) path: &'a str,
    pub(super) content_type: &'static str,
    pub(super) body: &'a [u8],
    /// The `Idempotency-Key`.
    pub(super) key: Option<&'a str>,
    /// How long the server may be silent.
    pub(super) silence: Duration,
    /// When the request ends at the latest, whatever the server says.
    pub(super) end: Instant,
}

/// The method of a request.
#[derive(Clone, Copy)]
pub(super) enum Method {
    Get,
    Post,
    Delete,
}

/// How long a server may be silent before another connection is tried. It is longer than a commit takes on a busy machine.
pub(super) const SILENCE: Duration = Duration::from_secs(5);

impl<'a> Request<'a> {
    /// A request for what can be asked again, until a deadline.
    pub(super) fn get(path: &'a str, deadline: Instant) -> Self {
        let (silence, end) = (silence_until(deadline), deadline + GRACE);
        Self { method: Method::Get, path, content_type: JSON, body: b"", key: None, silence, end }
    }

    /// A request with a body, until a deadline.
    pub(super) fn post(path: &'a str, body: &'a [u8], deadline: Instant) -> Self {
        Self { method: Method::Post, body, ..Self::get(path, deadline) }
    }
}

/// The type of one JSON value.
pub(super) const JSON: &str = "application/json";

/// How long a server may be silent when its answer is awaited until a deadline.
pub(super) fn silence_until(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).clamp(LEAST, SILENCE)
}

/// What a request always has, however late it is.
const LEAST: Duration = Duration::from_millis(250);

/// How much longer than its deadline an answer may take that keeps coming.
pub(super) const GRACE: Duration = Duration::from_secs(2);
