//! The command palette: a search and the commands that match it, each with its key.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::modal::{draw_border, draw_field};
use crate::keys;
use crate::layout::centered;
use crate::model::State;
use crate::palette::Palette;
use crate::text::{align_left, align_right};
use crate::view::widgets;

/// Draws the palette.
pub fn draw(frame: &mut Frame<'_>, state: &State, palette: &Palette) {
    let theme = &state.config.theme;
    let inner = draw_border(frame, state, centered(state.size, 64, 18), "Commands");
    draw_field(frame, state, Rect { height: 1, ..inner }, &palette.input, true);
    let rows = Rect { y: inner.y + 2, height: inner.height.saturating_sub(2), ..inner };
    let found = state.find_commands(palette.input.text());
    let first = (palette.selected + 1).saturating_sub(rows.height.into());
    let width = usize::from(rows.width);
    for (offset, command) in found.iter().skip(first).take(rows.height.into()).enumerate() {
        let key = keys::display(command.keys.split(' ').next().unwrap_or_default());
        let row = Rect { y: rows.y + offset as u16, height: 1, ..rows };
        let line = Line::from(vec![
            Span::styled(align_left(command.help, width.saturating_sub(10)), theme.text),
            Span::styled(align_right(&key, 10), theme.accent),
        ]);
        frame.render_widget(line, row);
        if first + offset == palette.selected {
            frame.buffer_mut().set_style(row, theme.selected);
        }
    }
    if found.is_empty() {
        widgets::draw_notice(frame, rows, &[Line::styled("No matching commands.", theme.dim)]);
    }
}
