//! The command palette: the commands of the screen, found by part of their help text.

use std::cmp::Reverse;

use crate::keys::Binding;
use crate::text_field::TextField;

/// The palette.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// The text to match.
    pub input: TextField,
    /// The selected one of the matching commands.
    pub selected: usize,
}

/// The commands that match `text`, the best match first.
pub fn search<'a>(commands: &[&'a Binding], text: &str) -> Vec<&'a Binding> {
    let pattern = text.to_lowercase();
    let mut scored: Vec<_> = commands
        .iter()
        .filter_map(|command| Some((score(&command.help.to_lowercase(), &pattern)?, *command)))
        .collect();
    scored.sort_by_key(|(score, _)| Reverse(*score));
    scored.into_iter().map(|(_, command)| command).collect()
}

/// How well `text` matches: it must contain the characters of `pattern` in their order. Characters at the beginning of
/// words and next to each other score higher.
fn score(text: &str, pattern: &str) -> Option<i32> {
    let text: Vec<char> = text.chars().collect();
    let pattern: Vec<char> = pattern.chars().filter(|c| !c.is_whitespace()).collect();
    (0..=text.len()).filter_map(|start| score_from(&text, &pattern, start)).max()
}

fn score_from(text: &[char], pattern: &[char], start: usize) -> Option<i32> {
    let (mut score, mut last) = (0, None);
    let mut next = start;
    for letter in pattern {
        let found = next + text.get(next..)?.iter().position(|c| c == letter)?;
        let begins_word = found == 0 || !text[found - 1].is_alphanumeric();
        let is_adjacent = found > 0 && last == Some(found - 1);
        let gap = last.map_or(0, |last| (found - last - 1).min(10) as i32);
        score += 10 + if begins_word { 8 } else { 0 } + if is_adjacent { 12 } else { -gap };
        last = Some(found);
        next = found + 1;
    }
    Some(score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KEYS;

    #[test]
    fn commands_are_found_by_scattered_letters() {
        let all: Vec<&Binding> = KEYS.iter().collect();
        for (text, best) in [
            ("best sell", "Go to the best sellers"),
            ("undo", "Undo the last edit of the cart"),
            ("chk out", "Check out: order the cart and pay for it"),
            ("frz", "Freeze the screen, or show live changes again"),
        ] {
            assert_eq!(search(&all, text).first().map(|b| b.help), Some(best), "{text}");
        }
        assert!(search(&all, "qqqq").is_empty());
        assert_eq!(search(&all, "").len(), all.len());
    }
}
