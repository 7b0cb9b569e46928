//! A line of text that is being typed.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_input::{Input, InputRequest};
use unicode_width::UnicodeWidthStr;

/// A field.
#[derive(Clone, Debug, Default)]
pub struct Field {
    input: Input,
}

/// The most characters a field takes: a name's length.
const LONGEST: usize = 200;

impl Field {
    /// A field that holds some text already.
    pub fn of(text: impl Into<String>) -> Self {
        Self { input: Input::new(text.into()) }
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.input.value()
    }

    /// Takes a key, and tells whether the text is another now.
    pub fn press(&mut self, key: &KeyEvent) -> bool {
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

    /// Takes pasted text, of which line ends and control characters are left out.
    pub fn paste(&mut self, text: &str) -> bool {
        text.chars().filter(|&c| self.insert(c)).count() > 0
    }

    /// The part to show in so many columns, and the cursor's column in it.
    pub fn view(&self, width: usize) -> (String, usize) {
        // The column after the text is the cursor's.
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
        if commerce_core::is_control(c) || self.text().chars().count() >= LONGEST {
            return false;
        }
        self.input.handle(InputRequest::InsertChar(c)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stays_in_view_by_true_width() {
        let mut field = Field::of("");
        assert!(field.paste("머그컵\u{1b}[31m\n ☕ abc"));
        assert_eq!(field.text(), "머그컵[31m ☕ abc");
        let (shown, cursor) = field.view(8);
        assert!(shown.width() <= 8 && cursor < 8, "{shown} {cursor}");
        for _ in 0..40 {
            field.press(&KeyEvent::from(KeyCode::Left));
        }
        assert_eq!(field.view(8).1, 0);
    }
}
