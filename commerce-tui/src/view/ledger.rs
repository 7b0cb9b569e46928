//! The ledger of the selected customer.

use commerce_core::wallet::{Entry, EntryKind};
use ratatui::Frame;

use super::paint::{self, Cell, Column, number, table, text};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{moment, money};

const COLUMNS: [Column; 4] =
    [text("WHEN (UTC)", 19, 58), text("WHAT", 0, 0), number("AMOUNT", 13, 0), number("BALANCE", 13, 46)];

/// Draws the customers' right pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (customers, theme) = (&state.customers, &state.setup.theme);
    let inner = paint::pane(frame, areas, state, Pane::Right, "Ledger", &paint::place(&customers.ledger));
    let rows = areas.rows(state.place, Pane::Right);
    if let Some(user) = customers.list.current() {
        let name = user.name.as_ref().map_or("–".to_owned(), |name| name.to_string());
        let width = usize::from(inner.width).saturating_sub(13);
        let head = [
            paint::pair(theme, " Customer", crate::text::fit(&format!("{name} ({})", user.user), width)),
            paint::pair(theme, " Balance", paint::money(state.setup.currency, user.balance.get())),
            paint::pair(theme, " Since", moment(user.at)),
        ];
        paint::lines(frame, inner, head);
    }
    let cells = |place: usize| customers.ledger.get(place).map(|entry| entry_cells(state, entry));
    let known = customers.ledger.known().0;
    table(frame, state, rows, &COLUMNS, (&customers.ledger.spot, known, state.pane() == Pane::Right), cells);
    if known == 0 {
        let waits = customers.of.is_some() && customers.ledger.untouched();
        let empty = ["No money has moved yet.", "c charges the wallet."];
        paint::no_rows(frame, state, rows, customers.ledger.fault.as_ref(), waits, &empty);
    }
}

fn entry_cells(state: &State, entry: &Entry) -> Vec<Cell> {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    let charge = entry.charge.map_or(String::new(), |charge| charge.to_string());
    let order = entry.order.map_or(String::new(), |order| order.to_string());
    let (what, style) = match entry.kind {
        EntryKind::Charge => (format!("+ charge {charge}"), theme.good),
        EntryKind::Payment => (format!("− order {order}"), theme.text),
        EntryKind::Refund => (format!("+ refund of order {order}"), theme.good),
    };
    vec![
        (moment(entry.at), theme.dim),
        (what, style),
        (money(currency, entry.amount), style),
        (money(currency, entry.balance.get()), theme.text),
    ]
}
