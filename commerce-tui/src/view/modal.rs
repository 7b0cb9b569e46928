//! What all dialogs are made of: the border, wrapped text, and how far a change is.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, BorderType, Clear};

use super::paint;
use crate::in_flight::Sending;
use crate::model::State;
use crate::text::fit;

/// Draws a dialog's border over everything, and gives what is within.
pub fn frame_of(frame: &mut Frame<'_>, state: &State, area: Rect, title: &str) -> Rect {
    let theme = &state.setup.theme;
    let title =
        Line::styled(format!(" {} ", fit(title, usize::from(area.width).saturating_sub(6))), theme.accent);
    let block = Block::bordered().border_type(BorderType::Rounded).border_style(theme.focus).title(title);
    let inner = block.inner(area);
    frame.render_widget(Clear, area);
    frame.render_widget(block, area);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// How far a dialog's change is, in a line.
pub fn progress(state: &State, sending: &Sending, width: u16) -> Vec<Line<'static>> {
    let theme = &state.setup.theme;
    match sending {
        Sending::Not => Vec::new(),
        Sending::Sent(_) => {
            vec![Line::styled(format!("{} being done", paint::spinner(state.now())), theme.dim)]
        }
        Sending::Failed(told, again) => {
            let again = again
                .as_ref()
                .map(|_| Line::styled("enter tries again; it is done at most once.", theme.dim));
            let mut lines = wrapped(&format!("✗ {told}"), width, theme.bad);
            lines.extend(again);
            lines
        }
    }
}

/// Text in lines of at most this width, broken between words.
pub fn wrapped(text: &str, width: u16, style: ratatui::style::Style) -> Vec<Line<'static>> {
    let mut lines: Vec<String> = Vec::new();
    for word in commerce_core::escape(text).split_whitespace() {
        let word = fit(word, width.into());
        match lines.last_mut() {
            Some(line)
                if unicode_width::UnicodeWidthStr::width(format!("{line} {word}").as_str())
                    <= width.into() =>
            {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines.into_iter().map(|line| Line::styled(line, style)).collect()
}
