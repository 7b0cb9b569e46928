//! The customers on the left, the ledger of the selected one on the right.

use commerce_core::user::{self, User};
use commerce_core::wallet::{self, Entry};
use commerce_core::{Time, UserId};

use crate::desk::Desk;
use crate::dialog::Dialog;
use crate::effect::{Ask, Topic};
use crate::form::Purpose;
use crate::input::Field;
use crate::keys::Action;
use crate::list::List;
use crate::model::{Place, State};

/// Screen 2.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    /// What is searched for.
    pub search: Field,
    /// The customers.
    pub list: List<User>,
    /// The ledger of one of them.
    pub ledger: List<Entry>,
    /// Whose ledger that is.
    pub of: Option<UserId>,
}

impl Customers {
    /// Since when anything is waited for.
    pub fn since(&self) -> Option<Time> {
        self.list.since().into_iter().chain(self.ledger.since()).min()
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        let ledger = self.of.as_ref().and_then(|_| self.ledger.due());
        self.list.due().into_iter().chain(ledger).min()
    }

    /// Asks for what is wanted: the ledger is always that of the selected customer.
    pub fn settle(&mut self, desk: &mut Desk) {
        let search = super::wanted(self.search.text());
        self.list
            .settle(desk, Topic::Customers, |page| Ask::Users(user::List { search: search.clone(), page }));
        let selected = self.list.current().map(|user| user.user.clone());
        if selected != self.of {
            self.of = selected;
            self.ledger.reset();
        }
        if let Some(user) = &self.of {
            self.ledger.settle(desk, Topic::Ledger, |page| {
                Ask::Ledger(wallet::History { user: user.clone(), page })
            });
        }
    }

    /// Wants newer answers.
    pub fn touch(&mut self) {
        self.list.touch();
        self.ledger.touch();
    }
}

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
