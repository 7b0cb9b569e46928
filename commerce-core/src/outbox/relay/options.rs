//! How a relay works, and what it tells of its work.

use std::sync::Arc;
use std::time::Duration;

use crate::number::EventId;
use crate::outbox::lease;

/// How to deliver.
#[derive(Clone)]
pub struct Options {
    pub(super) attempts: i64,
    pub(super) first: Duration,
    pub(super) longest: Duration,
    pub(super) lease: Duration,
    pub(super) retention: Duration,
    pub(super) notice: Arc<dyn Fn(&Notice) + Send + Sync>,
}

/// Something worth telling people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// This relay delivers.
    #[error("delivering")]
    Active,
    /// Another one delivers; this one takes over when it ends.
    #[error("another relay is delivering; standing by")]
    StandBy,
    /// Nothing is accepted at present; it is tried again by itself.
    #[error("nothing can be delivered at present: {0}")]
    Down(String),
    /// Events are accepted again.
    #[error("events are accepted again")]
    Up,
    /// An event was not accepted, and is tried again.
    #[error("event {event} was not accepted: {because}; attempt {attempts}")]
    Refused {
        /// Which.
        event: EventId,
        /// Why.
        because: String,
        /// How often it was tried.
        attempts: i64,
    },
    /// An event was given up.
    #[error("event {event} is dead after {attempts} attempts: {because}; bring it back with event.retry")]
    Dead {
        /// Which.
        event: EventId,
        /// Why.
        because: String,
        /// How often it was tried.
        attempts: i64,
    },
    /// The receiver wants no events any more; they stay pending.
    #[error("delivery has ended, events stay pending: {0}")]
    Gone(String),
    /// The store failed; it is tried again by itself.
    #[error("{0}")]
    Trouble(String),
    /// Events that were to be delivered are not in the outbox; those behind them go on.
    #[error("{} not in the outbox and never delivered: the store is damaged; verify tells more", span(*first, *last))]
    Missing {
        /// The first of them.
        first: EventId,
        /// The last.
        last: EventId,
    },
    /// The store works again.
    #[error("the store works again")]
    Recovered,
    /// The store failed for good, or at something that was to be done once: this relay is over.
    #[error("delivery has ended, events stay pending: {0}")]
    Ended(String),
    /// The sink has something to say though it accepts events ([`Sink::warnings`](crate::outbox::Sink::warnings)).
    #[error("{0}")]
    Warning(String),
}

fn span(first: EventId, last: EventId) -> String {
    if first == last { format!("event {first} is") } else { format!("events {first} to {last} are") }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            attempts: 20,
            first: Duration::from_secs(1),
            longest: Duration::from_secs(3_600),
            lease: Duration::from_secs(5),
            retention: Duration::from_secs(30 * 86_400),
            notice: Arc::new(|_| {}),
        }
    }
}

impl Options {
    /// How often an event is tried before it is dead. 20 unless told.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1).into(), ..self }
    }

    /// How long to wait after the first failed attempt, and at most after any. The wait doubles each time, and
    /// up to half of it is left to chance. 1 s and 1 h unless told.
    #[must_use]
    pub fn back_off(self, first: Duration, longest: Duration) -> Self {
        Self { first, longest: longest.max(first), ..self }
    }

    /// How long after a relay's death another takes over, beyond the longest delivery of the sink. 5 s unless
    /// told.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How long delivered events are kept. 30 days unless told.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// Whom to tell what is worth telling.
    #[must_use]
    pub fn notice(self, notice: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self { notice: Arc::new(notice), ..self }
    }

    /// How long to wait after so many attempts in vain.
    pub(super) fn delay(&self, attempts: i64) -> Duration {
        let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(31);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        // The low bits of a UUIDv4 are random.
        let chance = (uuid::Uuid::new_v4().as_u128() & 0xffff) as u32;
        whole / 2 + whole / 2 * chance / 0xffff
    }

    /// The lease for a sink whose deliveries take at most so long.
    pub(super) fn whole_lease(&self, delivery: Duration) -> Duration {
        (delivery + self.lease).min(lease::LONGEST).max(delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_with_half_left_to_chance() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_secs(60));
        let options = Options::default().back_off(first, longest);
        for (attempts, whole) in [(1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (1_000, 60)] {
            let (delay, whole) = (options.delay(attempts), Duration::from_secs(whole));
            assert!(delay >= whole / 2 && delay <= whole, "{attempts}: {delay:?}");
        }
    }
}
