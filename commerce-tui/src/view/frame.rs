//! What surrounds the panes: tabs and the store's state above, the keys that work now below, news over all.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Clear, Paragraph, Wrap};
use unicode_width::UnicodeWidthStr;

use super::paint::{patience_ends, spinner};
use crate::dialog::Dialog;
use crate::keys::{self, Action, Scope};
use crate::layout::tabs;
use crate::model::{Follow, Link, State};
use crate::navigation::Place;
use crate::text::{ago, fit};
use crate::toast::News;

/// Draws the tabs, and on the right how the store stands.
pub fn header(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let theme = &state.setup.theme;
    let mut end = 1;
    for (place, start, width) in tabs(area.width) {
        let (number, title) = (place as usize + 1, place.title());
        let here = place == state.place;
        let style = if here { theme.selected } else { theme.text };
        let number_style = if here { theme.selected } else { theme.accent };
        let line =
            Line::from(vec![Span::styled(format!("{number} "), number_style), Span::styled(title, style)]);
        frame.render_widget(line, Rect { x: start, width, ..area });
        end = start + width;
    }
    if end == 1 {
        let title =
            format!("‹ {} {} › of {}", state.place as usize + 1, state.place.title(), Place::ALL.len());
        end = title.width() as u16 + 2;
        frame.render_widget(Line::styled(title, theme.accent), Rect { x: 1, width: area.width - 1, ..area });
    }
    let room = usize::from(area.width.saturating_sub(end + 2));
    let (mark, style) = standing(state);
    let mut parts = vec![(mark, style)];
    if state.setup.read_only {
        parts.insert(0, ("read only".to_owned(), theme.warn));
    }
    if let Some(since) = state.unwritten.filter(|_| state.link == Link::Up) {
        parts.insert(0, (format!("✗ not writable for {}", ago(since, state.now())), theme.bad));
    }
    if patience_ends(state) {
        parts.insert(0, (format!("{} waiting", spinner(state.now())), theme.warn));
    }
    parts.push((format!("{} · {}", state.setup.store, state.setup.currency), theme.dim));
    while parts.len() > 1 && parts.iter().map(|(text, _)| text.width() + 2).sum::<usize>() > room {
        parts.pop();
    }
    let spans =
        parts.into_iter().flat_map(|(text, style)| [Span::raw("  "), Span::styled(fit(&text, room), style)]);
    let line = Line::from(spans.collect::<Vec<_>>()).right_aligned();
    let x = end.min(area.width);
    frame.render_widget(line, Rect { x, width: area.width.saturating_sub(x + 1), ..area });
}

fn standing(state: &State) -> (String, Style) {
    let theme = &state.setup.theme;
    match (state.link, state.follow) {
        (Link::Lost(since), _) => (format!("✗ no store for {}", ago(since, state.now())), theme.bad),
        (Link::Gone, _) => ("✗ the store is gone".into(), theme.bad),
        (Link::Up, Follow::Live) => ("● live".into(), theme.good),
        (Link::Up, Follow::Frozen) => ("‖ frozen".into(), theme.warn),
        (Link::Up, Follow::FrozenBehind) => ("‖ frozen, changed since".into(), theme.warn),
    }
}

/// Draws the keys that work now.
pub fn footer(frame: &mut Frame<'_>, area: Rect, state: &State) {
    let theme = &state.setup.theme;
    let mut spans = vec![Span::raw(" ")];
    let mut room = usize::from(area.width).saturating_sub(2);
    for (key, label) in hints(state) {
        let long = key.width() + label.width() + 3;
        if long > room {
            break;
        }
        room -= long;
        spans.push(Span::styled(key, theme.accent));
        spans.push(Span::styled(format!(" {label}  "), theme.dim));
    }
    frame.render_widget(Line::from(spans), area);
}

fn hints(state: &State) -> Vec<(String, String)> {
    let scopes = state.scopes();
    let first = |keys: &str| keys::shown(keys.split(' ').next().unwrap_or(keys));
    let mut hints: Vec<(String, String)> = keys::bindings(&scopes)
        .filter(|binding| !binding.label.is_empty() && fits(state, binding.action))
        .map(|binding| (first(binding.keys), binding.label.to_owned()))
        .collect();
    // The ways out come last in the table, but must not fall off the edge.
    if scopes.contains(&Scope::Everywhere) {
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

fn fits(state: &State, action: Action) -> bool {
    match (state.dialogs.last(), action) {
        (Some(Dialog::Checkout(_)), Action::Charge) => state.missing().is_some(),
        (Some(Dialog::Question(_)), Action::Charge) => false,
        (Some(Dialog::Refusal(explained)), Action::Remedy(place)) => {
            usize::from(place) < explained.remedies.len()
        }
        (Some(_), _) => true,
        (None, action) => state.hindrance(action).is_none(),
    }
}

/// Draws the news above the footer, the newest lowest.
pub fn toasts(frame: &mut Frame<'_>, state: &State) {
    let (theme, area) = (&state.setup.theme, frame.area());
    let mut bottom = area.height.saturating_sub(2);
    for toast in state.toasts.iter().rev() {
        let (mark, style) = match toast.kind {
            News::Good => ("✓", theme.good),
            News::Note => ("i", theme.accent),
            News::Bad => ("✗", theme.bad),
            News::Slow => ("…", theme.warn),
        };
        let text = format!(" {mark} {} ", commerce_core::escape(&toast.text));
        let width = (text.width() as u16).min(area.width.saturating_sub(4)).clamp(1, 72);
        let paragraph = Paragraph::new(text.clone()).style(style).wrap(Wrap { trim: true });
        let height = (text.width() as u16).div_ceil(width.saturating_sub(2).max(1)).clamp(1, 3);
        let Some(y) = bottom.checked_sub(height).filter(|&y| y > 1) else { break };
        let place = Rect { x: area.width - width - 2, y, width, height };
        frame.render_widget(Clear, place);
        frame.buffer_mut().set_style(place, theme.marked);
        frame.render_widget(paragraph, place);
        bottom = y;
    }
}
