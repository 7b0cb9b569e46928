//! The actions of the events' screen.

use commerce_core::outbox::{self, DeliveryStatus};

use crate::dialog::{ConfirmAction, Dialog};
use crate::effect::Operation;
use crate::keys::Action;
use crate::model::State;

impl State {
    pub(super) fn handle_events_action(&mut self, action: Action) {
        match action {
            Action::NextStatus => {
                self.events.status = match self.events.status {
                    None => Some(DeliveryStatus::Pending),
                    Some(DeliveryStatus::Pending) => Some(DeliveryStatus::Delivered),
                    Some(DeliveryStatus::Delivered) => Some(DeliveryStatus::Dead),
                    Some(_) => None,
                };
                self.events.list.reset();
            }
            Action::RetryEvent => {
                let selected =
                    self.events.list.selected().filter(|event| event.status == DeliveryStatus::Dead);
                if let Some(events) = selected.map(|event| vec![event.event]) {
                    self.submit(Operation::RetryEvents(outbox::Retry { events }));
                }
            }
            Action::RetryAllEvents => {
                let (loaded, more) = self.overview.dead_events();
                if loaded > 0 {
                    self.dialogs.push(Dialog::confirm(ConfirmAction::RetryAllEvents { loaded, more }));
                }
            }
            _ => {}
        }
    }
}
