//! The confirmation of an order: the total, and the balance before and after.

use commerce_core::Amount;
use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::modal::{draw_text, submit_lines, text_width};
use crate::in_flight::SubmitState;
use crate::keys::Action;
use crate::model::State;
use crate::text::{align_left, align_right, count};
use crate::view::widgets;

/// Draws the confirmation.
pub fn draw(frame: &mut Frame<'_>, state: &State, submit: &SubmitState) {
    let (shop, theme, currency) = (&state.shop, &state.config.theme, state.config.currency);
    let width = text_width(state);
    let total = shop.cart.value.as_ref().map(|cart| cart.total);
    let before = shop.account.value.as_ref().map(|account| account.balance);
    let after = total.zip(before).and_then(|(total, before)| before.minus(total));
    let amount = |label: &str, amount: Option<Amount>| {
        let text = amount.map_or("…".to_owned(), |amount| widgets::money(currency, amount.get()));
        let style = if label == "Total" { theme.accent } else { theme.text };
        let room = usize::from(width).saturating_sub(18);
        Line::from(vec![
            Span::styled(align_left(label, 18), theme.dim),
            Span::styled(align_right(&text, room), style),
        ])
    };
    let lines = shop.lines();
    let units: i64 = lines.iter().map(|line| line.quantity.get()).sum();
    let mut text = vec![
        Line::styled(format!("Products: {}   Units: {}", lines.len(), count(units)), theme.text),
        Line::default(),
        amount("Balance before", before),
        amount("Total", total),
    ];
    match state.missing_balance() {
        None => text.push(amount("Balance after", after)),
        missing => {
            text.push(amount("✗ Missing", missing));
            if state.disabled_reason(Action::Charge).is_none() {
                text.push(Line::styled("c charges the missing amount.", theme.warning));
            }
        }
    }
    match lines.iter().filter(|line| line.problem.is_some()).count() {
        0 => {}
        1 => text.push(Line::styled("▲ 1 line of the cart has a problem: ✗ ! ▲", theme.warning)),
        problems => {
            let warning = format!("▲ {problems} lines of the cart have problems: ✗ ! ▲");
            text.push(Line::styled(warning, theme.warning));
        }
    }
    text.push(Line::default());
    let status = submit_lines(state, submit, width);
    match status.is_empty() {
        true => text.push(Line::styled("Order and pay? enter: yes   esc: no", theme.accent)),
        false => text.extend(status),
    }
    let title = shop.customer.as_ref().map_or("Check out".to_owned(), |user| format!("Check out for {user}"));
    draw_text(frame, state, &title, text);
}
