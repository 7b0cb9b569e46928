//! The actions of the customers' screen.

use crate::dialog::Dialog;
use crate::form::FormKind;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Screen;

impl State {
    pub(super) fn handle_customers_action(&mut self, action: Action) {
        match (action, self.customers.ledger_of.clone()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::New, _) => self.open_form(FormKind::AddUser),
            (Action::Charge, Some(user)) => self.open_form(FormKind::Charge(user)),
            (Action::ShopAs, Some(user)) => {
                self.shop.choose_customer(Some(user));
                self.go_to(Screen::Shop);
            }
            (Action::ShowOrders, Some(user)) => {
                self.orders.show_orders_of(Some(user));
                self.go_to(Screen::Orders);
            }
            _ => {}
        }
    }
}
