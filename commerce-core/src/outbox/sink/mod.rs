//! The receivers of events. A sink is one small trait, so a program can provide its own (`examples/sink.rs`). The
//! sinks here append to a file or post over HTTP.

mod file;
#[cfg(feature = "http-sink")]
mod http;
#[cfg(not(feature = "http-sink"))]
#[path = "without_http.rs"]
mod http;
mod sign;

pub use file::FileSink;
#[cfg(feature = "http-sink")]
pub use http::HttpSink;
pub use sign::Secret;

use std::sync::Arc;
use std::time::Duration;

use super::EventKind;
use crate::number::EventId;
use crate::roots::Roots;
use crate::text::{ValueError, quoted};
use crate::time::Time;

/// A receiver of events. When it accepts events, it has stored them durably.
pub trait Sink: Send + Sync + 'static {
    /// Delivers events, oldest first, all or none. An event is delivered again if its acceptance could not be
    /// recorded. Its `id` identifies it.
    ///
    /// # Errors
    /// Why they were not accepted. When one of several was refused, they are delivered again one by one.
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure>;

    /// The most events of one delivery.
    fn batch(&self) -> usize {
        1
    }

    /// The most concurrent deliveries. Events of one subject are never in two of them.
    fn parallel(&self) -> usize {
        1
    }

    /// The longest time that one delivery can take.
    fn longest(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// Warnings for people while events are accepted, such as damage that was found. Each is returned once.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// An event as a sink receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sequence number.
    pub event: EventId,
    /// The envelope's `id`, which is the same at each delivery of the event.
    pub id: String,
    /// The envelope's `type`.
    pub kind: EventKind,
    /// The envelope's `subject`.
    pub subject: Arc<str>,
    /// The envelope as JSON, on one line.
    pub body: String,
    /// When it is sent.
    pub sent_at: Time,
}

/// Why a delivery was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// These events were refused. Others may be accepted. Counts as an attempt.
    #[error("{reason}")]
    Refused {
        /// The reason, as a sentence.
        reason: String,
        /// How long the receiver asks to wait before the next attempt.
        after: Option<Duration>,
    },
    /// The receiver accepts nothing now. Does not count as an attempt.
    #[error("{reason}")]
    Down {
        /// The reason, as a sentence.
        reason: String,
        /// How long the receiver asks to wait.
        after: Option<Duration>,
    },
    /// The receiver has ended delivery.
    #[error("{reason}")]
    Gone {
        /// The reason, as a sentence.
        reason: String,
    },
}

impl Failure {
    /// A refusal without a wait.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self::Refused { reason: reason.into(), after: None }
    }

    /// A receiver that is down, without a wait.
    pub fn down(reason: impl Into<String>) -> Self {
        Self::Down { reason: reason.into(), after: None }
    }
}

/// Settings that an address does not include.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The secret to sign with. `http(s)://` needs it.
    pub secret: Option<Secret>,
    /// Whether receivers in private address ranges are allowed.
    pub allow_private: bool,
    /// The roots to trust over TLS instead of the public ones.
    pub roots: Option<Roots>,
}

/// The sink of an address: `file:PATH`, `http(s)://…`, or nothing for `none`.
///
/// # Errors
/// [`ValueError`] when it is none of these, or something it needs is missing.
pub fn open(address: &str, settings: &Settings) -> Result<Option<Box<dyn Sink>>, ValueError> {
    match address.split_once(':') {
        None if address == "none" => Ok(None),
        Some(("file", path)) if !path.is_empty() => Ok(Some(Box::new(FileSink::new(path)))),
        Some(("http" | "https", _)) => http::open(address, settings).map(Some),
        _ => Err(ValueError::new(format!(
            "{} is not a sink; use file:PATH, http://…, https://… or none",
            quoted(address)
        ))),
    }
}
