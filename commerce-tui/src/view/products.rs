//! The whole catalogue, for administration.

use commerce_core::catalog::Product;
use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use super::shop::{search_line, stock, titled};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::SORTS;
use crate::text::money;

const COLUMNS: [Column; 5] = [
    text("NAME", 0, 0),
    text("ID", 16, 64),
    number("PRICE", 11, 0),
    number("STOCK", 10, 0),
    text("SALE", 5, 0),
];

/// Draws the products' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let products = &state.products;
    let sort = SORTS.iter().find(|(sort, _)| *sort == products.sort).map_or("", |(_, name)| *name);
    let title = titled("Products", &products.search, sort);
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::place(&products.list));
    search_line(frame, areas, state, &products.search);
    let rows = areas.rows(state.place, Pane::Left);
    let cells = |place: usize| products.list.get(place).map(|product| product_cells(state, product));
    let known = products.list.known().0;
    table(frame, state, rows, &COLUMNS, (&products.list.spot, known, state.pane() == Pane::Left), cells);
    if known == 0 {
        let empty: &[&str] = match products.search.text().trim() {
            "" => &["There are no products yet.", "n adds one."],
            _ => &["Nothing is found.", "esc ends the search."],
        };
        paint::no_rows(frame, state, rows, products.list.fault.as_ref(), products.list.untouched(), empty);
    }
}

fn product_cells(state: &State, product: &Product) -> Vec<Cell> {
    let theme = &state.setup.theme;
    let sale =
        if product.active { ("● on".to_owned(), theme.good) } else { ("○ off".to_owned(), theme.warn) };
    vec![
        (product.name.to_string(), theme.text),
        (product.product.to_string(), theme.dim),
        (money(state.setup.currency, product.price.get()), theme.text),
        stock(state, product.stock.get()),
        sale,
    ]
}
