//! The actions of the best sellers' screen.

use crate::keys::Action;
use crate::model::State;

impl State {
    pub(super) fn handle_top_action(&mut self, action: Action) {
        match action {
            Action::LongerWindow => self.top.change_window(true),
            Action::ShorterWindow => self.top.change_window(false),
            Action::MoreRows => self.top.change_limit(true),
            Action::FewerRows => self.top.change_limit(false),
            Action::ToggleRanking => self.top.toggle_ranking(),
            _ => {}
        }
    }
}
