//! The actions of the orders' screen.

use commerce_core::order::Status;

use crate::dialog::{Dialog, PickerPurpose, cancellable};
use crate::form::FormKind;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Pane;

impl State {
    pub(super) fn handle_orders_action(&mut self, action: Action) {
        match action {
            Action::Open => self.focus_pane(Pane::Right),
            Action::Search => self.dialogs.push(Dialog::Search),
            Action::ChooseCustomer => self.open_picker(PickerPurpose::Orders),
            Action::AllCustomers => self.orders.show_orders_of(None),
            Action::NextStatus => {
                self.orders.status = match self.orders.status {
                    None => Some(Status::Paid),
                    Some(Status::Paid) => Some(Status::Cancelled),
                    Some(_) => None,
                };
                self.orders.list.reset();
            }
            Action::CancelOrder => {
                if let Some((order, total, user)) = self.orders.list.selected().and_then(cancellable) {
                    self.open_form(FormKind::CancelOrder(order, total, user));
                }
            }
            _ => {}
        }
    }
}
