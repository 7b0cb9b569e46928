//! The shop's left pane: the products on sale.

use commerce_core::catalog::Product;
use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::dialog::Dialog;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::{LOW_STOCK, SORTS};
use crate::text::{count, money};
use crate::text_field::TextField;

const COLUMNS: [Column; 5] = [
    text_column("NAME", 0, 0),
    text_column("ID", 16, 84),
    number_column("PRICE", 11, 0),
    number_column("STOCK", 10, 0),
    number_column("CART", 4, 44),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let shop = &state.shop;
    let sort = SORTS.iter().find(|(sort, _)| *sort == shop.sort).map_or("", |(_, name)| *name);
    let title = list_title("On sale", &shop.search, sort);
    widgets::draw_pane(frame, areas, state, Pane::Left, &title, &widgets::list_position(&shop.list));
    let rows = areas.rows(state.screen, Pane::Left);
    draw_search_line(frame, areas, state, &shop.search);
    let empty: &[&str] = match shop.search.text().trim() {
        "" => &["There are no products on sale.", "Screen 5 adds products."],
        _ => &["No matching products.", "esc clears the search."],
    };
    let has_focus = state.pane() == Pane::Left;
    let cells = |product: &Product| product_cells(state, product);
    draw_list(frame, state, rows, &COLUMNS, (&shop.list, has_focus), cells, empty);
}

fn product_cells(state: &State, product: &Product) -> Vec<Cell> {
    let theme = &state.config.theme;
    let in_cart = state.shop.quantity_in_cart(&product.product);
    vec![
        (product.name.to_string(), theme.text),
        (product.product.to_string(), theme.dim),
        (money(state.config.currency, product.price.get()), theme.text),
        stock_cell(state, product.stock.get()),
        (in_cart.map(|quantity| format!("×{quantity}")).unwrap_or_default(), theme.accent),
    ]
}

/// The stock of a product: marked if it is low, in words if there is none.
pub fn stock_cell(state: &State, stock: i64) -> Cell {
    let theme = &state.config.theme;
    match stock {
        0 => ("✗ sold out".into(), theme.error),
        1..=LOW_STOCK => (format!("▲ {stock}"), theme.warning),
        stock => (count(stock), theme.text),
    }
}

/// The title of a list with its search and its sort order.
pub fn list_title(name: &str, search: &TextField, sort: &str) -> String {
    match search.text().trim() {
        "" => format!("{name} · {sort}"),
        search => format!("{name} matching “{search}” · {sort}"),
    }
}

/// Draws the search line over the title of the left pane while it is open.
pub fn draw_search_line(frame: &mut Frame<'_>, areas: &Areas, state: &State, search: &TextField) {
    let area = areas.pane(Pane::Left);
    if !matches!(state.dialogs.last(), Some(Dialog::Search)) || area.width < 12 {
        return;
    }
    let theme = &state.config.theme;
    let width = usize::from(area.width) - 8;
    let (shown, cursor) = search.visible(width);
    let line = Line::from(vec![
        Span::styled(" / ", theme.accent),
        Span::styled(crate::text::align_left(&shown, width), theme.text),
    ]);
    let line_area = ratatui::layout::Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
    frame.render_widget(line, line_area);
    frame.set_cursor_position((line_area.x + 3 + cursor as u16, line_area.y));
}
