//! Problem documents (RFC 9457), and the one mapping from errors to statuses and codes. The command line reports failures
//! in the same form.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use commerce_core::{Error, Invalid, Refusal};
use serde_json::{Value, json};

/// Why a request failed.
#[derive(Debug)]
pub enum Problem {
    /// The engine refused the request or failed.
    Engine(Error),
    /// The path is unknown.
    NotFound,
    /// The path does not support the method.
    MethodNotAllowed,
    /// There is no valid token, for this reason.
    Unauthenticated(&'static str),
    /// The caller may not do this, for this reason.
    Forbidden(&'static str),
    /// The body is larger than this many bytes.
    TooLarge(usize),
    /// The body is not declared as JSON, or as lines of JSON where they are expected.
    UnsupportedMediaType,
    /// The body did not arrive in time.
    Timeout,
    /// The client sent too many requests and may send the next in this many seconds.
    RateLimited(u64),
}

impl Problem {
    /// The stable code, for programs.
    pub fn code(&self) -> &'static str {
        self.code_and_status().0
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.code_and_status().1
    }

    fn code_and_status(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Engine(error) => engine_code_and_status(error),
            Self::NotFound => ("not_found", StatusCode::NOT_FOUND),
            Self::MethodNotAllowed => ("method_not_allowed", StatusCode::METHOD_NOT_ALLOWED),
            Self::Unauthenticated(_) => ("unauthenticated", StatusCode::UNAUTHORIZED),
            Self::Forbidden(_) => ("forbidden", StatusCode::FORBIDDEN),
            Self::TooLarge(_) => ("too_large", StatusCode::PAYLOAD_TOO_LARGE),
            Self::UnsupportedMediaType => ("unsupported_media_type", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            Self::Timeout => ("request_timeout", StatusCode::REQUEST_TIMEOUT),
            Self::RateLimited(_) => ("rate_limited", StatusCode::TOO_MANY_REQUESTS),
        }
    }

    /// Whether the same request may succeed later.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Engine(error) => error.retryable(),
            Self::Timeout | Self::RateLimited(_) => true,
            _ => false,
        }
    }

    /// The problem document, without `request_id`.
    pub fn document(&self) -> Value {
        let (code, status) = self.code_and_status();
        let mut document = json!({
            "type": format!("urn:commerce:{code}"),
            "title": code.replace('_', " "),
            "status": status.as_u16(),
            "detail": self.detail(),
            "code": code,
            "retryable": self.retryable(),
        });
        let facts = match self {
            Self::Engine(Error::Refused(refusal)) => serde_json::to_value(refusal),
            Self::Engine(Error::Invalid(invalid)) => serde_json::to_value(invalid),
            // Its code is that of a busy store, where nothing was changed.
            Self::Engine(Error::Unknown(_)) => Ok(json!({ "outcome": "unknown" })),
            _ => return document,
        };
        if let (Ok(Value::Object(facts)), Some(document)) = (facts, document.as_object_mut()) {
            document.extend(facts);
        }
        document
    }

    /// What is wrong, with details that only the log of this machine may show.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Engine(error) => error.to_string(),
            Self::NotFound => "this path does not exist".into(),
            Self::MethodNotAllowed => "this path does not support this method".into(),
            Self::Unauthenticated(reason) | Self::Forbidden(reason) => (*reason).into(),
            Self::TooLarge(limit) => format!("the body is larger than {limit} bytes"),
            Self::UnsupportedMediaType => {
                "the body must be application/json, or application/jsonl for lines, without a Content-Encoding".into()
            }
            Self::Timeout => "the body did not arrive in time".into(),
            Self::RateLimited(wait) => format!("too many requests; try again in {wait} s"),
        }
    }

    /// What is wrong, for the client.
    pub(crate) fn public_detail(&self) -> String {
        match self {
            Self::Engine(Error::Unknown(_)) => {
                "the outcome of the commit is unknown; retry with the same Idempotency-Key".into()
            }
            Self::Engine(error) if engine_code_and_status(error).0 == "internal" => {
                "the server failed unexpectedly; nothing was changed".into()
            }
            _ => self.detail(),
        }
    }

    /// The response. It hides internal details, which the log shows under the request's id.
    pub(crate) fn response(&self, request_id: &str) -> Response<Body> {
        let mut document = self.document();
        document["detail"] = self.public_detail().into();
        // From any path of this server it leads to the remedy.
        document["type"] = format!("/docs#{}", self.code()).into();
        document["request_id"] = request_id.into();
        let mut response = Response::new(Body::from(document.to_string()));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self {
            Self::Unauthenticated(_) => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            Self::RateLimited(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(*wait));
            }
            Self::Engine(error) if error.retryable() => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            // The rest of the body is not read.
            Self::TooLarge(_) | Self::Timeout => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

fn engine_code_and_status(error: &Error) -> (&'static str, StatusCode) {
    match error {
        Error::Refused(refusal) => (refusal.code(), refusal_status(refusal)),
        Error::Invalid(_) => ("invalid_request", StatusCode::BAD_REQUEST),
        Error::Busy(_) | Error::Unknown(_) => ("busy", StatusCode::SERVICE_UNAVAILABLE),
        Error::Unavailable(_) => ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Error::Gone(_) => ("store_gone", StatusCode::SERVICE_UNAVAILABLE),
        // What the server of a served shop said.
        Error::Unauthenticated(_) => ("unauthenticated", StatusCode::UNAUTHORIZED),
        Error::Forbidden(_) => ("forbidden", StatusCode::FORBIDDEN),
        // Open, Store, Closed and Skipped, and what later versions add.
        _ => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn refusal_status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::InsufficientBalance { .. } => StatusCode::PAYMENT_REQUIRED,
        Refusal::UserNotFound { .. }
        | Refusal::ProductNotFound { .. }
        | Refusal::OrderNotFound { .. }
        | Refusal::EventNotFound { .. }
        | Refusal::TokenNotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::PreconditionFailed { .. } => StatusCode::PRECONDITION_FAILED,
        Refusal::KeyReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        // All others are conflicts with the present state.
        _ => StatusCode::CONFLICT,
    }
}

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

/// `invalid_request` with one fault, in the form in which the engine reports faults.
pub(crate) fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Invalid::at(pointer, detail).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_may_have_been_carried_out_is_told_from_one_that_was_not() {
        let unknown = Problem::from(Error::Unknown("the disk failed".into()));
        let busy = Problem::from(Error::Busy("the queue is full".into()));
        assert_eq!((unknown.code(), busy.code()), ("busy", "busy"));
        assert_eq!(unknown.document()["outcome"], "unknown");
        assert_eq!(busy.document().get("outcome"), None);
    }
}
