//! The dialogs, one file each.

mod checkout;
mod confirm;
mod form;
mod help;
mod modal;
mod palette;
mod picker;
mod refusal;

use ratatui::Frame;

use crate::dialog::Dialog;
use crate::model::State;

/// Draws the topmost dialog. The search line is drawn with its list.
pub fn draw(frame: &mut Frame<'_>, state: &State) {
    match state.dialogs.last() {
        None | Some(Dialog::Search) => {}
        Some(Dialog::Form(form)) => form::draw(frame, state, form),
        Some(Dialog::Checkout(submit)) => checkout::draw(frame, state, submit),
        Some(Dialog::Confirm(confirm)) => confirm::draw(frame, state, confirm),
        Some(Dialog::Refusal(refusal)) => refusal::draw(frame, state, refusal),
        Some(Dialog::Picker(picker)) => picker::draw(frame, state, picker),
        Some(Dialog::Palette(palette)) => palette::draw(frame, state, palette),
        Some(Dialog::Help(offset)) => help::draw(frame, state, *offset),
    }
}
