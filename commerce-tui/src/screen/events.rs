//! Screen 6: the outgoing events on the left, the outbox and the selected event on the right.

use commerce_core::Time;
use commerce_core::outbox::{self, DeliveryStatus, Event};

use super::Overview;
use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::list::List;

/// The state of the screen. The state of the outbox is kept by the overview.
#[derive(Clone, Debug, Default)]
pub struct Events {
    /// The only status that is listed; none lists all.
    pub status: Option<DeliveryStatus>,
    /// The events, oldest first.
    pub list: List<Event>,
}

impl Events {
    /// When the next request is due, if one is.
    pub fn due_at(&self, overview: &Overview) -> Option<Time> {
        self.list.due_at().into_iter().chain(overview.outbox_due_at()).min()
    }

    /// Queues the queries that are due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let status = self.status;
        self.list.fetch_if_due(effects, |number, page| Query::Events(number, outbox::List { status, page }));
    }
}
