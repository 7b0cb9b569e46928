//! The keys of the events' screen.

use commerce_core::outbox::{self, Resting};

use crate::dialog::{About, Dialog, Question};
use crate::effect::Deed;
use crate::in_flight::Sending;
use crate::keys::Action;
use crate::model::State;

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
