//! The keys of the orders' screen.

use commerce_core::order::Status;

use crate::dialog::{Dialog, Picking, cancellable};
use crate::form::Purpose;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Pane;

impl State {
    /// What the orders' own keys do.
    pub(crate) fn act_in_orders(&mut self, action: Action) {
        match action {
            Action::Open => self.turn_to(Pane::Right),
            Action::Search => self.dialogs.push(Dialog::Search),
            Action::Who => self.pick(Picking::Orders),
            Action::Everyone => self.orders.show_those_of(None),
            Action::Status => {
                self.orders.status = match self.orders.status {
                    None => Some(Status::Paid),
                    Some(Status::Paid) => Some(Status::Cancelled),
                    Some(Status::Cancelled) => None,
                };
                self.orders.list.reset();
            }
            Action::Cancel => {
                if let Some((order, total, user)) = self.orders.list.current().and_then(cancellable) {
                    self.open_form(Purpose::Cancel(order, total, user));
                }
            }
            _ => {}
        }
    }
}
