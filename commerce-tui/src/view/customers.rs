//! The customers' left pane: the customers.

use commerce_core::user::User;
use ratatui::Frame;

use super::shop::{list_title, search_line};
use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
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
    search_line(frame, areas, state, &customers.search);
    let rows = areas.rows(state.screen, Pane::Left);
    let cells = |row: usize| customers.list.get(row).map(|user| user_cells(state, user));
    let known = customers.list.known_rows().0;
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&customers.list.selection, known, state.pane() == Pane::Left),
        cells,
    );
    if known == 0 {
        let empty: &[&str] = match customers.search.text().trim() {
            "" => &["There are no customers yet.", "n adds one."],
            _ => &["No matching customers.", "esc clears the search."],
        };
        widgets::draw_empty(
            frame,
            state,
            rows,
            customers.list.error.as_ref(),
            customers.list.is_unloaded(),
            empty,
        );
    }
}

/// The cells of a customer: name, ID, balance.
pub fn user_cells(state: &State, user: &User) -> Vec<Cell> {
    let theme = &state.config.theme;
    let name = user.name.as_ref().map_or("–".to_owned(), |name| name.to_string());
    let balance = money(state.config.currency, user.balance.get());
    vec![(name, theme.text), (user.user.to_string(), theme.dim), (balance, theme.text)]
}
