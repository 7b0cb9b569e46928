//! The explanation of a refusal: its facts, and what the user can do about it.

use commerce_core::Refusal;
use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::modal::{draw_text, text_width, wrap};
use crate::dialog::{RefusalDialog, Remedy};
use crate::model::State;
use crate::text::{align_left, align_right, count};
use crate::view::widgets;

/// The most products that are listed.
const MAX_PRODUCTS: usize = 8;

/// Draws the explanation.
pub fn draw(frame: &mut Frame<'_>, state: &State, dialog: &RefusalDialog) {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    let mut text = facts(state, &dialog.refusal);
    text.push(Line::default());
    let option = |key: &str, label: String| {
        Line::from(vec![Span::styled(align_left(key, 7), theme.accent), Span::styled(label, theme.text)])
    };
    for (remedy, key) in dialog.remedies.iter().zip(["enter", "2"]) {
        let label = match remedy {
            Remedy::Charge(_, missing) => format!("charge {}", widgets::money(currency, missing.get())),
            Remedy::Reduce(..) => "reduce the quantities to what is in stock".to_owned(),
            Remedy::Remove(..) => "remove these lines from the cart".to_owned(),
            Remedy::ReviewTotal => "review the new total".to_owned(),
        };
        text.push(option(key, label));
    }
    text.push(option("esc", "close".to_owned()));
    draw_text(frame, state, "Refused", text);
}

fn facts(state: &State, refusal: &Refusal) -> Vec<Line<'static>> {
    let (theme, currency, width) = (&state.config.theme, state.config.currency, text_width(state));
    let amount = |label, minor| widgets::label_value(theme, label, widgets::money(currency, minor));
    match refusal {
        Refusal::OutOfStock { items } => {
            let mut lines =
                vec![Line::styled("✗ Not enough stock; nothing was ordered.", theme.error), Line::default()];
            let room = usize::from(width).saturating_sub(28);
            lines.extend(items.iter().take(MAX_PRODUCTS).map(|short| {
                let facts =
                    format!("{} requested, {} available", count(short.requested), count(short.available));
                Line::from(vec![
                    Span::styled(align_left(short.product.as_str(), room), theme.text),
                    Span::styled(align_right(&facts, 28), theme.warning),
                ])
            }));
            if items.len() > MAX_PRODUCTS {
                lines.push(Line::styled(format!("and {} more", items.len() - MAX_PRODUCTS), theme.dim));
            }
            lines
        }
        Refusal::InsufficientBalance { balance, total } => vec![
            Line::styled("✗ The balance is too low; nothing was ordered.", theme.error),
            Line::default(),
            amount("Balance", balance.get()),
            amount("Total", total.get()),
            amount("Missing", total.get() - balance.get()),
        ],
        Refusal::TotalChanged { expected, total } => vec![
            Line::styled("✗ The total has changed; nothing was ordered.", theme.error),
            Line::default(),
            amount("Shown", expected.get()),
            amount("Now", total.get()),
        ],
        other => wrap(&format!("✗ {other}"), width, theme.error),
    }
}
