//! Where events are delivered to. A sink is one small trait, so that a program can bring its own
//! (`examples/sink.rs`); the ones here write a file or post over HTTP.

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
use crate::text::{ValueError, quoted};
use crate::time::Time;

/// A receiver of events. Accepting means: whatever happens from now on, the receiver has them.
pub trait Sink: Send + Sync + 'static {
    /// Delivers events, oldest first, all or none. An event may come again though it was accepted before,
    /// when that could not be noted down: its `id` tells.
    ///
    /// # Errors
    /// Why they were not accepted. When one of several was refused they come once more, one by one.
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure>;

    /// The most events of one delivery.
    fn batch(&self) -> usize {
        1
    }

    /// The most deliveries at once. Events of one subject are never in two.
    fn parallel(&self) -> usize {
        1
    }

    /// The longest that one delivery may take.
    fn longest(&self) -> Duration {
        Duration::from_secs(10)
    }

    /// What people should know though events are accepted, such as damage that was found. Each is given out once.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// An event as a sink receives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The sequence number.
    pub event: EventId,
    /// The envelope's `id`: the same however often the event comes.
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
    /// These events were not accepted; others may be. Counts as an attempt.
    #[error("{because}")]
    Refused {
        /// Why, as a sentence.
        because: String,
        /// How long the receiver wants to be left alone with them.
        after: Option<Duration>,
    },
    /// Nothing is accepted at present. The events stay as they are.
    #[error("{because}")]
    Down {
        /// Why, as a sentence.
        because: String,
        /// How long the receiver wants to be left alone.
        after: Option<Duration>,
    },
    /// The receiver wants no events any more.
    #[error("{because}")]
    Gone {
        /// Why, as a sentence.
        because: String,
    },
}

impl Failure {
    /// A refusal that says nothing about when to try again.
    pub fn refused(because: impl Into<String>) -> Self {
        Self::Refused { because: because.into(), after: None }
    }

    /// A receiver that takes nothing, and does not say until when.
    pub fn down(because: impl Into<String>) -> Self {
        Self::Down { because: because.into(), after: None }
    }
}

/// What an address alone does not say.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What to sign with; `http(s)://` needs it.
    pub secret: Option<Secret>,
    /// Whether receivers in private address ranges are allowed.
    pub allow_private: bool,
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
            "{} is no sink; there are file:PATH, http://…, https://… and none",
            quoted(address)
        ))),
    }
}
