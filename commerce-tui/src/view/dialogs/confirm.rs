//! Questions that are answered yes or no.

use ratatui::Frame;
use ratatui::text::Line;

use super::modal::{draw_text, submit_lines, text_width, wrap};
use crate::dialog::{ConfirmAction, ConfirmDialog};
use crate::model::State;

/// Draws a question.
pub fn draw(frame: &mut Frame<'_>, state: &State, confirm: &ConfirmDialog) {
    let theme = &state.config.theme;
    let width = text_width(state);
    let (title, question) = match &confirm.action {
        ConfirmAction::Quit if !state.in_flight.is_empty() => {
            ("Quit", "An operation is in progress. Quit without waiting for its outcome?".into())
        }
        ConfirmAction::Quit => ("Quit", "Quit and lose what you have typed?".into()),
        ConfirmAction::ClearCart(user) => {
            ("Empty the cart", format!("Remove all lines from the cart of {user}? u undoes it."))
        }
        ConfirmAction::SetOnSale(product, true) => ("On sale", format!("Put {product} on sale?")),
        ConfirmAction::SetOnSale(product, false) => {
            ("Off sale", format!("Take {product} off sale? Existing orders do not change."))
        }
        ConfirmAction::RetryAllEvents { loaded: 1, more: false } => {
            ("Deliver again", "Deliver the dead event again?".into())
        }
        ConfirmAction::RetryAllEvents { loaded, more: false } => {
            ("Deliver again", format!("Deliver all {loaded} dead events again?"))
        }
        ConfirmAction::RetryAllEvents { loaded, more: true } => {
            ("Deliver again", format!("Deliver all dead events again? There are more than {loaded}."))
        }
    };
    let mut text = wrap(&question, width, theme.text);
    text.push(Line::default());
    let status = submit_lines(state, &confirm.submit, width);
    match status.is_empty() {
        true => text.push(Line::styled("enter: yes   esc: no", theme.accent)),
        false => text.extend(status),
    }
    draw_text(frame, state, title, text);
}
