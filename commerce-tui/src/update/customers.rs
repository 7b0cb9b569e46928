//! The keys of the customers' screen.

use crate::dialog::Dialog;
use crate::form::Purpose;
use crate::keys::Action;
use crate::model::State;
use crate::navigation::Place;

impl State {
    /// What the customers' own keys do.
    pub(crate) fn act_in_customers(&mut self, action: Action) {
        match (action, self.customers.of.clone()) {
            (Action::Search, _) => self.dialogs.push(Dialog::Search),
            (Action::New, _) => self.open_form(Purpose::AddUser),
            (Action::Charge, Some(user)) => self.open_form(Purpose::Charge(user)),
            (Action::ShopAs, Some(user)) => {
                self.shop.choose(Some(user));
                self.go(Place::Shop);
            }
            (Action::OrdersOf, Some(user)) => {
                self.orders.show_those_of(Some(user));
                self.go(Place::Orders);
            }
            _ => {}
        }
    }
}
