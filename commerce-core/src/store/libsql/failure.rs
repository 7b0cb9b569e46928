//! Why a request to a server failed, and the error that follows.

use serde::Deserialize;
use ureq::http::StatusCode;

use crate::error::{Cause, Error, OpenError};
use crate::location::Url;
use crate::warning::{ALLOW, SYNC};

/// Why a request failed.
#[derive(Clone, Debug)]
pub(super) enum Failure {
    /// No answer came. Whether the request was carried out is unknown.
    NoAnswer(Cause),
    /// What came is no answer in the protocol. Where there was a server before, it was cut off.
    OtherProtocol(Cause),
    /// The server had ended the stream. Nothing was carried out.
    StreamClosed,
    /// The database was locked.
    Busy,
    /// Another client got the lock, since the transaction was open for too long.
    TransactionLost,
    /// The server does not accept the token, or the token does not allow this. Nothing was carried out.
    Denied(Cause),
    /// The certificate of the server is not trusted. Nothing was sent.
    Untrusted(Cause),
    /// An error of HTTP alone, from a proxy or from another server. Whether the request was carried out is unknown.
    Status(StatusCode),
    /// There is no such database, or it is not a libSQL server.
    NotFound(Cause),
    /// The rows are more than the server sends at once.
    TooLarge,
    /// The server does not sync its commits.
    Unsynced,
    /// A constraint of the schema was violated.
    Constraint(Cause),
    /// Any other error of the server.
    Server(Cause),
}

/// An error of the protocol, with SQLite's or the server's code.
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
            "BLOCKED" => Self::Denied(
                "its configuration blocks this; unset block_reads and block_writes through its admin interface".into(),
            ),
            _ if code.starts_with("AUTH_") => Self::Denied(message()),
            _ if code.starts_with("SQLITE_BUSY") || code.starts_with("SQLITE_LOCKED") => Self::Busy,
            _ if code.starts_with("SQLITE_CONSTRAINT") => Self::Constraint(message()),
            _ => Self::Server(message()),
        }
    }

    /// Whether a retry can succeed.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::NoAnswer(_)
            | Self::OtherProtocol(_)
            | Self::StreamClosed
            | Self::Busy
            | Self::TransactionLost => true,
            Self::Status(status) => is_away(*status),
            _ => false,
        }
    }

    /// The reason as a sentence.
    pub(super) fn reason(self) -> Cause {
        match self {
            Self::NoAnswer(reason) | Self::OtherProtocol(reason) | Self::NotFound(reason) => reason,
            Self::Denied(reason) => reason.after("the server refuses access"),
            Self::Untrusted(reason) => reason.after("the server's certificate is not trusted"),
            Self::Status(status) => format!("the server answers {status}").into(),
            Self::Constraint(message) | Self::Server(message) => message,
            Self::StreamClosed => "the server ended the stream".into(),
            Self::Busy => "the server's database was locked".into(),
            Self::TransactionLost => "another instance took the transaction over".into(),
            Self::Unsynced => {
                format!("the server does not sync its commits, which would be lost when its machine fails. {SYNC}; or {ALLOW}").into()
            }
            Self::TooLarge => "the server sends no answers as long as this one".into(),
        }
    }

    /// The error of a request that changed nothing.
    pub(super) fn into_error(self, url: &Url) -> Error {
        match self {
            Self::NoAnswer(_) | Self::OtherProtocol(_) => {
                Error::Busy("the server could not be reached".into())
            }
            Self::StreamClosed => Error::Busy("the server ended the stream".into()),
            Self::Busy => Error::Busy("the server's database was locked".into()),
            Self::TransactionLost => Error::Busy("another instance took the transaction over".into()),
            Self::Status(status) if is_away(status) => Error::Busy("the server could not be reached".into()),
            Self::Denied(_) | Self::Untrusted(_) | Self::Unsynced | Self::Status(_) => {
                Error::Unavailable(self.reason())
            }
            Self::NotFound(reason) => {
                Error::Unavailable(reason.after(format_args!("there is no database at {url}")))
            }
            other => Error::Store(other.reason()),
        }
    }

    /// The error of a request that opens a store.
    pub(super) fn into_open_error(self, at: &Url) -> Error {
        let url = at.to_string();
        match self {
            Self::NoAnswer(reason) => OpenError::Unreachable { url, reason }.into(),
            Self::Status(status) if is_away(status) => {
                OpenError::Unreachable { url, reason: format!("what answers says {status}").into() }.into()
            }
            Self::Status(status) => {
                let reason = format!("what answers is not a libSQL server; it says {status}").into();
                OpenError::NoServer { url, reason }.into()
            }
            Self::Denied(reason) => OpenError::Denied { url, reason }.into(),
            Self::Untrusted(reason) => OpenError::Untrusted { url, reason }.into(),
            Self::OtherProtocol(reason) | Self::NotFound(reason) => {
                OpenError::NoServer { url, reason }.into()
            }
            Self::Server(reason) => OpenError::Failed { path: url.into(), reason }.into(),
            other => other.into_error(at),
        }
    }
}

/// Whether a proxy says that the server behind it is away, or has too much to do.
fn is_away(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502..=504)
}
