//! The one match from errors to status and problem document (RFC 9457). The command line tells failures in
//! the same form.

use axum::body::Body;
use axum::http::header::{self, HeaderValue};
use axum::http::{Response, StatusCode};
use commerce_core::{Error, Invalid, Refusal};
use serde_json::{Value, json};

/// Why a request was not done.
#[derive(Debug)]
pub enum Problem {
    /// The engine's answer.
    Engine(Error),
    /// There is nothing at this path.
    NotFound,
    /// There is something at this path, for other methods.
    MethodNotAllowed,
    /// No token, or none that holds.
    Unauthenticated(&'static str),
    /// The token's bearer may not do this.
    Forbidden(&'static str),
    /// The body is longer than is taken.
    TooLarge(usize),
    /// The body is no JSON by its own word.
    UnsupportedMediaType,
    /// The body did not come in time.
    Timeout,
    /// Too many requests; so many seconds to wait.
    RateLimited(u64),
}

impl Problem {
    /// The stable code, and the status.
    pub fn coded(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Engine(error) => coded(error),
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

    /// Whether the same request may succeed later without any change.
    pub fn retryable(&self) -> bool {
        match self {
            Self::Engine(error) => error.retryable(),
            Self::Timeout | Self::RateLimited(_) => true,
            _ => false,
        }
    }

    /// The problem document.
    pub fn document(&self) -> Value {
        let (code, status) = self.coded();
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
            _ => return document,
        };
        if let (Ok(Value::Object(facts)), Some(document)) = (facts, document.as_object_mut()) {
            document.extend(facts);
        }
        document
    }

    /// What is wrong, as far as this machine may know.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Engine(error) => error.to_string(),
            Self::NotFound => "there is nothing at this path".into(),
            Self::MethodNotAllowed => "this path does not take this method".into(),
            Self::Unauthenticated(why) | Self::Forbidden(why) => (*why).into(),
            Self::TooLarge(most) => format!("the body is longer than {most} bytes"),
            Self::UnsupportedMediaType => "the body must be application/json, without an encoding".into(),
            Self::Timeout => "the body did not come in time".into(),
            Self::RateLimited(wait) => format!("too many requests; try again in {wait} s"),
        }
    }

    /// The answer to a request. What only this machine should know stays in its log, under the request's id.
    pub(crate) fn response(&self, request_id: &str) -> Response<Body> {
        let mut document = self.document();
        let outwards = match self {
            Self::Engine(Error::Unknown(_)) => {
                Some("the outcome of the commit could not be learnt; try again with the same Idempotency-Key")
            }
            Self::Engine(Error::Skipped | Error::Closed | Error::Open(_) | Error::Store(_)) => {
                Some("an unexpected failure; nothing was changed")
            }
            _ => None,
        };
        if let Some(detail) = outwards {
            document["detail"] = detail.into();
        }
        document["request_id"] = request_id.into();
        let mut response = Response::new(Body::from(document.to_string()));
        *response.status_mut() = self.coded().1;
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
            // What is left of the body is not waited for.
            Self::TooLarge(_) | Self::Timeout => {
                headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            _ => {}
        }
        response
    }
}

/// The stable code of an error, and the status that a server answers.
fn coded(error: &Error) -> (&'static str, StatusCode) {
    match error {
        Error::Refused(refusal) => (refusal.code(), refused(refusal)),
        Error::Invalid(_) => ("invalid_request", StatusCode::BAD_REQUEST),
        Error::Busy(_) | Error::Unknown(_) => ("busy", StatusCode::SERVICE_UNAVAILABLE),
        Error::Unavailable(_) => ("store_unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Error::Gone(_) => ("store_gone", StatusCode::SERVICE_UNAVAILABLE),
        Error::Open(_) | Error::Store(_) | Error::Closed | Error::Skipped => {
            ("internal", StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn refused(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::InsufficientBalance { .. } => StatusCode::PAYMENT_REQUIRED,
        Refusal::UserNotFound { .. }
        | Refusal::ProductNotFound { .. }
        | Refusal::OrderNotFound { .. }
        | Refusal::EventNotFound { .. }
        | Refusal::TokenNotFound { .. } => StatusCode::NOT_FOUND,
        Refusal::KeyReused { .. } => StatusCode::UNPROCESSABLE_ENTITY,
        Refusal::UserExists { .. }
        | Refusal::ProductExists { .. }
        | Refusal::ProductInactive { .. }
        | Refusal::LimitExceeded { .. }
        | Refusal::OutOfStock { .. }
        | Refusal::TotalChanged { .. }
        | Refusal::EmptyCart { .. }
        | Refusal::NotInCart { .. }
        | Refusal::OrderNotCancellable { .. }
        | Refusal::EventNotDead { .. }
        | Refusal::TokenExists { .. } => StatusCode::CONFLICT,
    }
}

impl<E: Into<Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::Engine(error.into())
    }
}

/// One fault of a request, as the engine would tell it.
pub(crate) fn invalid(pointer: &str, detail: impl Into<String>) -> Problem {
    Invalid::at(pointer, detail).into()
}
