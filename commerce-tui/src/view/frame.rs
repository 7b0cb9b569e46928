//! What surrounds the panes: the header with tabs and the store's status, the footer with keys, and toasts.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::widgets::{shows_spinner, spinner};
use crate::dialog::Dialog;
use crate::keys::{self, Action, Scope};
use crate::layout::tabs;
use crate::model::{State, StoreStatus, UpdateMode};
use crate::navigation::Screen;
use crate::role::Role;
use crate::text::{age, fit};
use crate::toast::ToastKind;

/// Draws the tabs on the left, and the status of the store on the right.
pub fn draw_header(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let theme = &state.config.theme;
    let mut end = 1;
    for (screen, start, width) in tabs(area.width, &state.config.role) {
        let (number, title) = (screen as usize + 1, screen.title());
        let is_shown = screen == state.screen;
        let style = if is_shown { theme.selected } else { theme.text };
        let number_style = if is_shown { theme.selected } else { theme.accent };
        let line =
            Line::from(vec![Span::styled(format!("{number} "), number_style), Span::styled(title, style)]);
        frame.render_widget(line, Rect { x: start, width, ..area });
        end = start + width;
    }
    if end == 1 {
        let title =
            format!("‹ {} {} › of {}", state.screen as usize + 1, state.screen.title(), Screen::ALL.len());
        end = title.width() as u16 + 2;
        frame.render_widget(Line::styled(title, theme.accent), Rect { x: 1, width: area.width - 1, ..area });
    }
    let room = usize::from(area.width.saturating_sub(end + 2));
    let mut parts = header_parts(state, room);
    while parts.len() > 1 && parts.iter().map(|(text, _)| text.width() + 2).sum::<usize>() > room {
        parts.pop();
    }
    let spans =
        parts.into_iter().flat_map(|(text, style)| [Span::raw("  "), Span::styled(fit(&text, room), style)]);
    let line = Line::from(spans.collect::<Vec<_>>()).right_aligned();
    let x = end.min(area.width);
    frame.render_widget(line, Rect { x, width: area.width.saturating_sub(x + 1), ..area });
}

/// What the header tells about the store, in order. In a narrow terminal the last parts are left out, but never that the
/// store is away.
fn header_parts(state: &State, room: usize) -> Vec<(String, Style)> {
    let theme = &state.config.theme;
    let is_available = state.store_status == StoreStatus::Available;
    let (mut parts, status) = (Vec::new(), store_status(state, room));
    if !is_available {
        parts.push(status.clone());
    }
    if shows_spinner(state) {
        parts.push((format!("{} waiting", spinner(state.now())), theme.warning));
    }
    if let Some(since) = state.write_failing_since.filter(|_| is_available) {
        parts.push((format!("✗ writes failing for {}", age(since, state.now())), theme.error));
    }
    if !state.is_synced {
        parts.push(("✗ commits are not synced".to_owned(), theme.error));
    }
    if is_available {
        parts.push(status);
    }
    match &state.config.role {
        Role::Operator => {}
        Role::Viewer => parts.push(("viewer".to_owned(), theme.warning)),
        Role::Shopper(user) => parts.push((format!("as {user}"), theme.accent)),
    }
    if state.config.read_only {
        parts.push(("read-only".to_owned(), theme.warning));
    }
    parts.push((format!("{} · {}", state.config.store, state.config.currency), theme.dim));
    parts
}

/// The status of the store, in a short form if there is little room.
fn store_status(state: &State, room: usize) -> (String, Style) {
    let theme = &state.config.theme;
    let fitting = |long: String, short: &str| if long.width() <= room { long } else { short.to_owned() };
    match (state.store_status, state.update_mode) {
        (StoreStatus::Unavailable(since), _) if state.config.is_remote => {
            (fitting(format!("✗ reconnecting for {}", age(since, state.now())), "reconnecting"), theme.error)
        }
        (StoreStatus::Unavailable(since), _) => {
            (fitting(format!("✗ unavailable for {}", age(since, state.now())), "✗ unavailable"), theme.error)
        }
        (StoreStatus::Gone, _) => (fitting("✗ the store is gone".into(), "✗ store gone"), theme.error),
        (StoreStatus::Denied, _) => (fitting("✗ token refused".into(), "token refused"), theme.error),
        (StoreStatus::Available, UpdateMode::Live) => ("● live".into(), theme.success),
        (StoreStatus::Available, UpdateMode::Frozen) => ("‖ frozen".into(), theme.warning),
        (StoreStatus::Available, UpdateMode::FrozenStale) => {
            (fitting("‖ frozen, out of date".into(), "‖ out of date"), theme.warning)
        }
    }
}

