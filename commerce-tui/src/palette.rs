//! The command palette: every command that can be done now, found by a part of its name.

use crate::input::Field;
use crate::keys::Binding;

/// The palette.
#[derive(Clone, Debug, Default)]
pub struct Palette {
    /// What is typed.
    pub field: Field,
    /// Which of the commands found is selected.
    pub selected: usize,
}

/// The commands found, the best first.
pub fn found<'a>(commands: &[&'a Binding], typed: &str) -> Vec<&'a Binding> {
    let mut scored: Vec<_> = commands
        .iter()
        .filter_map(|command| Some((score(&command.help.to_lowercase(), &typed.to_lowercase())?, *command)))
        .collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, command)| command).collect()
}

/// How well `text` holds the characters typed, in their order: better at the beginning of words and side by
/// side. Nothing when it does not.
fn score(text: &str, typed: &str) -> Option<i32> {
    let text: Vec<char> = text.chars().collect();
    let typed: Vec<char> = typed.chars().filter(|c| !c.is_whitespace()).collect();
    (0..=text.len()).filter_map(|start| score_from(&text, &typed, start)).max()
}

fn score_from(text: &[char], typed: &[char], start: usize) -> Option<i32> {
    let (mut score, mut last) = (0, None);
    let mut place = start;
    for wanted in typed {
        let found = place + text.get(place..)?.iter().position(|c| c == wanted)?;
        let begins = found == 0 || !text[found - 1].is_alphanumeric();
        let follows = found > 0 && last == Some(found - 1);
        let gap = last.map_or(0, |last| (found - last - 1).min(10) as i32);
        score += 10 + if begins { 8 } else { 0 } + if follows { 12 } else { -gap };
        last = Some(found);
        place = found + 1;
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
        for (typed, best) in [
            ("best sell", "To the best sellers"),
            ("undo", "Undo the last edit of the cart"),
            ("chk out", "Check out: order the cart and pay it from the balance"),
            ("frz", "Freeze what is shown, or follow the store again"),
        ] {
            assert_eq!(found(&all, typed).first().map(|b| b.help), Some(best), "{typed}");
        }
        assert!(found(&all, "qqqq").is_empty());
        assert_eq!(found(&all, "").len(), all.len());
    }
}
