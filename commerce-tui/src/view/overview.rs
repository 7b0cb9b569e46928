//! Everything at a glance.

use commerce_core::order::Order;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint::{self, Cell, Column, number, table, text};
use super::{events, low};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{ago, count};

const COLUMNS: [Column; 5] = [
    number("ORDER", 9, 0),
    text("CUSTOMER", 0, 0),
    number("TOTAL", 12, 0),
    number("AGO", 7, 0),
    text("STATUS", 9, 46),
];

/// Draws the overview's left pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (overview, theme) = (&state.overview, &state.setup.theme);
    let rows = overview.low_rows().len();
    let note = paint::spot(&overview.low_spot, rows, rows >= 100);
    let inner = paint::pane(frame, areas, state, Pane::Left, "Now", &note);
    let minutes = overview.minutes.value.as_ref().map_or(&[][..], |series| &series.items);
    let orders: Vec<i64> = minutes.iter().map(|minute| minute.orders).collect();
    let hour: i64 = orders.iter().sum();
    let last = orders.iter().rev().nth(1).copied().unwrap_or(0);
    let told = match overview.minutes.value {
        Some(_) => format!("{} last hour, {} last min", count(hour), count(last)),
        None => "…".into(),
    };
    paint::lines(frame, inner, [paint::pair(theme, " Orders", told)]);
    let chart = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(2), height: 3 };
    paint::history(frame, chart.intersection(inner), &orders, theme.bar);
    let mut below = vec![today(state), yesterday(state)];
    below.extend(events::outbox(state));
    let area = Rect { y: inner.y + 5, height: inner.height.saturating_sub(5).min(4), ..inner };
    paint::lines(frame, area, below);
    low::list(frame, areas, state, Pane::Left);
}

fn today(state: &State) -> Line<'static> {
    let days = state.overview.days.value.as_ref().map(|series| series.items.as_slice());
    day(state, " Today UTC", days.and_then(<[_]>::last))
}

fn yesterday(state: &State) -> Line<'static> {
    let days = state.overview.days.value.as_ref().map(|series| series.items.as_slice());
    day(state, " Yesterday", days.and_then(|days| days.iter().rev().nth(1)))
}

fn day(state: &State, name: &'static str, sold: Option<&commerce_core::sales::Sold>) -> Line<'static> {
    let told = sold.map_or("…".to_owned(), |sold| {
        let revenue = paint::money(state.setup.currency, sold.revenue.get());
        format!("{revenue}, {} orders", count(sold.orders))
    });
    paint::pair(&state.setup.theme, name, told)
}

/// Draws the overview's right pane.
pub fn draw_newest(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let overview = &state.overview;
    let newest = overview.newest_rows();
    let note = paint::spot(&overview.newest_spot, newest.len(), newest.len() >= 100);
    paint::pane(frame, areas, state, Pane::Right, "Newest orders", &note);
    let rows = areas.rows(state.place, Pane::Right);
    let cells = |place: usize| newest.get(place).map(|order| order_cells(state, order));
    table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&overview.newest_spot, newest.len(), state.pane() == Pane::Right),
        cells,
    );
    if newest.is_empty() {
        let waits = overview.newest.value.is_none();
        paint::no_rows(
            frame,
            state,
            rows,
            overview.newest.fault.as_ref(),
            waits,
            &["Nothing was ordered yet."],
        );
    }
}

fn order_cells(state: &State, order: &Order) -> Vec<Cell> {
    let theme = &state.setup.theme;
    vec![
        (order.order.to_string(), theme.accent),
        (order.user.to_string(), theme.text),
        (crate::text::money(state.setup.currency, order.total.get()), theme.text),
        (ago(order.at, state.now()), theme.dim),
        super::orders::standing(state, order),
    ]
}
