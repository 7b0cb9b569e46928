//! The outbox: one event per order, cancellation and charge, committed with it and delivered afterwards.
//!
//! - [`Since`] reads events in their envelopes, [`List`] and [`Lag`] show the state of delivery, [`Retry`] retries
//!   dead events, and [`retry_all()`] retries all of them.
//! - A [`Relay`] delivers them to a [`Sink`]: at least once, in order per subject, after the commit.

mod envelope;
mod lag;
mod lease;
mod list;
mod newest;
pub mod relay;
mod retry;
mod retry_all;
pub mod sink;
pub(crate) mod state;

pub use envelope::{Data, Envelope, EventBatch, NumberedEvent, Since};
pub use lag::{Backlog, Lag, Oldest};
pub use list::{Event, List};
pub use newest::{Newest, OutboxEnd};
pub use relay::Relay;
pub use retry::{Retried, Retry};
pub use retry_all::retry_all;
pub use sink::Sink;
pub(crate) use state::{Delivery, Prune, RelayState};

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::input::{FromInput, Input};
use crate::text::{ValueError, one_of};

/// The type of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum EventKind {
    /// An order was placed and paid.
    OrderCompleted,
    /// An order was cancelled.
    OrderCancelled,
    /// Money came into a wallet.
    WalletCharged,
}

impl EventKind {
    /// The word used in the store and in events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OrderCompleted => "OrderCompleted",
            Self::OrderCancelled => "OrderCancelled",
            Self::WalletCharged => "WalletCharged",
        }
    }

    pub(crate) fn stored(text: &str) -> Option<Self> {
        [Self::OrderCompleted, Self::OrderCancelled, Self::WalletCharged]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// The status of an event's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryStatus {
    /// Waiting for delivery, perhaps again.
    Pending,
    /// The receiver accepted it.
    Delivered,
    /// Given up after too many attempts.
    Dead,
}

impl DeliveryStatus {
    const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Dead];

    /// The word used in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The status from the row in `deliveries`, if there is one, and from whether the event is settled.
    pub(crate) fn of(dead: Option<bool>, settled: bool) -> Self {
        match dead {
            Some(true) => Self::Dead,
            None if settled => Self::Delivered,
            Some(false) | None => Self::Pending,
        }
    }
}

impl FromStr for DeliveryStatus {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL.map(|status| (status.as_str(), status)))
    }
}

impl FromInput for DeliveryStatus {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(
    DeliveryStatus,
    "DeliveryStatus",
    schemars::json_schema!({ "type": "string", "enum": Self::ALL.map(Self::as_str) })
);

#[cfg(test)]
mod tests {
    use super::EventKind;

    #[test]
    fn a_stored_word_is_read_as_the_kind_that_wrote_it() {
        for kind in [EventKind::OrderCompleted, EventKind::OrderCancelled, EventKind::WalletCharged] {
            assert_eq!(EventKind::stored(kind.as_str()), Some(kind));
        }
        assert_eq!(EventKind::stored("OrderLost"), None);
    }
}
