//! The cart of the chosen customer.

use commerce_core::cart::{Line as CartLine, Problem};
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::paint::{self, Cell, Column, number, table, text};
use crate::layout::Areas;
use crate::model::State;
use crate::navigation::Pane;
use crate::text::{count, left, money, right};

const COLUMNS: [Column; 5] = [
    text("", 1, 0),
    text("NAME", 0, 0),
    number("QTY", 5, 0),
    number("PRICE", 11, 48),
    number("AMOUNT", 12, 0),
];

/// Draws the shop's right pane.
pub fn draw(frame: &mut Frame<'_>, areas: &Areas, state: &State) {
    let (shop, theme) = (&state.shop, &state.setup.theme);
    let lines = shop.lines();
    let note = paint::spot(&shop.spot, lines.len(), false);
    let title = shop.customer.as_ref().map_or("Cart".to_owned(), |user| format!("Cart of {user}"));
    let inner = paint::pane(frame, areas, state, Pane::Right, &title, &note);
    let rows = areas.rows(state.place, Pane::Right);
    let Some(user) = &shop.customer else {
        let hint =
            [Line::styled("Whose cart?", theme.text), Line::styled("w chooses a customer.", theme.dim)];
        return paint::notice(frame, rows, &hint);
    };
    let who = shop.who.value.as_ref();
    let name = who.and_then(|who| who.name.as_ref()).map_or(user.to_string(), |name| name.to_string());
    let balance = who.map_or("…".to_owned(), |who| paint::money(state.setup.currency, who.balance.get()));
    let width = usize::from(inner.width).saturating_sub(13);
    let head = [
        paint::pair(theme, " Customer", crate::text::fit(&name, width)),
        paint::pair(theme, " Balance", balance),
    ];
    paint::lines(frame, inner, head);
    let cells = |place: usize| lines.get(place).map(|line| line_cells(state, line));
    table(frame, state, rows, &COLUMNS, (&shop.spot, lines.len(), state.pane() == Pane::Right), cells);
    if lines.is_empty() {
        let waits = shop.cart.value.is_none();
        let empty = ["The cart is empty.", "enter adds the selected product."];
        paint::no_rows(frame, state, rows, shop.cart.fault.as_ref(), waits, &empty);
    }
    let below = Rect { y: inner.bottom().saturating_sub(2), height: 2, ..inner };
    paint::lines(frame, below, [said(state), total(state, inner.width)]);
}

fn line_cells(state: &State, line: &CartLine) -> Vec<Cell> {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    let (mark, style) = match line.problem {
        None => (" ", theme.text),
        Some(Problem::PriceChanged) => ("▲", theme.warn),
        Some(Problem::OutOfStock) => ("!", theme.bad),
        Some(Problem::Inactive) => ("✗", theme.bad),
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

/// What is to be said of the selected line, in words.
fn said(state: &State) -> Line<'static> {
    let (theme, currency) = (&state.setup.theme, state.setup.currency);
    let Some(line) = state.shop.line() else { return Line::default() };
    let was = || money(currency, line.price_when_added.get());
    let (text, style) = match line.problem {
        Some(Problem::Inactive) => (" ✗ not on sale any more".to_owned(), theme.bad),
        Some(Problem::OutOfStock) => (format!(" ! only {} left", count(line.available.get())), theme.bad),
        Some(Problem::PriceChanged) => {
            let now = money(currency, line.price.get());
            (format!(" ▲ price changed: was {}, is {now}", was()), theme.warn)
        }
        None => match state.shop.lines().iter().filter(|line| line.problem.is_some()).count() {
            0 => (format!(" {} in stock", count(line.available.get())), theme.dim),
            some => (format!(" {some} line(s) need a look: ✗ ! ▲"), theme.warn),
        },
    };
    Line::styled(text, style)
}

fn total(state: &State, width: u16) -> Line<'static> {
    let theme = &state.setup.theme;
    let total = state.shop.cart.value.as_ref().map_or(0, |cart| cart.total.get());
    let shown = paint::money(state.setup.currency, total);
    let room = usize::from(width).saturating_sub(2);
    let short = if state.missing().is_some() { "Total  ✗ balance too low" } else { "Total" };
    let room_left = room.saturating_sub(shown.len() + 1);
    Line::from(vec![
        Span::raw(" "),
        Span::styled(left(short, room_left), theme.heading),
        Span::styled(right(&shown, room - room_left), theme.accent),
    ])
}
