//! Keeps whether the server of a shop answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::failure::Failure;
use crate::connection::Connection;
use crate::error::Error;

/// The state of the connection, as the last requests found it.
pub(super) struct Watch {
    /// Whether `state` is `Live`, to be read without the lock.
    live: AtomicBool,
    state: Mutex<Connection>,
}

impl Default for Watch {
    fn default() -> Self {
        Self { live: AtomicBool::new(true), state: Mutex::new(Connection::Live) }
    }
}

impl Watch {
    /// The state now.
    pub(super) fn state(&self) -> Connection {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes that a request was answered.
    pub(super) fn note_answer(&self) {
        if !self.live.load(Ordering::Relaxed) {
            self.set(Connection::Live);
        }
    }

    /// Notes that a request failed. A server that refuses one for another reason than its token does answer.
    pub(super) fn note_failure(&self, failure: &Failure) {
        match failure {
            Failure::Refused(error @ Error::Unauthenticated(_)) => {
                self.set(Connection::Refused(error.clone()))
            }
            Failure::Refused(_) => self.note_answer(),
            other => self.set(Connection::Lost { since: Instant::now(), reason: other.reason().to_string() }),
        }
    }

    fn set(&self, new: Connection) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match (&*state, &new) {
            (Connection::Lost { since, .. }, Connection::Lost { .. }) => Some(*since),
            _ => None,
        };
        *state = new;
        if let (Connection::Lost { since: first, .. }, Some(since)) = (&mut *state, since) {
            *first = since;
        }
        self.live.store(state.is_live(), Ordering::Relaxed);
    }
}
