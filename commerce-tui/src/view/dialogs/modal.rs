//! The parts that dialogs are made of: the border, text fields, wrapped text, the state of a command.

use commerce_core::escape;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear};
use unicode_width::UnicodeWidthStr;

use crate::in_flight::SubmitState;
use crate::layout::centered;
use crate::model::State;
use crate::text::{align_left, fit};
use crate::text_field::TextField;
use crate::view::widgets;

/// The width of a dialog that shows text.
const TEXT_WIDTH: u16 = 60;

/// The width of the text in [`draw_text`].
pub fn text_width(state: &State) -> u16 {
    TEXT_WIDTH.min(state.size.width.saturating_sub(2)) - 4
}

/// Draws a dialog that shows text.
pub fn draw_text(frame: &mut Frame<'_>, state: &State, title: &str, text: Vec<Line<'static>>) {
    let area = centered(state.size, TEXT_WIDTH, text.len() as u16 + 2);
    let inner = draw_border(frame, state, area, &fit(title, 50));
    widgets::draw_lines(frame, inner, text);
}

/// Draws the border of a dialog over what is below it. Returns the area inside.
pub fn draw_border(frame: &mut Frame<'_>, state: &State, area: Rect, title: &str) -> Rect {
    let theme = &state.config.theme;
    let title =
        Line::styled(format!(" {} ", fit(title, usize::from(area.width).saturating_sub(6))), theme.accent);
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.focus).title(title);
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Draws a text field, with the cursor if it has the focus.
pub fn draw_field(frame: &mut Frame<'_>, state: &State, area: Rect, field: &TextField, has_focus: bool) {
    let theme = &state.config.theme;
    let (text, cursor) = field.visible(area.width.into());
    let style = if has_focus { theme.selected } else { theme.selected_unfocused };
    frame.render_widget(Line::styled(align_left(&text, area.width.into()), style), area);
    if has_focus {
        frame.set_cursor_position((area.x + cursor as u16, area.y));
    }
}

/// The lines about the command of a dialog: none before it is sent.
pub fn submit_lines(state: &State, submit: &SubmitState, width: u16) -> Vec<Line<'static>> {
    let theme = &state.config.theme;
    match submit {
        SubmitState::Idle => Vec::new(),
        SubmitState::InFlight(_) => {
            vec![Line::styled(format!("{} in progress", widgets::spinner(state.now())), theme.dim)]
        }
        SubmitState::Failed { message, retry } => {
            let mut lines = wrap(&format!("✗ {message}"), width, theme.error);
            if retry.is_some() {
                lines.push(Line::styled("enter retries; it is done at most once.", theme.dim));
            }
            lines
        }
    }
}

/// Breaks text between words into lines of at most `width` columns.
pub fn wrap(text: &str, width: u16, style: Style) -> Vec<Line<'static>> {
    let width = usize::from(width);
    let mut lines: Vec<String> = Vec::new();
    for word in escape(text).split_whitespace() {
        let word = fit(word, width);
        match lines.last_mut() {
            Some(line) if format!("{line} {word}").width() <= width => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.into_iter().map(|line| Line::styled(line, style)).collect()
}
