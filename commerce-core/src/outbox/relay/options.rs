//! The options of a relay, and the notices that it reports.

use std::sync::Arc;
use std::time::Duration;

use crate::number::EventId;
use crate::outbox::lease;

/// Options of delivery.
#[derive(Clone)]
pub struct Options {
    pub(super) attempts: i64,
    pub(super) first_delay: Duration,
    pub(super) longest_delay: Duration,
    pub(super) lease: Duration,
    pub(super) retention: Duration,
    pub(super) notice: Arc<dyn Fn(&Notice) + Send + Sync>,
}

/// A notice for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Notice {
    /// This relay delivers.
    #[error("delivering")]
    Active,
    /// Another relay delivers. This one takes over when that one ends.
    #[error("another relay is delivering; standing by")]
    StandBy,
    /// The sink accepts nothing now. The relay retries by itself.
    #[error("nothing can be delivered now: {0}")]
    Down(String),
    /// The sink accepts events again.
    #[error("events are accepted again")]
    Up,
    /// An event was refused, and will be tried again.
    #[error("event {event} was not accepted: {reason}; attempt {attempts}")]
    Refused {
        /// The event.
        event: EventId,
        /// The reason.
        reason: String,
        /// The number of attempts.
        attempts: i64,
    },
    /// An event was given up.
    #[error("event {event} is dead after {attempts} attempts: {reason}; deliver it again with event.retry")]
    Dead {
        /// The event.
        event: EventId,
        /// The reason.
        reason: String,
        /// The number of attempts.
        attempts: i64,
    },
    /// The receiver has ended delivery. Events stay pending.
    #[error("delivery has ended, events stay pending: {0}")]
    Gone(String),
    /// The store failed. The relay retries by itself.
    #[error("{0}")]
    Trouble(String),
    /// Undelivered events are missing from the outbox. Delivery continues with later events.
    #[error("{} not in the outbox and never delivered: the store is damaged; run verify for details", span(*first, *last))]
    Missing {
        /// The first missing event.
        first: EventId,
        /// The last missing event.
        last: EventId,
    },
    /// The store works again.
    #[error("the store works again")]
    Recovered,
    /// The relay has ended, since the store is gone, or failed while the relay ran once.
    #[error("delivery has ended, events stay pending: {0}")]
    Ended(String),
    /// A warning of the sink ([`Sink::warnings`](crate::outbox::Sink::warnings)).
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
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(3_600),
            lease: Duration::from_secs(5),
            retention: Duration::from_secs(30 * 86_400),
            notice: Arc::new(|_| {}),
        }
    }
}

impl Options {
    /// The number of attempts after which an event is dead. The default is 20.
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1).into(), ..self }
    }

    /// The wait after the first failed attempt, and the longest wait. The wait doubles each time, and up to half of
    /// it is random. The defaults are 1 s and 1 h.
    #[must_use]
    pub fn back_off(self, first: Duration, longest: Duration) -> Self {
        Self { first_delay: first, longest_delay: longest.max(first), ..self }
    }

    /// How long after a relay dies another one takes over, in addition to the longest delivery of the sink. The
    /// default is 5 s.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How long delivered events are kept. The default is 30 days.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// A function to call with each notice.
    #[must_use]
    pub fn notice(self, notice: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        Self { notice: Arc::new(notice), ..self }
    }

    /// The wait after this many failed attempts.
    pub(super) fn delay(&self, attempts: i64) -> Duration {
        let doublings = u32::try_from(attempts - 1).unwrap_or_default().min(31);
        let full = self.first_delay.saturating_mul(1 << doublings).min(self.longest_delay);
        // The low bits of a UUIDv4 are random.
        let random = (uuid::Uuid::new_v4().as_u128() & 0xffff) as u32;
        full / 2 + full / 2 * random / 0xffff
    }

    /// The length of the lease for a sink whose deliveries take at most `delivery`.
    pub(super) fn lease_length(&self, delivery: Duration) -> Duration {
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
