//! The selected order with its lines.

use commerce_core::order::{Item, Status};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint::{self, Cell, Column, number, table, text};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, fit, moment, money};

const COLUMNS: [Column; 4] =
    [text("NAME", 0, 0), number("QTY", 5, 0), number("PRICE", 11, 46), number("AMOUNT", 12, 0)];

/// Draws the orders' right pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (orders, theme, currency) = (&state.orders, &state.setup.theme, state.setup.currency);
    let title = orders.list.current().map_or("Order".to_owned(), |order| format!("Order {}", order.order));
    let note = paint::spot(&orders.spot, orders.lines(), false);
    let inner = paint::pane(frame, areas, state, Pane::Right, &title, &note);
    let Some(order) = orders.list.current() else { return };
    let width = usize::from(inner.width).saturating_sub(13);
    let status = match order.status {
        Status::Paid => Line::styled(" ✓ paid", theme.good),
        Status::Cancelled => {
            let at = order.cancelled_at.map(moment).unwrap_or_default();
            Line::styled(format!(" ✗ cancelled {at}"), theme.warn)
        }
    };
    let reason = order.reason.as_ref().map(|reason| fit(reason.as_str(), width));
    let head = [
        paint::pair(theme, " Customer", order.user.to_string()),
        paint::pair(theme, " Placed", format!("{} UTC", moment(order.at))),
        status,
        reason.map(|reason| paint::pair(theme, " Reason", reason)).unwrap_or_default(),
    ];
    paint::lines(frame, inner, head);
    let rows = areas.rows(state.place, Pane::Right);
    let cells = |place: usize| order.items.get(place).map(|item| item_cells(state, item));
    table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&orders.spot, order.items.len(), state.pane() == Pane::Right),
        cells,
    );
    let below = Rect { y: inner.bottom().saturating_sub(2), height: 2, ..inner };
    let foot = [
        paint::pair(theme, " Total", paint::money(currency, order.total.get())).patch_style(theme.accent),
        paint::pair(theme, " Left then", paint::money(currency, order.balance.get())),
    ];
    paint::lines(frame, below, foot);
}

fn item_cells(state: &State, item: &Item) -> Vec<Cell> {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    vec![
        (item.name.to_string(), theme.text),
        (count(item.quantity.get()), theme.text),
        (money(currency, item.price.get()), theme.dim),
        (money(currency, item.amount.get()), theme.text),
    ]
}
