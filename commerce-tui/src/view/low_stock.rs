//! The products that are low in stock, on two screens.

use ratatui::Frame;

use super::shop::stock_cell;
use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::LOW_STOCK;

const COLUMNS: [Column; 3] =
    [text_column("LOW IN STOCK", 0, 0), text_column("ID", 14, 44), number_column("LEFT", 10, 0)];

/// Draws them as a pane of their own.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    let overview = &state.overview;
    let rows = overview.low_stock_rows().len();
    let title = format!("{LOW_STOCK} or fewer in stock");
    widgets::draw_pane(
        frame,
        areas,
        state,
        pane,
        &title,
        &widgets::position(&overview.low_stock_selection, rows, rows >= 100),
    );
    draw_rows(frame, areas, state, pane);
}

/// Draws only their rows, in a pane that shows more.
pub fn draw_rows(frame: &mut Frame<'_>, areas: &Areas, state: &State, pane: Pane) {
    let (overview, theme) = (&state.overview, &state.config.theme);
    let (rows, low) = (areas.rows(state.screen, pane), overview.low_stock_rows());
    let cells = |row: usize| -> Option<Vec<Cell>> {
        let product = low.get(row)?;
        let (name, id) = (product.name.to_string(), product.product.to_string());
        Some(vec![(name, theme.text), (id, theme.dim), stock_cell(state, product.stock.get())])
    };
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&overview.low_stock_selection, low.len(), state.pane() == pane),
        cells,
    );
    if low.is_empty() {
        let is_pending = overview.low_stock.value.is_none();
        widgets::draw_empty(
            frame,
            state,
            rows,
            overview.low_stock.error.as_ref(),
            is_pending,
            &["✓ No product is low in stock."],
        );
    }
}
