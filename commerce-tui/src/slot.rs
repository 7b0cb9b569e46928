//! One answer that is kept on show: loaded when wanted, loaded anew when it may have changed, and never so
//! often that the store has no rest.

use std::time::Duration;

use commerce_core::{Error, Time};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};

/// How an answer is waited for.
#[derive(Clone, Debug)]
pub struct Wait {
    pending: Option<(u64, Time)>,
    stale: bool,
    rest_until: Time,
}

/// A kept answer.
#[derive(Clone, Debug)]
pub struct Slot<T> {
    /// The newest answer.
    pub value: Option<T>,
    /// Why the last question failed.
    pub fault: Option<Error>,
    wait: Wait,
}

/// A question costs the store at most this part of the time.
const REST: u32 = 10;
const LONGEST_REST: Duration = Duration::from_secs(30);
const AFTER_FAULT: Duration = Duration::from_secs(1);

impl Default for Wait {
    fn default() -> Self {
        Self { pending: None, stale: true, rest_until: Time::default() }
    }
}

impl Wait {
    /// Forgets what is under way, and wants an answer at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Wants a newer answer than the present one.
    pub fn touch(&mut self) {
        self.stale = true;
    }

    /// Since when an answer is waited for.
    pub fn since(&self) -> Option<Time> {
        self.pending.map(|(_, since)| since)
    }

    /// When the wish for a newer answer may be fulfilled, where there is one.
    pub fn due(&self) -> Option<Time> {
        (self.stale && self.pending.is_none()).then_some(self.rest_until)
    }

    /// Asks, if an answer is wanted and none is under way.
    pub fn settle(&mut self, desk: &mut Desk, topic: Topic, ask: impl FnOnce() -> Ask) {
        if self.due().is_some_and(|due| due <= desk.now) {
            let number = desk.ask(topic, ask());
            *self = Self { pending: Some((number, desk.now)), stale: false, ..self.clone() };
        }
    }

    /// Whether this is the answer that was waited for; then it is waited for no longer.
    pub fn takes(&mut self, number: u64, now: Time, took: Duration, failed: bool) -> bool {
        if self.pending.is_none_or(|(waited, _)| waited != number) {
            return false;
        }
        let rest = if failed { AFTER_FAULT } else { (took * REST).min(LONGEST_REST) };
        let rest_until = Time::from_millis(now.millis() + i64::try_from(rest.as_millis()).unwrap_or(0));
        *self = Self { pending: None, stale: self.stale || failed, rest_until };
        true
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { value: None, fault: None, wait: Wait::default() }
    }
}

impl<T> Slot<T> {
    /// Forgets everything, and wants an answer at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Wants a newer answer at once; one that is under way comes too late.
    pub fn renew(&mut self) {
        self.wait.reset();
    }

    /// Wants a newer answer, as soon as the store had its rest.
    pub fn touch(&mut self) {
        self.wait.touch();
    }

    /// Since when an answer is waited for.
    pub fn since(&self) -> Option<Time> {
        self.wait.since()
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        self.wait.due()
    }

    /// Asks, if an answer is wanted.
    pub fn settle(&mut self, desk: &mut Desk, topic: Topic, ask: impl FnOnce() -> Ask) {
        self.wait.settle(desk, topic, ask);
    }

    /// Takes an answer, unless it is an older request's.
    pub fn take(&mut self, number: u64, now: Time, took: Duration, result: Result<T, Error>) {
        if self.wait.takes(number, now, took, result.is_err()) {
            match result {
                Ok(value) => (self.value, self.fault) = (Some(value), None),
                Err(fault) => self.fault = Some(fault),
            }
        }
    }
}
