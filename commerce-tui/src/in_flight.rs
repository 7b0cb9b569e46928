//! What is on its way to the store: the commands in flight, and how far the one is that a dialog sent.

use commerce_core::Time;

use crate::effect::Change;

/// An operation under way.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The operation.
    pub change: Change,
    /// Since when.
    pub since: Time,
}

/// How far a change is that a dialog sends.
#[derive(Clone, Debug, Default)]
pub enum Sending {
    /// Not sent.
    #[default]
    Not,
    /// Under way, with its number.
    Sent(u64),
    /// Not done, or nobody knows: the sentence, and the change to send again under the same key.
    Failed(String, Option<Box<Change>>),
}

impl Sending {
    /// Whether it waits for the outcome of this number.
    pub fn waits_for(&self, number: u64) -> bool {
        matches!(self, Self::Sent(sent) if *sent == number)
    }

    /// The change to send again, if there is one.
    pub fn retry(&self) -> Option<Change> {
        match self {
            Self::Failed(_, Some(change)) => Some(change.as_ref().clone()),
            _ => None,
        }
    }
}
