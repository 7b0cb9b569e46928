//! The actions of the overview.

use crate::keys::Action;
use crate::model::State;
use crate::navigation::{Pane, Screen};

impl State {
    pub(super) fn handle_overview_action(&mut self, action: Action) {
        if action != Action::Open {
            return;
        }
        match self.pane() {
            Pane::Left => {
                if self.overview.selected_low_stock().is_some() {
                    self.go_to(Screen::Products);
                    self.focus_pane(Pane::Right);
                }
            }
            Pane::Right => {
                let selected = self.overview.newest_rows().get(self.overview.newest_selection.selected);
                if let Some(order) = selected.map(|order| order.order) {
                    self.orders.show_orders_of(None);
                    self.orders.list.select_when_loaded(order);
                    self.go_to(Screen::Orders);
                }
            }
        }
    }
}
