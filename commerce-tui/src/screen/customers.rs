//! The customers on the left, the ledger of the selected one on the right.

use commerce_core::user::{self, User};
use commerce_core::wallet::{self, Entry};
use commerce_core::{Time, UserId};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::input::Field;
use crate::list::List;

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
