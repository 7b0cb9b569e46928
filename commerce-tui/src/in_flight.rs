//! Commands in flight to the store, and the state of the one that a dialog submitted.

use commerce_core::Time;

use crate::effect::Command;

/// A command whose outcome has not arrived yet.
#[derive(Clone, Debug)]
pub struct InFlight {
    /// The command.
    pub command: Command,
    /// When it was sent.
    pub since: Time,
}

/// The state of the command that a dialog submits.
#[derive(Clone, Debug, Default)]
pub enum SubmitState {
    /// Nothing has been sent.
    #[default]
    Idle,
    /// The command with this id is in flight.
    InFlight(u64),
    /// The command failed or its outcome is unknown.
    Failed {
        /// What to show.
        message: String,
        /// The command to send again under the same key, if a retry may help.
        retry: Option<Box<Command>>,
    },
}

impl SubmitState {
    /// Whether the command with this id is the one in flight.
    pub fn waits_for(&self, id: u64) -> bool {
        matches!(self, Self::InFlight(sent) if *sent == id)
    }

    /// The command to send again, if a retry may help.
    pub fn retry(&self) -> Option<Command> {
        match self {
            Self::Failed { retry: Some(command), .. } => Some(command.as_ref().clone()),
            _ => None,
        }
    }
}
