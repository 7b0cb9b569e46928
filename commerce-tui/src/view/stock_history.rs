//! The products' right pane while it shows a history: what moved the stock of one product.

use commerce_core::catalog::{StockChange, StockChangeKind};
use ratatui::Frame;

use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, date_time, fit};

const COLUMNS: [Column; 6] = [
    text_column("WHEN (UTC)", 19, 70),
    text_column("WHEN", 11, 44),
    text_column("WHAT", 0, 0),
    text_column("WHO", 12, 84),
    number_column("UNITS", 8, 0),
    number_column("STOCK", 8, 0),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let products = &state.products;
    let product = products.history_of.as_ref().map_or("", |product| product.as_str());
    // A pane that is alone names the key to the other one in the same line.
    let taken = if areas.pane(Pane::Left).is_empty() { 22 } else { 4 };
    let room = usize::from(areas.pane(Pane::Right).width).saturating_sub(taken);
    widgets::draw_pane(
        frame,
        areas,
        state,
        Pane::Right,
        &format!("Stock of {product}"),
        &fit(&note(state), room),
    );
    let rows = areas.rows(state.screen, Pane::Right);
    let has_focus = state.pane() == Pane::Right;
    let cells = |change: &StockChange| change_cells(state, change, rows.width);
    draw_list(
        frame,
        state,
        rows,
        &COLUMNS,
        (&products.history, has_focus),
        cells,
        &["Nothing moved it yet."],
    );
}

/// The place of the selected change in the list, who made it and why.
fn note(state: &State) -> String {
    let history = &state.products.history;
    let selected = history.selected();
    let by = selected.and_then(|change| change.actor.as_ref()).map(|actor| format!("by {actor}"));
    let reason = selected.and_then(|change| change.reason.as_ref()).map(|reason| format!("“{reason}”"));
    let parts = [widgets::list_position(history)].into_iter().chain(by).chain(reason);
    parts.collect::<Vec<_>>().join(" · ")
}

/// The cells of a change. If there is no room for the date with its year, one without is shown.
fn change_cells(state: &State, change: &StockChange, width: u16) -> Vec<Cell> {
    let theme = &state.config.theme;
    let order = change.order.map_or(String::new(), |order| order.to_string());
    let (what, style) = match change.kind {
        StockChangeKind::Ordered => (format!("order {order}"), theme.text),
        StockChangeKind::Cancelled => (format!("cancelled {order}"), theme.success),
        StockChangeKind::Adjusted => ("adjusted".to_owned(), theme.accent),
        kind => (format!("{} {order}", kind.as_str()), theme.text),
    };
    let when = date_time(change.at);
    let short = if width < COLUMNS[0].min_table_width { when.get(5..16).unwrap_or("") } else { "" };
    let sign = if change.delta > 0 { "+" } else { "" };
    vec![
        (when.clone(), theme.dim),
        (short.to_owned(), theme.dim),
        (what, style),
        (change.actor.as_ref().map(ToString::to_string).unwrap_or_default(), theme.dim),
        (format!("{sign}{}", count(change.delta)), style),
        (count(change.stock), theme.text),
    ]
}
