//! The keys of the overview.

use crate::keys::Action;
use crate::model::State;
use crate::navigation::{Pane, Place};

impl State {
    /// What the overview's own keys do.
    pub(crate) fn act_in_overview(&mut self, action: Action) {
        if action != Action::Open {
            return;
        }
        match self.pane() {
            Pane::Left => {
                if self.overview.low_row().is_some() {
                    self.go(Place::Products);
                    self.turn_to(Pane::Right);
                }
            }
            Pane::Right => {
                let rows = self.overview.newest_rows();
                if let Some(order) = rows.get(self.overview.newest_spot.selected).map(|order| order.order) {
                    self.orders.show_those_of(None);
                    self.orders.list.wish(order);
                    self.go(Place::Orders);
                }
            }
        }
    }
}
