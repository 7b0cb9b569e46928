//! Why a server gave no answer, and the error that follows from it.

use serde::Deserialize;

use crate::error::{Cause, Error, OpenError};
use crate::location::Url;

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// No answer came: whether the request was carried out is open.
    NoAnswer(Cause),
    /// The stream has ended, so nothing was carried out.
    StreamClosed,
    /// The database was locked.
    Busy,
    /// Another took the transaction away, since it was open for too long.
    TransactionLost,
    /// The server does not accept the token, or not for this.
    Denied(Cause),
    /// There is no such database, or no libSQL server.
    NotFound(Cause),
    /// The rows are more than the server sends at once.
    TooLarge,
    /// The second line of defence in the schema was hit.
    Constraint(Cause),
    /// Anything else the server said.
    Server(Cause),
}

/// An error, with SQLite's or the server's own code.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Failed {
    pub(super) message: String,
    #[serde(default)]
    pub(super) code: Option<String>,
}

impl Failure {
    /// The kind of an error, by its code.
    pub(super) fn of(error: &Failed) -> Self {
        let (code, message) = (error.code.as_deref().unwrap_or_default(), || error.message.clone().into());
        match code {
            "TRANSACTION_TIMEOUT" | "TRANSACTION_BUSY" => Self::TransactionLost,
            "STREAM_EXPIRED" => Self::StreamClosed,
            "RESPONSE_TOO_LARGE" => Self::TooLarge,
            "BLOCKED" => Self::Denied(message()),
            "AUTH_JWT_INVALID" | "AUTH_REJECTED" => Self::Denied(message()),
            _ if code.starts_with("SQLITE_BUSY") || code.starts_with("SQLITE_LOCKED") => Self::Busy,
            _ if code.starts_with("SQLITE_CONSTRAINT") => Self::Constraint(message()),
            _ => Self::Server(message()),
        }
    }

    /// Whether it may come out otherwise when tried again.
    pub(super) fn is_transient(&self) -> bool {
        matches!(self, Self::NoAnswer(_) | Self::StreamClosed | Self::Busy | Self::TransactionLost)
    }

    /// What happened, in words.
    pub(super) fn reason(self) -> Cause {
        match self {
            Self::NoAnswer(because) | Self::Denied(because) | Self::NotFound(because) => because,
            Self::Constraint(message) | Self::Server(message) => message,
            Self::StreamClosed => "the server ended the stream".into(),
            Self::Busy => "the server's database was locked".into(),
            Self::TransactionLost => "another instance took the transaction over".into(),
            Self::TooLarge => "the server sends no answers as long as this one".into(),
        }
    }

    /// As an error of something that changed nothing.
    pub(super) fn into_error(self, url: &Url) -> Error {
        match self {
            Self::NoAnswer(_) => Error::Busy("the server could not be reached"),
            Self::StreamClosed => Error::Busy("the server ended the stream"),
            Self::Busy => Error::Busy("the server's database was locked"),
            Self::TransactionLost => Error::Busy("another instance took the transaction over"),
            Self::Denied(because) => OpenError::Denied { url: url.to_string(), because }.into(),
            Self::NotFound(because) => OpenError::NoServer { url: url.to_string(), because }.into(),
            other => Error::Store(other.reason()),
        }
    }

    /// As an error of opening.
    pub(super) fn into_open_error(self, url: &Url) -> Error {
        match self {
            Self::NoAnswer(because) => OpenError::Unreachable { url: url.to_string(), because }.into(),
            Self::Server(because) => OpenError::Failed { path: url.to_string().into(), because }.into(),
            other => other.into_error(url),
        }
    }
}
