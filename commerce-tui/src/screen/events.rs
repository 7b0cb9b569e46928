//! The outgoing events on the left, how the selected one stands on the right.

use commerce_core::Time;
use commerce_core::outbox::{self, Event, Resting};

use crate::desk::Desk;
use crate::dialog::{About, Dialog, Question, Sending};
use crate::effect::{Ask, Deed, Topic};
use crate::keys::Action;
use crate::list::List;
use crate::model::State;

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

impl State {
    /// What the events' own keys do.
    pub(crate) fn act_in_events(&mut self, action: Action) {
        match action {
            Action::Status => {
                self.events.status = match self.events.status {
                    None => Some(Resting::Pending),
                    Some(Resting::Pending) => Some(Resting::Delivered),
                    Some(Resting::Delivered) => Some(Resting::Dead),
                    Some(_) => None,
                };
                self.events.list.reset();
            }
            Action::Retry => {
                if let Some(event) = self.events.list.current().filter(|event| event.status == Resting::Dead)
                {
                    let events = vec![event.event];
                    self.send(Deed::Retry(outbox::Retry { events }));
                }
            }
            Action::RetryAll => {
                let (known, more) = self.overview.dead_events();
                if known > 0 {
                    let about = About::RetryAll { known, more };
                    self.dialogs.push(Dialog::Question(Question { about, sending: Sending::Not }));
                }
            }
            _ => {}
        }
    }
}
