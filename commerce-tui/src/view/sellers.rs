//! The best sellers, with bars.

use commerce_core::sales::{By, Seller};
use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use super::shop::stock;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, money};

const BAR: u16 = 14;

const COLUMNS: [Column; 6] = [
    number("#", 3, 0),
    text("NAME", 0, 0),
    text("", BAR, 56),
    number("UNITS", 8, 0),
    number("REVENUE", 13, 0),
    number("STOCK", 10, 72),
];

/// Draws the best sellers' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let top = &state.top;
    let by = if top.by == By::Units { "units" } else { "revenue" };
    let days = if top.days() == 1 { "day" } else { "days" };
    let title = format!("Best {} of {} {days} · by {by}", top.limit, top.days());
    let sellers = top.rows();
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::spot(&top.spot, sellers.len(), false));
    let rows = areas.rows(state.place, Pane::Left);
    let most = sellers.iter().map(|seller| measured(top.by, seller)).max().unwrap_or(1).max(1);
    let cells = |place: usize| sellers.get(place).map(|seller| seller_cells(state, seller, most));
    table(frame, state, rows, &COLUMNS, (&top.spot, sellers.len(), true), cells);
    if sellers.is_empty() {
        let empty = ["Nothing was sold in this window.", "] makes it longer."];
        let waits = top.sellers.value.is_none();
        paint::no_rows(frame, state, rows, top.sellers.fault.as_ref(), waits, &empty);
    }
}

fn seller_cells(state: &State, seller: &Seller, most: i64) -> Vec<Cell> {
    let theme = &state.setup.theme;
    let part = measured(state.top.by, seller) as f64 / most as f64;
    vec![
        (seller.rank.to_string(), theme.accent),
        (seller.name.to_string(), theme.text),
        (paint::bar(part, BAR), theme.bar),
        (count(seller.units), theme.text),
        (money(state.setup.currency, seller.revenue.get()), theme.text),
        stock(state, seller.stock.get()),
    ]
}

fn measured(by: By, seller: &Seller) -> i64 {
    match by {
        By::Units => seller.units,
        By::Revenue => seller.revenue.get(),
    }
}
