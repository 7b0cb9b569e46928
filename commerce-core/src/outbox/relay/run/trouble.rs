//! When the store fails: said once, borne with growing pauses by a relay that is to go on, and the end of one that
//! was to do its work once.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{DOWN, Run, Trouble};
use crate::error::Error;
use crate::outbox::RelayState;
use crate::outbox::relay::{Notice, Options};
use crate::time::Time;

/// For how long a relay that is to end by itself tries what may work at once: other processes that are in the way.
const PATIENCE: Duration = Duration::from_secs(5);

impl Run {
    /// Something was written to the store, or was not.
    pub(super) fn wrote(&mut self, done: bool) {
        if done {
            self.trouble.iter_mut().for_each(|trouble| trouble.unwritten = false);
        } else {
            let fresh = Trouble { times: 0, since: Instant::now(), unwritten: true };
            self.trouble.get_or_insert(fresh).unwritten = true;
        }
    }

    /// A step was taken without an error.
    pub(super) fn worked(&mut self) {
        if self.trouble.as_ref().is_some_and(|trouble| !trouble.unwritten) {
            self.trouble = None;
            let because = self.down.as_ref().map(|down| down.because.as_ref().into());
            *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = because;
            self.tell(Notice::Recovered);
        }
    }

    /// Whether a relay ends with an error of a step that began then.
    pub(super) fn is_final(&self, error: &Error, began: Instant) -> bool {
        let since = self.trouble.as_ref().map_or(began, |trouble| trouble.since.min(began));
        match error {
            // Only opening a store anew helps.
            Error::Gone(_) => true,
            Error::Busy(_) | Error::Unknown(_) => self.once.is_some() && since.elapsed() >= PATIENCE,
            _ => self.once.is_some(),
        }
    }

    /// Ends before its time.
    pub(super) fn end(&mut self, error: Error) {
        let because = error.to_string();
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(because.clone());
        *self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.tell(Notice::Ended(because));
    }

    /// Tells an error, and waits before the next step, a little longer each time.
    pub(super) fn bear(&mut self, error: &Error) {
        let fresh = Trouble { times: 0, since: Instant::now(), unwritten: false };
        let trouble = self.trouble.get_or_insert(fresh);
        trouble.times += 1;
        let pause = Options::default().back_off(DOWN.0, DOWN.1).delay(trouble.times);
        let because = error.to_string();
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(because.clone());
        self.tell(Notice::Trouble(because));
        let until = Instant::now() + pause;
        loop {
            let (count, left) = (self.shop.notifications(), until.saturating_duration_since(Instant::now()));
            if left.is_zero() || self.shared.stop.load(Ordering::SeqCst) {
                break;
            }
            self.shop.wait_for_notification(count, left);
        }
    }

    /// Whether another relay keeps its lease though it settles nothing: one that died would have lost it by then.
    pub(super) fn waits_in_vain(&mut self, relay_state: &RelayState, now: Time) -> bool {
        match self.awaited {
            Some((settled, until)) if settled == relay_state.settled => now >= until,
            _ => {
                self.awaited = Some((relay_state.settled, relay_state.until));
                false
            }
        }
    }
}
