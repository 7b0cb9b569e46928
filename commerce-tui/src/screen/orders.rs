//! Screen 3: the orders on the left, newest first; the lines of the selected one on the right.

use commerce_core::order::{self, Order, Status};
use commerce_core::{OrderId, UserId, ValueError};

use crate::effect::Query;
use crate::effect_queue::EffectQueue;
use crate::list::List;
use crate::selection::Selection;
use crate::text_field::TextField;

/// The state of the screen.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The number of an order. If it is not empty, only that order is listed, whatever the filters are.
    pub search: TextField,
    /// The only customer whose orders are listed; none lists all.
    pub user: Option<UserId>,
    /// The only status that is listed; none lists all.
    pub status: Option<Status>,
    /// The orders.
    pub list: List<Order>,
    /// The selected line of the selected order.
    pub line_selection: Selection,
}

impl Orders {
    /// Queues the queries that are due.
    pub fn fetch_if_due(&mut self, effects: &mut EffectQueue) {
        if let Some(number) = self.searched_number() {
            return self.list.fetch_if_due(effects, |_, _| Query::FindOrder(number.clone().ok()));
        }
        let (user, status) = (self.user.clone(), self.status);
        self.list.fetch_if_due(effects, |number, page| {
            Query::Orders(number, order::List { user: user.clone(), status, from: None, to: None, page })
        });
    }

    /// The number in the search, or what is wrong with its text; none if the search is blank.
    pub fn searched_number(&self) -> Option<Result<OrderId, ValueError>> {
        let text = super::search_text(&self.search)?;
        Some(text.trim_start_matches('#').parse())
    }

    /// How many lines the selected order has.
    pub fn line_count(&self) -> usize {
        self.list.selected().map_or(0, |order| order.items.len())
    }

    /// Keeps the selected line within the selected order.
    pub fn clamp_selections(&mut self) {
        self.line_selection.clamp(self.line_count());
    }

    /// Clears the search and the filters, and lists the orders of one customer, or of all.
    pub fn show_orders_of(&mut self, user: Option<UserId>) {
        (self.search, self.user, self.status) = (TextField::default(), user, None);
        self.list.reset();
    }
}
