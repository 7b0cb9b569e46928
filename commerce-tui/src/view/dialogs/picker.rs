//! The choice of a customer: a search and the customers that match it.

use commerce_core::user::User;
use ratatui::Frame;
use ratatui::layout::Rect;

use super::modal::{draw_border, draw_field};
use crate::dialog::{CustomerPicker, PickerPurpose};
use crate::layout::picker_area;
use crate::model::State;
use crate::view::customers::user_cells;
use crate::view::widgets::{Column, draw_list, number_column, text_column};

const COLUMNS: [Column; 3] =
    [text_column("NAME", 0, 0), text_column("ID", 16, 0), number_column("BALANCE", 14, 44)];

/// Draws the choice of a customer.
pub fn draw(frame: &mut Frame<'_>, state: &State, picker: &CustomerPicker) {
    let title = match picker.purpose {
        PickerPurpose::Cart => "Choose a customer",
        PickerPurpose::Orders => "Show the orders of",
    };
    let inner = draw_border(frame, state, picker_area(state.size), title);
    draw_field(frame, state, Rect { height: 1, ..inner }, &picker.search, true);
    let rows = Rect {
        x: inner.x - 1,
        y: inner.y + 3,
        width: inner.width + 2,
        height: inner.height.saturating_sub(3),
    };
    let cells = |user: &User| user_cells(state, user);
    let empty = ["No matching customers.", "ctrl-n adds a customer."];
    draw_list(frame, state, rows, &COLUMNS, (&picker.list, true), cells, &empty);
}
