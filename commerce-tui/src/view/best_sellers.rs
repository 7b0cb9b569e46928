//! The best sellers' left pane: the best sellers with bars.

use commerce_core::sales::{RankBy, Seller};
use ratatui::Frame;

use super::shop::stock_cell;
use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, money};

const BAR: u16 = 14;

const COLUMNS: [Column; 6] = [
    number_column("#", 3, 0),
    text_column("NAME", 0, 0),
    text_column("", BAR, 56),
    number_column("UNITS", 8, 0),
    number_column("REVENUE", 13, 0),
    number_column("STOCK", 10, 72),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let top = &state.top;
    let by = if top.by == RankBy::Units { "units" } else { "revenue" };
    let days = if top.days() == 1 { "day" } else { "days" };
    let title = format!("Top {} of the last {} {days} · by {by}", top.limit, top.days());
    let sellers = top.rows();
    widgets::draw_pane(
        frame,
        areas,
        state,
        Pane::Left,
        &title,
        &widgets::position(&top.selection, sellers.len(), false),
    );
    let rows = areas.rows(state.screen, Pane::Left);
    let most = sellers.iter().map(|seller| measure(top.by, seller)).max().unwrap_or(1).max(1);
    let cells = |row: usize| sellers.get(row).map(|seller| seller_cells(state, seller, most));
    draw_table(frame, state, rows, &COLUMNS, (&top.selection, sellers.len(), true), cells);
    if sellers.is_empty() {
        let empty = ["Nothing was sold in this window.", "] lengthens it."];
        let is_pending = top.sellers.value.is_none();
        widgets::draw_empty(frame, state, rows, top.sellers.error.as_ref(), is_pending, &empty);
    }
}

fn seller_cells(state: &State, seller: &Seller, most: i64) -> Vec<Cell> {
    let theme = &state.config.theme;
    let part = measure(state.top.by, seller) as f64 / most as f64;
    vec![
        (seller.rank.to_string(), theme.accent),
        (seller.name.to_string(), theme.text),
        (widgets::bar(part, BAR), theme.bar),
        (count(seller.units), theme.text),
        (money(state.config.currency, seller.revenue.get()), theme.text),
        stock_cell(state, seller.stock.get()),
    ]
}

fn measure(by: RankBy, seller: &Seller) -> i64 {
    match by {
        RankBy::Units => seller.units,
        RankBy::Revenue => seller.revenue.get(),
    }
}
