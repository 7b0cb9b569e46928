//! The orders on the left, newest first; the lines of the selected one on the right.

use commerce_core::order::{self, Order, Status};
use commerce_core::{OrderId, Time, UserId, ValueError};

use crate::desk::Desk;
use crate::effect::{Ask, Topic};
use crate::input::Field;
use crate::list::List;
use crate::spot::{Move, Spot};

/// Screen 3.
#[derive(Clone, Debug, Default)]
pub struct Orders {
    /// The number of an order that is looked for, whatever else is wanted.
    pub search: Field,
    /// Whose orders; everyone's, if nothing is said.
    pub user: Option<UserId>,
    /// Only those that stand so.
    pub status: Option<Status>,
    /// The orders.
    pub list: List<Order>,
    /// The selected line of the selected order.
    pub spot: Spot,
}

impl Orders {
    /// Asks for what is wanted.
    pub fn settle(&mut self, desk: &mut Desk) {
        if let Some(order) = self.number().map(Result::ok) {
            return self.list.settle(desk, Topic::Orders, |_| Ask::Order(order));
        }
        let (user, status) = (self.user.clone(), self.status);
        self.list.settle(desk, Topic::Orders, |page| {
            Ask::Orders(order::List { user: user.clone(), status, from: None, to: None, page })
        });
    }

    /// The number that is searched for, or what is wrong with the text as a number.
    pub fn number(&self) -> Option<Result<OrderId, ValueError>> {
        let text = super::wanted(self.search.text())?;
        Some(text.trim_start_matches('#').parse())
    }

    /// Keeps the selected line where there is one.
    pub fn keep_in_view(&mut self) {
        self.spot.go(Move::By(0), self.lines());
    }

    /// How many lines the selected order has.
    pub fn lines(&self) -> usize {
        self.list.current().map_or(0, |order| order.items.len())
    }

    /// When the next question is due.
    pub fn due(&self) -> Option<Time> {
        self.list.due()
    }

    /// Shows one customer's orders, or everyone's.
    pub fn show_those_of(&mut self, user: Option<UserId>) {
        (self.search, self.user, self.status) = (Field::default(), user, None);
        self.list.reset();
    }
}
