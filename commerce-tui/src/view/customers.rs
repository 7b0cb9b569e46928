//! The customers.

use commerce_core::user::User;
use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use super::shop::{search_line, titled};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::money;

const COLUMNS: [Column; 3] = [text("NAME", 0, 0), text("ID", 16, 0), number("BALANCE", 14, 40)];

/// Draws the customers' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let customers = &state.customers;
    let title = titled("Customers", &customers.search, "by ID");
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::place(&customers.list));
    search_line(frame, areas, state, &customers.search);
    let rows = areas.rows(state.place, Pane::Left);
    let cells = |place: usize| customers.list.get(place).map(|user| user_cells(state, user));
    let known = customers.list.known().0;
    table(frame, state, rows, &COLUMNS, (&customers.list.spot, known, state.pane() == Pane::Left), cells);
    if known == 0 {
        let empty: &[&str] = match customers.search.text().trim() {
            "" => &["There are no customers yet.", "n adds one."],
            _ => &["Nobody is found.", "esc ends the search."],
        };
        paint::no_rows(frame, state, rows, customers.list.fault.as_ref(), customers.list.untouched(), empty);
    }
}

/// A customer's cells: name, identifier, balance.
pub fn user_cells(state: &State, user: &User) -> Vec<Cell> {
    let theme = &state.setup.theme;
    let name = user.name.as_ref().map_or("–".to_owned(), |name| name.to_string());
    let balance = money(state.setup.currency, user.balance.get());
    vec![(name, theme.text), (user.user.to_string(), theme.dim), (balance, theme.text)]
}
