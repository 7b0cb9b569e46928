//! The shop's right pane: the customer's cart.

use commerce_core::cart::{Line as CartLine, Problem};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::widgets::{self, Cell, Column, draw_table, number_column, text_column};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{align_left, align_right, count, money};

const COLUMNS: [Column; 5] = [
    text_column("", 1, 0),
    text_column("NAME", 0, 0),
    number_column("QTY", 5, 0),
    number_column("PRICE", 11, 48),
    number_column("AMOUNT", 12, 0),
];

/// Draws the pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (shop, theme) = (&state.shop, &state.config.theme);
    let lines = shop.lines();
    let note = widgets::position(&shop.cart_selection, lines.len(), false);
    let title = shop.customer.as_ref().map_or("Cart".to_owned(), |user| format!("Cart of {user}"));
    let inner = widgets::draw_pane(frame, areas, state, Pane::Right, &title, &note);
    let rows = areas.rows(state.screen, Pane::Right);
    let Some(user) = &shop.customer else {
        let hint =
            [Line::styled("No customer chosen.", theme.text), Line::styled("w chooses one.", theme.dim)];
        return widgets::draw_notice(frame, rows, &hint);
    };
    let account = shop.account.value.as_ref();
    let name =
        account.and_then(|account| account.name.as_ref()).map_or(user.to_string(), |name| name.to_string());
    let balance = account
        .map_or("…".to_owned(), |account| widgets::money(state.config.currency, account.balance.get()));
    let width = usize::from(inner.width).saturating_sub(13);
    let head = [
        widgets::label_value(theme, " Customer", crate::text::fit(&name, width)),
        widgets::label_value(theme, " Balance", balance),
    ];
    widgets::draw_lines(frame, inner, head);
    let cells = |row: usize| lines.get(row).map(|line| line_cells(state, line));
    draw_table(
        frame,
        state,
        rows,
        &COLUMNS,
        (&shop.cart_selection, lines.len(), state.pane() == Pane::Right),
        cells,
    );
    if lines.is_empty() {
        let is_pending = shop.cart.value.is_none();
        let empty = ["The cart is empty.", "enter adds the selected product."];
        widgets::draw_empty(frame, state, rows, shop.cart.error.as_ref(), is_pending, &empty);
    }
    let below = Rect { y: inner.bottom().saturating_sub(2), height: 2, ..inner };
    widgets::draw_lines(frame, below, [line_note(state), total_line(state, inner.width)]);
}

fn line_cells(state: &State, line: &CartLine) -> Vec<Cell> {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    let (mark, style) = match line.problem {
        None => (" ", theme.text),
        Some(Problem::PriceChanged) => ("▲", theme.warning),
        Some(Problem::OutOfStock) => ("!", theme.error),
        Some(_) => ("✗", theme.error),
    };
    let amount = line.price.get().saturating_mul(line.quantity.get());
    vec![
        (mark.into(), style),
        (line.name.to_string(), theme.text),
        (count(line.quantity.get()), theme.text),
        (money(currency, line.price.get()), style),
        (money(currency, amount), theme.text),
    ]
}

/// The stock or the problem of the selected line, in words.
fn line_note(state: &State) -> Line<'static> {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    let Some(line) = state.shop.selected_line() else { return Line::default() };
    let was = || money(currency, line.price_when_added.get());
    let (text, style) = match line.problem {
        Some(Problem::Inactive) => (" ✗ no longer on sale".to_owned(), theme.error),
        Some(Problem::OutOfStock) => (format!(" ! only {} left", count(line.available.get())), theme.error),
        Some(Problem::PriceChanged) => {
            let now = money(currency, line.price.get());
            (format!(" ▲ price changed: was {}, is {now}", was()), theme.warning)
        }
        Some(problem) => (format!(" ✗ {}", problem.as_str()), theme.error),
        None => match state.shop.lines().iter().filter(|line| line.problem.is_some()).count() {
            0 => (format!(" {} in stock", count(line.available.get())), theme.dim),
            1 => (" 1 line has a problem: ✗ ! ▲".to_owned(), theme.warning),
            some => (format!(" {some} lines have problems: ✗ ! ▲"), theme.warning),
        },
    };
    Line::styled(text, style)
}

fn total_line(state: &State, width: u16) -> Line<'static> {
    let theme = &state.config.theme;
    let total = state.shop.cart.value.as_ref().map_or(0, |cart| cart.total.get());
    let shown = widgets::money(state.config.currency, total);
    let room = usize::from(width).saturating_sub(2);
    let label = if state.missing_balance().is_some() { "Total  ✗ balance too low" } else { "Total" };
    let room_left = room.saturating_sub(shown.len() + 1);
    Line::from(vec![
        Span::raw(" "),
        Span::styled(align_left(label, room_left), theme.heading),
        Span::styled(align_right(&shown, room - room_left), theme.accent),
    ])
}
