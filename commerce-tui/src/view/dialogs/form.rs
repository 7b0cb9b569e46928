//! A form: what it is about, its fields with their hints or errors, and the state of its command.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::modal::{draw_border, draw_field, submit_lines, wrap};
use crate::form::{Form, FormKind};
use crate::layout::centered;
use crate::model::State;
use crate::text::{align_left, count, fit};
use crate::view::widgets;

/// The columns that a label takes.
const LABEL_WIDTH: u16 = 10;

/// Draws a form.
pub fn draw(frame: &mut Frame<'_>, state: &State, form: &Form) {
    let theme = &state.config.theme;
    let width = 64.min(state.size.width.saturating_sub(2));
    let text_width = width.saturating_sub(4);
    let facts = facts(state, &form.kind, text_width);
    let status = submit_lines(state, &form.submit, text_width);
    let height = facts.len() + form.fields.len() * 2 + status.len() + 2;
    let area = centered(state.size, width, height as u16);
    let inner = draw_border(frame, state, area, &form.title());
    let top = inner.y + facts.len() as u16;
    widgets::draw_lines(frame, inner, facts);
    for (index, field) in form.fields.iter().enumerate() {
        let y = top + 2 * index as u16;
        if y + 1 >= area.bottom() {
            break;
        }
        let has_focus = index == form.focus;
        let label_style = if has_focus { theme.accent } else { theme.dim };
        let label = Line::styled(align_left(field.label, LABEL_WIDTH.into()), label_style);
        frame.render_widget(label, Rect { y, height: 1, ..inner });
        let input =
            Rect { x: inner.x + LABEL_WIDTH, y, width: inner.width.saturating_sub(LABEL_WIDTH), height: 1 };
        draw_field(frame, state, input, &field.input, has_focus);
        let hint = match &field.error {
            Some(error) => Line::styled(fit(&format!("✗ {error}"), input.width.into()), theme.error),
            None => Line::styled(fit(&field.hint, input.width.into()), theme.dim),
        };
        if y + 2 < area.bottom() {
            frame.render_widget(hint, Rect { y: y + 1, ..input });
        }
    }
    let below = top + 2 * form.fields.len() as u16;
    let rest = Rect { y: below, height: inner.bottom().saturating_sub(below), ..inner };
    widgets::draw_lines(frame, rest, status);
}

/// What the user should know before filling it in.
fn facts(state: &State, kind: &FormKind, width: u16) -> Vec<Line<'static>> {
    let (theme, currency) = (&state.config.theme, state.config.currency);
    let mut lines = match kind {
        FormKind::Charge(user) => {
            let accounts =
                state.shop.account.value.as_ref().into_iter().chain(state.customers.list.selected());
            let balance =
                accounts.filter(|account| account.user == *user).map(|account| account.balance).next();
            let balance = balance.map_or("…".to_owned(), |balance| widgets::money(currency, balance.get()));
            vec![widgets::label_value(theme, "Balance", balance)]
        }
        FormKind::AdjustStock(_, stock) => vec![widgets::label_value(theme, "In stock", count(stock.get()))],
        FormKind::CancelOrder(_, total, user) => {
            let refund = widgets::money(currency, total.get());
            let effect = format!("Refunds {refund} to {user} and restocks the units.");
            let mut lines = wrap(&effect, width, theme.text);
            lines.extend(wrap("A cancelled order cannot be restored.", width, theme.warning));
            lines
        }
        _ => Vec::new(),
    };
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}
