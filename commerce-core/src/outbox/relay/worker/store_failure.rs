//! Failures of the store: a running relay reports them once and retries with growing pauses, and a relay that runs
//! once ends.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::{SINK_BACK_OFF, StoreFailure, Worker};
use crate::error::Error;
use crate::outbox::RelayState;
use crate::outbox::relay::{Notice, Options};
use crate::time::Time;

/// How long a relay that runs once retries errors that can pass quickly, such as a lock of another process.
const RETRY_TIME: Duration = Duration::from_secs(5);

impl Worker {
    /// Records whether a write succeeded.
    pub(super) fn record_write(&mut self, done: bool) {
        if done {
            self.store_failure.iter_mut().for_each(|store_failure| store_failure.unwritten = false);
        } else {
            let fresh = StoreFailure { times: 0, since: Instant::now(), unwritten: true };
            self.store_failure.get_or_insert(fresh).unwritten = true;
        }
    }

    /// Records that a step succeeded.
    pub(super) fn record_success(&mut self) {
        if self.store_failure.as_ref().is_some_and(|store_failure| !store_failure.unwritten) {
            self.store_failure = None;
            let reason = self.down.as_ref().map(|down| down.reason.as_ref().into());
            *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = reason;
            self.notify(Notice::Recovered);
        }
    }

    /// Whether the relay ends with this error of a step that began at `began`.
    pub(super) fn is_final(&self, error: &Error, began: Instant) -> bool {
        let since = self.store_failure.as_ref().map_or(began, |store_failure| store_failure.since.min(began));
        match error {
            // Only opening the store again helps.
            Error::Gone(_) => true,
            Error::Busy(_) | Error::Unknown(_) => self.once_until.is_some() && since.elapsed() >= RETRY_TIME,
            _ => self.once_until.is_some(),
        }
    }

    /// Ends with a failure.
    pub(super) fn end_with(&mut self, error: Error) {
        let reason = error.to_string();
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        *self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.notify(Notice::Ended(reason));
    }

    /// Reports an error, and waits before the next step, longer each time.
    pub(super) fn back_off_from(&mut self, error: &Error) {
        let fresh = StoreFailure { times: 0, since: Instant::now(), unwritten: false };
        let store_failure = self.store_failure.get_or_insert(fresh);
        store_failure.times += 1;
        let pause = Options::default().back_off(SINK_BACK_OFF.0, SINK_BACK_OFF.1).delay(store_failure.times);
        let reason = error.to_string();
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
        self.notify(Notice::Trouble(reason));
        let until = Instant::now() + pause;
        loop {
            let (count, left) = (self.shop.notifications(), until.saturating_duration_since(Instant::now()));
            if left.is_zero() || self.shared.stop.load(Ordering::SeqCst) {
                break;
            }
            self.shop.wait_for_notification(count, left);
        }
    }

    /// Whether another relay keeps renewing its lease but settles nothing. The lease of a relay that died would have
    /// expired.
    pub(super) fn is_lease_stalled(&mut self, relay_state: &RelayState, now: Time) -> bool {
        match self.awaited {
            Some((settled, until)) if settled == relay_state.settled => now >= until,
            _ => {
                self.awaited = Some((relay_state.settled, relay_state.until));
                false
            }
        }
    }
}
