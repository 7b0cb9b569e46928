//! What is low in stock.

use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use super::shop::stock;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::LOW;

const COLUMNS: [Column; 3] = [text("LOW IN STOCK", 0, 0), text("ID", 14, 44), number("LEFT", 10, 0)];

/// Draws the products' right pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    let overview = &state.overview;
    let rows = overview.low_rows().len();
    let title = format!("{LOW} or less in stock");
    paint::pane(frame, areas, state, pane, &title, &paint::spot(&overview.low_spot, rows, rows >= 100));
    list(frame, areas, state, pane);
}

/// Draws the rows alone.
pub fn list(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    let (overview, theme) = (&state.overview, &state.setup.theme);
    let (rows, low) = (areas.rows(state.place, pane), overview.low_rows());
    let cells = |place: usize| -> Option<Vec<Cell>> {
        let product = low.get(place)?;
        let (name, id) = (product.name.to_string(), product.product.to_string());
        Some(vec![(name, theme.text), (id, theme.dim), stock(state, product.stock.get())])
    };
    table(frame, state, rows, &COLUMNS, (&overview.low_spot, low.len(), state.pane() == pane), cells);
    if low.is_empty() {
        let waits = overview.low.value.is_none();
        paint::no_rows(
            frame,
            state,
            rows,
            overview.low.fault.as_ref(),
            waits,
            &["✓ Nothing is low in stock."],
        );
    }
}
