//! The keys of the best sellers' screen.

use commerce_core::sales::By;

use crate::keys::Action;
use crate::model::State;
use crate::screen::{LIMITS, WINDOWS};

impl State {
    /// What the best sellers' own keys do.
    pub(crate) fn act_in_top(&mut self, action: Action) {
        let top = &mut self.top;
        match action {
            Action::LongerWindow if top.window + 1 < WINDOWS.len() => top.show(top.window + 1),
            Action::ShorterWindow if top.window > 0 => top.show(top.window - 1),
            Action::Longer => top.lengthen((top.limit + 5).min(LIMITS.1)),
            Action::Shorter => top.lengthen(top.limit.saturating_sub(5).max(LIMITS.0)),
            Action::Rank => top.rank(match top.by {
                By::Units => By::Revenue,
                By::Revenue => By::Units,
            }),
            _ => {}
        }
    }
}
