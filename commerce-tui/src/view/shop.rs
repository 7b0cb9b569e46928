//! The shop's catalogue.

use commerce_core::catalog::Product;
use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::paint::{self, Cell, Column, number, table, text};
use crate::dialog::Dialog;
use crate::input::Field;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::screen::{LOW, SORTS};
use crate::text::{count, money};

const COLUMNS: [Column; 5] = [
    text("NAME", 0, 0),
    text("ID", 16, 84),
    number("PRICE", 11, 0),
    number("STOCK", 10, 0),
    number("CART", 4, 44),
];

/// Draws the shop's left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let shop = &state.shop;
    let sort = SORTS.iter().find(|(sort, _)| *sort == shop.sort).map_or("", |(_, name)| *name);
    let title = titled("On sale", &shop.search, sort);
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::place(&shop.list));
    let rows = areas.rows(state.place, Pane::Left);
    search_line(frame, areas, state, &shop.search);
    let cells = |place: usize| shop.list.get(place).map(|product| product_cells(state, product));
    let known = shop.list.known().0;
    table(frame, state, rows, &COLUMNS, (&shop.list.spot, known, state.pane() == Pane::Left), cells);
    if known == 0 {
        let empty: &[&str] = match shop.search.text().trim() {
            "" => &["Nothing is on sale.", "Add products on screen 5."],
            _ => &["Nothing is found.", "esc ends the search."],
        };
        paint::no_rows(frame, state, rows, shop.list.fault.as_ref(), shop.list.untouched(), empty);
    }
}

fn product_cells(state: &State, product: &Product) -> Vec<Cell> {
    let theme = &state.setup.theme;
    let held = state.shop.in_cart(&product.product);
    vec![
        (product.name.to_string(), theme.text),
        (product.product.to_string(), theme.dim),
        (money(state.setup.currency, product.price.get()), theme.text),
        stock(state, product.stock.get()),
        (held.map(|held| format!("×{held}")).unwrap_or_default(), theme.accent),
    ]
}

/// A stock, marked when it is low, and in words when there is none.
pub fn stock(state: &State, stock: i64) -> Cell {
    let theme = &state.setup.theme;
    match stock {
        0 => ("✗ sold out".into(), theme.bad),
        1..=LOW => (format!("▲ {stock}"), theme.warn),
        stock => (count(stock), theme.text),
    }
}

/// The title of a list with what is searched for and its order.
pub fn titled(name: &str, search: &Field, sort: &str) -> String {
    match search.text().trim() {
        "" => format!("{name} · {sort}"),
        search => format!("{name} with “{search}” · {sort}"),
    }
}

/// While a search is typed, it stands in the title's place, with the cursor.
pub fn search_line(frame: &mut Frame<'_>, areas: &Areas, state: &State, search: &Field) {
    let area = areas.pane(Pane::Left);
    if !matches!(state.dialogs.last(), Some(Dialog::Search)) || area.width < 12 {
        return;
    }
    let theme = &state.setup.theme;
    let width = usize::from(area.width) - 8;
    let (shown, cursor) = search.view(width);
    let line = Line::from(vec![
        Span::styled(" / ", theme.accent),
        Span::styled(crate::text::left(&shown, width), theme.text),
    ]);
    let place = ratatui::layout::Rect { x: area.x + 2, width: area.width - 4, height: 1, ..area };
    frame.render_widget(line, place);
    frame.set_cursor_position((place.x + 3 + cursor as u16, place.y));
}
