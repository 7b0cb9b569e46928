//! The keys of the screen.

use ratatui::Frame;
use ratatui::text::{Line, Span};

use super::modal::draw_border;
use crate::keys;
use crate::layout::centered;
use crate::model::State;
use crate::text::align_left;
use crate::view::widgets;

/// Draws the keys from the line `offset` on.
pub fn draw(frame: &mut Frame<'_>, state: &State, offset: usize) {
    let theme = &state.config.theme;
    let bindings = state.help_bindings();
    let height = (bindings.len() as u16 + 2).min(state.size.height.saturating_sub(2));
    let title = format!("Keys of {}", state.screen.title());
    let inner = draw_border(frame, state, centered(state.size, 72, height), &title);
    let last = bindings.len().saturating_sub(inner.height.into());
    let lines = bindings.iter().skip(offset.min(last)).map(|binding| {
        let keys = align_left(&keys::display(binding.keys), 20);
        Line::from(vec![Span::styled(keys, theme.accent), Span::styled(binding.help, theme.text)])
    });
    widgets::draw_lines(frame, inner, lines);
}
