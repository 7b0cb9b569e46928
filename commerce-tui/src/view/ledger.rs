//! The customers' right pane: the ledger of the selected customer.

use commerce_core::Actor;
use commerce_core::wallet::{Entry, EntryKind};
use ratatui::Frame;
use ratatui::text::Line;

use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{date_time, money};

const COLUMNS: [Column; 5] = [
    text_column("WHEN (UTC)", 19, 58),
    text_column("WHAT", 0, 0),
    text_column("WHO", 12, 74),
    number_column("AMOUNT", 13, 0),
    number_column("BALANCE", 13, 46),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (customers, theme) = (&state.customers, &state.config.theme);
    let inner = widgets::draw_pane(
        frame,
        areas,
        state,
        Pane::Right,
        "Ledger",
        &widgets::list_position(&customers.ledger),
    );
    let rows = areas.rows(state.screen, Pane::Right);
    if let Some(user) = customers.list.selected() {
        let name = user.name.as_ref().map_or("–".to_owned(), |name| name.to_string());
        let width = usize::from(inner.width).saturating_sub(13);
        let head = [
            widgets::label_value(
                theme,
                " Customer",
                crate::text::fit(&format!("{name} ({})", user.user), width),
            ),
            widgets::label_value(
                theme,
                " Balance",
                widgets::money(state.config.currency, user.balance.get()),
            ),
            widgets::label_value(theme, " Since", date_time(user.at)),
            customers.ledger.selected().map(|entry| done_by(state, entry)).unwrap_or_default(),
        ];
        widgets::draw_lines(frame, inner, head);
    }
    let cells = |row: usize| customers.ledger.get(row).map(|entry| entry_cells(state, entry));
    let known = customers.ledger.known_rows().0;
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&customers.ledger.selection, known, state.pane() == Pane::Right),
        cells,
    );
    if known == 0 {
        let is_pending = customers.ledger_of.is_some() && customers.ledger.is_unloaded();
        let empty = ["There are no entries yet.", "c charges the wallet."];
        widgets::draw_empty(frame, state, rows, customers.ledger.error.as_ref(), is_pending, &empty);
    }
}

/// Which operator made an entry, in a pane that has no room for the column.
fn done_by(state: &State, entry: &Entry) -> Line<'static> {
    let by = |actor: &Actor| widgets::label_value(&state.config.theme, " Done by", actor.to_string());
    entry.actor.as_ref().map(by).unwrap_or_default()
}

fn entry_cells(state: &State, entry: &Entry) -> Vec<Cell> {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    let charge = entry.charge.map_or(String::new(), |charge| charge.to_string());
    let order = entry.order.map_or(String::new(), |order| order.to_string());
    let (what, style) = match entry.kind {
        EntryKind::Charge => (format!("+ charge {charge}"), theme.success),
        EntryKind::Payment => (format!("− order {order}"), theme.text),
        EntryKind::Refund => (format!("+ refund of order {order}"), theme.success),
        kind => (format!("{} {charge}{order}", kind.as_str()), theme.text),
    };
    vec![
        (date_time(entry.at), theme.dim),
        (what, style),
        (entry.actor.as_ref().map(ToString::to_string).unwrap_or_default(), theme.dim),
        (money(currency, entry.amount), style),
        (money(currency, entry.balance.get()), theme.text),
    ]
}
