//! The products' left pane: the whole catalogue, for administration.

use commerce_core::catalog::Product;
use ratatui::Frame;

use super::shop::{draw_search_line, list_title, stock_cell};
use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::SORTS;
use crate::text::money;

const COLUMNS: [Column; 5] = [
    text_column("NAME", 0, 0),
    text_column("ID", 16, 64),
    number_column("PRICE", 11, 0),
    number_column("STOCK", 10, 0),
    text_column("SALE", 5, 0),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let products = &state.products;
    let sort = SORTS.iter().find(|(sort, _)| *sort == products.sort).map_or("", |(_, name)| *name);
    let title = list_title("Products", &products.search, sort);
    widgets::draw_pane(frame, areas, state, Pane::Left, &title, &widgets::list_position(&products.list));
    draw_search_line(frame, areas, state, &products.search);
    let rows = areas.rows(state.screen, Pane::Left);
    let empty: &[&str] = match products.search.text().trim() {
        "" => &["There are no products yet.", "n adds one."],
        _ => &["No matching products.", "esc clears the search."],
    };
    let has_focus = state.pane() == Pane::Left;
    let cells = |product: &Product| product_cells(state, product);
    draw_list(frame, state, rows, &COLUMNS, (&products.list, has_focus), cells, empty);
}

fn product_cells(state: &State, product: &Product) -> Vec<Cell> {
    let theme = &state.config.theme;
    let sale = if product.active {
        ("● on".to_owned(), theme.success)
    } else {
        ("○ off".to_owned(), theme.warning)
    };
    vec![
        (product.name.to_string(), theme.text),
        (product.product.to_string(), theme.dim),
        (money(state.config.currency, product.price.get()), theme.text),
        stock_cell(state, product.stock.get()),
        sale,
    ]
}
