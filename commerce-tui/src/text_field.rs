//! A line of text that the user edits.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthStr;

/// A text field with its cursor.
#[derive(Clone, Debug, Default)]
pub struct TextField {
    input: Input,
}

/// The most characters that a field takes, as many as a name may have.
const MAX_CHARS: usize = 200;

impl TextField {
    /// A field with some text, and the cursor at its end.
    pub fn of(text: impl Into<String>) -> Self {
        Self { input: Input::new(text.into()) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Handles a key, and returns whether it changed the text.
    pub fn handle_key(&mut self, key: &KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let request = match key.code {
            KeyCode::Char(c) if !control && !key.modifiers.contains(KeyModifiers::ALT) => {
                return self.insert(c);
            }
            KeyCode::Char('a') if control => InputRequest::GoToStart,
            KeyCode::Char('e') if control => InputRequest::GoToEnd,
            KeyCode::Char('w') if control => InputRequest::DeletePrevWord,
            KeyCode::Char('u') if control => InputRequest::DeleteFromStart,
            KeyCode::Char('k') if control => InputRequest::DeleteTillEnd,
            KeyCode::Backspace if control => InputRequest::DeletePrevWord,
            KeyCode::Backspace => InputRequest::DeletePrevChar,
            KeyCode::Delete => InputRequest::DeleteNextChar,
            KeyCode::Left if control => InputRequest::GoToPrevWord,
            KeyCode::Right if control => InputRequest::GoToNextWord,
            KeyCode::Left => InputRequest::GoToPrevChar,
            KeyCode::Right => InputRequest::GoToNextChar,
            KeyCode::Home => InputRequest::GoToStart,
            KeyCode::End => InputRequest::GoToEnd,
            _ => return false,
        };
        self.input.handle(request).is_some_and(|change| change.value)
    }

    /// Inserts pasted text without its line ends and control characters, and returns whether anything was left.
    pub fn paste(&mut self, text: &str) -> bool {
        text.chars().filter(|&c| self.insert(c)).count() > 0
    }

    /// The part that is visible in `width` columns, and the cursor's column in it.
    pub fn visible(&self, width: usize) -> (String, usize) {
        // The cursor may stand in the column after the text.
        let room = width.saturating_sub(1);
        let before: String = self.text().chars().take(self.input.cursor()).collect();
        let mut start = 0;
        while before[start..].width() > room {
            start += before[start..].chars().next().map_or(1, char::len_utf8);
        }
        let shown = crate::text::fit(&self.text()[start..], width);
        (shown, before[start..].width())
    }

    fn insert(&mut self, c: char) -> bool {
        if commerce_core::is_control(c) || self.text().chars().count() >= MAX_CHARS {
            return false;
        }
        self.input.handle(InputRequest::InsertChar(c)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_visible_by_display_width() {
        let mut field = TextField::of("");
        assert!(field.paste("머그컵\u{1b}[31m\n ☕ abc"));
        assert_eq!(field.text(), "머그컵[31m ☕ abc");
        let (shown, cursor) = field.visible(8);
        assert!(shown.width() <= 8 && cursor < 8, "{shown} {cursor}");
        for _ in 0..40 {
            field.handle_key(&KeyEvent::from(KeyCode::Left));
        }
        assert_eq!(field.visible(8).1, 0);
    }
}
