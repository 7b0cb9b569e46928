//! The orders, newest first.

use commerce_core::order::{Order, Status};
use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use super::shop::search_line;
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{clock, moment, money};

const COLUMNS: [Column; 6] = [
    number("ORDER", 9, 0),
    text("WHEN (UTC)", 19, 66),
    text("AT", 8, 46),
    text("CUSTOMER", 0, 0),
    number("TOTAL", 12, 0),
    text("STATUS", 9, 54),
];

/// Draws the orders' left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let orders = &state.orders;
    let whose = orders.user.as_ref().map_or("everyone's".to_owned(), |user| format!("of {user}"));
    let status = match orders.status {
        None => "all",
        Some(Status::Paid) => "paid",
        Some(Status::Cancelled) => "cancelled",
    };
    let title = match orders.number() {
        Some(_) => format!("Order {}", orders.search.text().trim()),
        None => format!("Orders {whose} · {status}"),
    };
    paint::pane(frame, areas, state, Pane::Left, &title, &paint::place(&orders.list));
    search_line(frame, areas, state, &orders.search);
    let rows = areas.rows(state.place, Pane::Left);
    let cells = |place: usize| orders.list.get(place).map(|order| order_cells(state, order, rows.width));
    let known = orders.list.known().0;
    table(frame, state, rows, &COLUMNS, (&orders.list.spot, known, state.pane() == Pane::Left), cells);
    if known == 0 {
        let number = orders.number();
        let none = match &number {
            Some(Ok(number)) => Some(format!("There is no order {number}.")),
            Some(Err(_)) | None => None,
        };
        let empty: &[&str] = match (&number, &none) {
            (Some(Err(_)), _) => &["An order is found by its number.", "esc ends the search."],
            (_, Some(none)) => &[none, "esc ends the search."],
            (_, None) => &["No order fits.", "s shows others; W shows everyone's."],
        };
        paint::no_rows(frame, state, rows, orders.list.fault.as_ref(), orders.list.untouched(), empty);
    }
}

/// An order's cells; the time of day alone where there is no room for the date.
fn order_cells(state: &State, order: &Order, width: u16) -> Vec<Cell> {
    let theme = &state.setup.theme;
    let (mark, style) = standing(state, order);
    let short = if width < COLUMNS[1].from { clock(order.at) } else { String::new() };
    vec![
        (order.order.to_string(), theme.accent),
        (moment(order.at), theme.dim),
        (short, theme.dim),
        (order.user.to_string(), theme.text),
        (money(state.setup.currency, order.total.get()), theme.text),
        (mark, style),
    ]
}

/// How an order stands, as a mark and a word.
pub fn standing(state: &State, order: &Order) -> (String, ratatui::style::Style) {
    match order.status {
        Status::Paid => ("✓ paid".into(), state.setup.theme.good),
        Status::Cancelled => ("✗ cancel.".into(), state.setup.theme.warn),
    }
}
