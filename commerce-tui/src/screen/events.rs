//! The outgoing events on the left, how the selected one stands on the right.

use commerce_core::Time;
use commerce_core::outbox::{self, Event, Resting};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::list::List;

use super::Overview;

/// Screen 6.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// Only those that rest so.
    pub status: Option<Resting>,
    /// The events, oldest first.
    pub list: List<Event>,
}

impl Events {
    /// Asks for what is wanted.
    pub fn settle(&mut self, desk: &mut Desk) {
        let status = self.status;
        self.list.settle(desk, Topic::Events, |page| Ask::Events(outbox::List { status, page }));
    }

    /// When the next question is due.
    pub fn due(&self, overview: &Overview) -> Option<Time> {
        self.list.due().into_iter().chain(overview.outbox_due()).min()
    }
}
