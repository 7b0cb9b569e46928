//! Checked text. Identifiers, idempotency keys and names are one type, [`Text`], each kind with a rule of its own; a
//! text that exists has passed the rule, so nothing tests it again.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Why a text or a number is not a valid value, as a sentence that follows the name of a field: `must be 0 to 100,
/// got 101`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(String);

/// Text of one kind that has passed the rule of its kind. It is made by [`FromStr`] or [`TryFrom`]; cloning it is cheap.
///
/// ```
/// use commerce_core::{UserId, ValueError};
///
/// let alice: UserId = "alice".parse()?;
/// assert_eq!(alice, UserId::try_from(String::from("alice"))?);
/// assert_eq!(alice.as_str(), "alice");
///
/// let error = "Alice Kim".parse::<UserId>().unwrap_err();
/// assert_eq!(error.to_string(), r#"must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -, got "Alice Kim""#);
/// # Ok::<(), ValueError>(())
/// ```
pub struct Text<K>(Arc<str>, PhantomData<fn() -> K>);

/// The rule for a kind of text.
pub trait TextKind {
    /// Tests a text that a caller gives.
    ///
    /// # Errors
    /// [`ValueError`] that says what the text must be.
    fn check(text: &str) -> Result<(), ValueError>;

    /// Tests a text that was accepted before, perhaps under an older and weaker rule.
    ///
    /// # Errors
    /// [`ValueError`] that says what the text must be.
    fn check_known(text: &str) -> Result<(), ValueError> {
        Self::check(text)
    }
}

impl ValueError {
    /// An error with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl From<ValueError> for String {
    fn from(error: ValueError) -> Self {
        error.0
    }
}

impl<K> Text<K> {
    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// Wraps text that was checked when it was stored, or by the caller.
    pub(crate) fn stored(text: Arc<str>) -> Self {
        Self(text, PhantomData)
    }
}

impl<K: TextKind> FromStr for Text<K> {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        K::check(text)?;
        Ok(Self::stored(text.into()))
    }
}

impl<K: TextKind> TryFrom<&str> for Text<K> {
    type Error = ValueError;

    fn try_from(text: &str) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl<K: TextKind> TryFrom<String> for Text<K> {
    type Error = ValueError;

    fn try_from(text: String) -> Result<Self, ValueError> {
        K::check(&text)?;
        Ok(Self::stored(text.into()))
    }
}

impl<K> Clone for Text<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> PartialEq for Text<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Text<K> {}

impl<K> PartialOrd for Text<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Text<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> std::hash::Hash for Text<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> std::borrow::Borrow<str> for Text<K> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<K> fmt::Debug for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<K> fmt::Display for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl<K> Serialize for Text<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// Accepts text that was accepted before, since kept replies and answers are read this way.
impl<'de, K: TextKind> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        K::check_known(&text).map_err(serde::de::Error::custom)?;
        Ok(Self::stored(text.into()))
    }
}

/// Whether a character could control a terminal or reorder the text around it: control characters, line and paragraph
/// separators, and bidirectional overrides.
pub fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text with its control characters ([`is_control`]) escaped, safe to print: `\u{1b}[31m`.
pub fn escape(text: &str) -> String {
    let escaped = |c: char| if is_control(c) { c.escape_unicode().to_string() } else { c.to_string() };
    text.chars().map(escaped).collect()
}

/// Text from elsewhere for a message: quoted, escaped, and cut after 80 characters.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}

/// The value of a word among those that are known.
///
/// # Errors
/// [`ValueError`] that lists the words.
pub(crate) fn one_of<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, ValueError> {
    let found = known.iter().find(|(word, _)| *word == text);
    found.map(|&(_, value)| value).ok_or_else(|| {
        let words: Vec<_> = known.iter().map(|&(word, _)| word).collect();
        let (last, others) = words.split_last().unwrap_or((&"", &[]));
        let listed =
            if others.is_empty() { (*last).to_owned() } else { format!("{} or {last}", others.join(", ")) };
        ValueError(format!("must be {listed}, got {}", quoted(text)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_foreign_text_is_cut_in_messages() {
        assert!(quoted(&"!".repeat(5_000)).len() < 90);
        assert_eq!(quoted("a\u{1b}"), r#""a\u{1b}""#);
    }

    #[test]
    fn an_error_lists_the_words_that_are_known() {
        let known = [("a", 1), ("b", 2), ("c", 3)];
        assert_eq!(one_of("b", &known), Ok(2));
        assert_eq!(one_of("d", &known).unwrap_err().to_string(), r#"must be a, b or c, got "d""#);
        assert_eq!(one_of("d", &known[..1]).unwrap_err().to_string(), r#"must be a, got "d""#);
    }

    #[test]
    fn escaped_text_controls_no_terminal() {
        assert_eq!(escape("é\u{1b}[31m\u{202e}\n"), r"é\u{1b}[31m\u{202e}\u{a}");
    }
}
