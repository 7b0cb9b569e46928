//! Whether the server of a shop answers, for programs that show it.

use std::time::Instant;

use crate::error::Error;

/// Whether the server of a shop answers, as far as it is known from the last requests. A store in a file or on a libSQL server
/// is [`Connection::Live`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Connection {
    /// The last request was answered.
    Live,
    /// No request was answered since then. Operations, queries and waits go on trying.
    Lost {
        /// When the first request failed.
        since: Instant,
        /// Why the last one failed, as a sentence.
        reason: String,
    },
    /// The server refuses the token, which has expired, was revoked or never was valid.
    Refused(Error),
}

impl Connection {
    /// Whether the last request was answered.
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live)
    }
}
