//! The outbox: one event per committed fact, written with it, told to the data platform afterwards.

mod envelope;
mod list;
mod retry;

pub use envelope::{Data, Envelope, Following, Since, Told};
pub use list::{Event, List};
pub use retry::{Retried, Retry};

use serde::{Deserialize, Serialize};

use crate::input::FromJson;

/// What an event tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
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

/// How an event rests in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resting {
    /// Waiting to be delivered, perhaps again.
    Pending,
    /// Given up after too many attempts.
    Dead,
}

impl FromJson for Resting {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("pending") => Ok(Self::Pending),
            Some("dead") => Ok(Self::Dead),
            _ => Err("must be pending or dead".into()),
        }
    }
}
