//! The overview: sales, the outbox and low stock on the left, the newest orders on the right.

use commerce_core::order::Order;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use super::{events, low_stock};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{age, count};

const COLUMNS: [Column; 5] = [
    number_column("ORDER", 9, 0),
    text_column("CUSTOMER", 0, 0),
    number_column("TOTAL", 12, 0),
    number_column("AGO", 7, 0),
    text_column("STATUS", 9, 46),
];

/// Draws the overview's left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (overview, theme) = (&state.overview, &state.config.theme);
    let rows = overview.low_stock_rows().len();
    let note = widgets::position(&overview.low_stock_selection, rows, rows >= 100);
    let inner = widgets::draw_pane(frame, areas, state, Pane::Left, "Now", &note);
    let minutes = overview.minutes.value.as_ref().map_or(&[][..], |series| &series.items);
    let orders: Vec<i64> = minutes.iter().map(|minute| minute.orders).collect();
    let hour: i64 = orders.iter().sum();
    let last = orders.iter().rev().nth(1).copied().unwrap_or(0);
    let text = match overview.minutes.value {
        Some(_) => format!("{} last hour, {} last min", count(hour), count(last)),
        None => "…".into(),
    };
    widgets::draw_lines(frame, inner, [widgets::label_value(theme, " Orders", text)]);
    let chart = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(2), height: 3 };
    widgets::draw_sparkline(frame, chart.intersection(inner), &orders, theme.bar);
    let mut below = vec![today(state), yesterday(state)];
    below.extend(events::outbox_lines(state));
    let area = Rect { y: inner.y + 5, height: inner.height.saturating_sub(5).min(4), ..inner };
    widgets::draw_lines(frame, area, below);
    low_stock::draw_rows(frame, areas, state, Pane::Left);
}

fn today(state: &State) -> Line<'static> {
    let days = state.overview.days.value.as_ref().map(|series| series.items.as_slice());
    day(state, " Today UTC", days.and_then(<[_]>::last))
}

fn yesterday(state: &State) -> Line<'static> {
    let days = state.overview.days.value.as_ref().map(|series| series.items.as_slice());
    day(state, " Yesterday", days.and_then(|days| days.iter().rev().nth(1)))
}

fn day(state: &State, label: &'static str, sold: Option<&commerce_core::sales::StepSales>) -> Line<'static> {
    let text = sold.map_or("…".to_owned(), |sold| {
        let revenue = widgets::money(state.config.currency, sold.revenue.get());
        let unit = if sold.orders == 1 { "order" } else { "orders" };
        format!("{revenue}, {} {unit}", count(sold.orders))
    });
    widgets::label_value(&state.config.theme, label, text)
}

/// Draws the overview's right pane.
pub fn draw_newest(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let overview = &state.overview;
    let newest = overview.newest_rows();
    let note = widgets::position(&overview.newest_selection, newest.len(), newest.len() >= 100);
    widgets::draw_pane(frame, areas, state, Pane::Right, "Newest orders", &note);
    let rows = areas.rows(state.screen, Pane::Right);
    let cells = |row: usize| newest.get(row).map(|order| order_cells(state, order));
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&overview.newest_selection, newest.len(), state.pane() == Pane::Right),
        cells,
    );
    if newest.is_empty() {
        let is_pending = overview.newest.value.is_none();
        widgets::draw_empty(
            frame,
            state,
            rows,
            overview.newest.error.as_ref(),
            is_pending,
            &["There are no orders yet."],
        );
    }
}

fn order_cells(state: &State, order: &Order) -> Vec<Cell> {
    let theme = &state.config.theme;
    vec![
        (order.order.to_string(), theme.accent),
        (order.user.to_string(), theme.text),
        (crate::text::money(state.config.currency, order.total.get()), theme.text),
        (age(order.at, state.now()), theme.dim),
        super::orders::status_cell(state, order),
    ]
}
