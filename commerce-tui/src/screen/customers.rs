//! Screen 2: the customers on the left, the ledger of the selected one on the right.

use commerce_core::user::{self, User};
use commerce_core::wallet::{self, Entry};
use commerce_core::{Time, UserId};

use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::list::List;
use crate::text_field::TextField;

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Customers {
    /// The search.
    pub search: TextField,
    /// The customers that match it.
    pub list: List<User>,
    /// The ledger of `ledger_of`, newest entry first.
    pub ledger: List<Entry>,
    /// The customer whose ledger is kept.
    pub ledger_of: Option<UserId>,
}

impl Customers {
    /// Since when a request is in flight.
    pub fn pending_since(&self) -> Option<Time> {
        self.list.pending_since().into_iter().chain(self.ledger.pending_since()).min()
    }

    /// When the next request is due, if one is.
    pub fn due_at(&self) -> Option<Time> {
        let ledger = self.ledger_of.as_ref().and_then(|_| self.ledger.due_at());
        self.list.due_at().into_iter().chain(ledger).min()
    }

    /// Queues the queries that are due, and turns to the ledger of the selected customer.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        let search = super::search_text(&self.search);
        self.list.fetch_if_due(effects, |number, page| {
            Query::Customers(number, user::List { search: search.clone(), page })
        });
        let selected = self.list.selected().map(|user| user.user.clone());
        if selected != self.ledger_of {
            self.ledger_of = selected;
            self.ledger.reset();
        }
        if let Some(user) = &self.ledger_of {
            self.ledger.fetch_if_due(effects, |number, page| {
                Query::Ledger(number, wallet::History { user: user.clone(), page })
            });
        }
    }

    /// Marks everything as out of date.
    pub fn mark_stale(&mut self) {
        self.list.mark_stale();
        self.ledger.mark_stale();
    }
}
