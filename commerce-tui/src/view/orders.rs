//! The orders' left pane: the orders, newest first.

use commerce_core::order::{Order, Status};
use ratatui::Frame;

use super::shop::draw_search_line;
use super::widgets::{self, Cell, Column, draw_list, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{date_time, money, time_of_day};

const COLUMNS: [Column; 6] = [
    number_column("ORDER", 9, 0),
    text_column("WHEN (UTC)", 19, 66),
    text_column("TIME", 8, 46),
    text_column("CUSTOMER", 0, 0),
    number_column("TOTAL", 12, 0),
    text_column("STATUS", 9, 54),
];

/// Draws the orders' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let orders = &state.orders;
    let customer = orders.user.as_ref().map_or("of all customers".to_owned(), |user| format!("of {user}"));
    let status = match orders.status {
        None => "all",
        Some(status) => status.as_str(),
    };
    let title = match orders.searched_number() {
        Some(_) => format!("Order {}", orders.search.text().trim()),
        None => format!("Orders {customer} · {status}"),
    };
    widgets::draw_pane(frame, areas, state, Pane::Left, &title, &widgets::list_position(&orders.list));
    draw_search_line(frame, areas, state, &orders.search);
    let rows = areas.rows(state.screen, Pane::Left);
    let not_found;
    let empty: &[&str] = match orders.searched_number() {
        Some(Ok(number)) => {
            not_found = format!("There is no order {number}.");
            &[&not_found, "esc clears the search."]
        }
        Some(Err(_)) => &["Enter the number of an order.", "esc clears the search."],
        None => &["No matching orders.", "s changes the status, W shows all customers."],
    };
    let has_focus = state.pane() == Pane::Left;
    let cells = |order: &Order| order_cells(state, order, rows.width);
    draw_list(frame, state, rows, &COLUMNS, (&orders.list, has_focus), cells, empty);
}

/// The cells of an order. If there is no room for the date, only the time of day is shown.
fn order_cells(state: &State, order: &Order, width: u16) -> Vec<Cell> {
    let theme = &state.config.theme;
    let (status, style) = status_cell(state, order);
    let time = if width < COLUMNS[1].min_table_width { time_of_day(order.at) } else { String::new() };
    vec![
        (order.order.to_string(), theme.accent),
        (date_time(order.at), theme.dim),
        (time, theme.dim),
        (order.user.to_string(), theme.text),
        (money(state.config.currency, order.total.get()), theme.text),
        (status, style),
    ]
}

/// The status of an order, as a mark and a word.
pub fn status_cell(state: &State, order: &Order) -> (String, ratatui::style::Style) {
    match order.status {
        Status::Paid => ("✓ paid".into(), state.config.theme.success),
        Status::Cancelled => ("✗ cancel.".into(), state.config.theme.warning),
        status => (status.as_str().into(), state.config.theme.text),
    }
}