/// Draws the keys that work now.
pub fn draw_footer(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let theme = &state.config.theme;
    let mut spans = vec![Span::raw(" ")];
    let mut room = usize::from(area.width).saturating_sub(2);
    for (key, label) in hints(state) {
        let width = key.width() + label.width() + 3;
        if width > room {
            break;
        }
        room -= width;
        spans.push(Span::styled(key, theme.accent));
        spans.push(Span::styled(format!(" {label}  "), theme.dim));
    }
    frame.render_widget(Line::from(spans), area);
}

fn hints(state: &State) -> Vec<(String, String)> {
    let scopes = state.scopes();
    let first = |keys: &str| keys::display(keys.split(' ').next().unwrap_or(keys));
    let mut hints: Vec<(String, String)> = keys::bindings(&scopes)
        .filter(|binding| !binding.label.is_empty() && is_offered(state, binding.action))
        .map(|binding| (first(binding.keys), binding.label.to_owned()))
        .collect();
    // Help and quit come last in the table, but must stay visible in a narrow terminal.
    if scopes.contains(&Scope::Global) {
        let tail: Vec<_> =
            hints.iter().filter(|(_, label)| label == "help" || label == "quit").cloned().collect();
        hints.retain(|(_, label)| label != "help" && label != "quit");
        let before = match state.size.width {
            0..60 => 1,
            60..100 => 5,
            _ => 9,
        };
        let at = hints.len().min(before);
        hints.splice(at..at, tail);
    }
    hints
}

fn is_offered(state: &State, action: Action) -> bool {
    match (state.dialogs.last(), action) {
        (Some(Dialog::Checkout(_)), Action::Charge) => {
            state.missing_balance().is_some() && state.disabled_reason(action).is_none()
        }
        (Some(Dialog::Confirm(_)), Action::Charge) => false,
        (Some(Dialog::Refusal(refusal)), Action::Remedy(index)) => {
            usize::from(index) < refusal.remedies.len()
        }
        (Some(_), _) => true,
        (None, action) => state.disabled_reason(action).is_none(),
    }
}

/// Draws the toasts above the footer, the newest at the bottom.
pub fn draw_toasts(frame: &mut Frame<'_>, state: &State) {
    let (theme, area) = (&state.config.theme, frame.area());
    let mut bottom = area.height.saturating_sub(2);
    for toast in state.toasts.iter().rev() {
        let (mark, style) = match toast.kind {
            ToastKind::Success => ("✓", theme.success),
            ToastKind::Info => ("i", theme.accent),
            ToastKind::Error => ("✗", theme.error),
            ToastKind::SlowStore => ("…", theme.warning),
        };
        let text = format!(" {mark} {} ", commerce_core::escape(&toast.text));
        let width = (text.width() as u16).min(area.width.saturating_sub(4)).clamp(1, 72);
        let paragraph = Paragraph::new(text.clone()).style(style).wrap(Wrap { trim: true });
        let height = (text.width() as u16).div_ceil(width.saturating_sub(2).max(1)).clamp(1, 3);
        let Some(y) = bottom.checked_sub(height).filter(|&y| y > 1) else { break };
        let toast_area = Rect { x: area.width - width - 2, y, width, height };
        frame.render_widget(Clear, toast_area);
        frame.buffer_mut().set_style(toast_area, theme.selected_unfocused);
        frame.render_widget(paragraph, toast_area);
        bottom = y;
    }
}
