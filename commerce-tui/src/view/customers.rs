//! The customers' left pane: the customers.

use commerce_core::user::User;
use ratatui::Frame;

use super::shop::{draw_search_line, list_title};
use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::money;

const COLUMNS: [Column; 3] =
    [text_column("NAME", 0, 0), text_column("ID", 16, 0), number_column("BALANCE", 14, 40)];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let customers = &state.customers;
    let title = list_title("Customers", &customers.search, "by ID");
    widgets::draw_pane(frame, areas, state, Pane::Left, &title, &widgets::list_position(&customers.list));
    draw_search_line(frame, areas, state, &customers.search);
    let rows = areas.rows(state.screen, Pane::Left);
    let empty: &[&str] = match customers.search.text().trim() {
        "" => &["There are no customers yet.", "n adds one."],
        _ => &["No matching customers.", "esc clears the search."],
    };
    let has_focus = state.pane() == Pane::Left;
    let cells = |user: &User| user_cells(state, user);
    draw_list(frame, state, rows, &COLUMNS, (&customers.list, has_focus), cells, empty);
}

/// The cells of a customer: name, ID, balance.
pub fn user_cells(state: &State, user: &User) -> Vec<Cell> {
    let theme = &state.config.theme;
    let name = user.name.as_ref().map_or("–".to_owned(), |name| name.to_string());
    let balance = money(state.config.currency, user.balance.get());
    vec![(name, theme.text), (user.user.to_string(), theme.dim), (balance, theme.text)]
}
