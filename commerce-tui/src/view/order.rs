//! The orders' right pane: the selected order with its lines.

use commerce_core::order::{Item, Order, Status};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, date_time, fit, money};

const COLUMNS: [Column; 4] = [
    text_column("NAME", 0, 0),
    number_column("QTY", 5, 0),
    number_column("PRICE", 11, 46),
    number_column("AMOUNT", 12, 0),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (orders, theme, currency) = (&state.orders, &state.config.theme, state.config.currency);
    let title = orders.list.selected().map_or("Order".to_owned(), |order| format!("Order {}", order.order));
    let note = widgets::position(&orders.line_selection, orders.line_count(), false);
    let inner = widgets::draw_pane(frame, areas, state, Pane::Right, &title, &note);
    let Some(order) = orders.list.selected() else { return };
    let width = usize::from(inner.width).saturating_sub(13);
    let status = match order.status {
        Status::Paid => Line::styled(" ✓ paid", theme.success),
        Status::Cancelled => {
            let at = order.cancelled_at.map(date_time).unwrap_or_default();
            Line::styled(format!(" ✗ cancelled {at}"), theme.warning)
        }
        status => Line::styled(format!(" {}", status.as_str()), theme.text),
    };
    let reason = order.reason.as_ref().map(|reason| fit(reason.as_str(), width));
    let head = [
        widgets::label_value(theme, " Customer", order.user.to_string()),
        widgets::label_value(theme, " Placed", format!("{} UTC", date_time(order.at))),
        status,
        reason.map(|reason| widgets::label_value(theme, " Reason", reason)).unwrap_or_default(),
        done_by(order).map(|by| widgets::label_value(theme, " Done by", fit(&by, width))).unwrap_or_default(),
    ];
    widgets::draw_lines(frame, inner, head);
    let rows = areas.rows(state.screen, Pane::Right);
    let cells = |row: usize| order.items.get(row).map(|item| item_cells(state, item));
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&orders.line_selection, order.items.len(), state.pane() == Pane::Right),
        cells,
    );
    let below = Rect { y: inner.bottom().saturating_sub(2), height: 2, ..inner };
    let totals = [
        widgets::label_value(theme, " Total", widgets::money(currency, order.total.get()))
            .patch_style(theme.accent),
        widgets::label_value(theme, " Remaining", widgets::money(currency, order.balance.get())),
    ];
    widgets::draw_lines(frame, below, totals);
}

/// The operators who placed and cancelled an order; none for a shopper's own.
fn done_by(order: &Order) -> Option<String> {
    match (&order.actor, &order.cancelled_by) {
        (None, None) => None,
        (Some(placed), None) => Some(placed.to_string()),
        (None, Some(cancelled)) => Some(format!("cancelled by {cancelled}")),
        (Some(placed), Some(cancelled)) => Some(format!("{placed}, cancelled by {cancelled}")),
    }
}

fn item_cells(state: &State, item: &Item) -> Vec<Cell> {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    vec![
        (item.name.to_string(), theme.text),
        (count(item.quantity.get()), theme.text),
        (money(currency, item.price.get()), theme.dim),
        (money(currency, item.amount.get()), theme.text),
    ]
}
