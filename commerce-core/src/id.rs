//! Identifiers and names that callers choose: of users and products, idempotency keys, and names for people.
//!
//! A value of these types is valid by construction, so no rule has to test it again.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which text could not become an identifier, key or name, and why. A sentence for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadText(pub String);

/// A caller's own identifier: 1 to 64 characters of `A-Z a-z 0-9 . _ @ -`, case-sensitive.
pub struct Id<K>(Arc<str>, PhantomData<fn() -> K>);

/// Marks identifiers of users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfUser {}

/// Marks identifiers of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfProduct {}

/// Marks names of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfToken {}

/// Who charges and orders.
pub type UserId = Id<OfUser>;

/// What is sold.
pub type ProductId = Id<OfProduct>;

/// What people call a token. Never used again, also after it was revoked.
pub type TokenName = Id<OfToken>;

impl<K> Id<K> {
    /// Most characters an identifier may have.
    pub const MAX: usize = 64;

    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// [`BadText`] when it is empty, longer than 64 characters or has a character outside the set.
    pub fn new(text: &str) -> Result<Self, BadText> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'@' | b'-');
        if text.is_empty() || text.len() > Self::MAX || !text.bytes().all(allowed) {
            return Err(BadText(format!(
                "must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -, got {}",
                quoted(text)
            )));
        }
        Ok(Self(text.into(), PhantomData))
    }

    /// Checks that something new may be called so. `.` and `..` are taken out of paths and URLs on their way, so what
    /// is called so cannot be reached everywhere.
    ///
    /// # Errors
    /// [`BadText`] for these two.
    pub fn for_new(&self) -> Result<(), BadText> {
        match self.as_str() {
            "." | ".." => {
                Err(BadText(format!("must not be {}, which names a place in a path", quoted(&self.0))))
            }
            _ => Ok(()),
        }
    }

    /// The text as the caller gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    /// Takes text that was checked when it was stored.
    pub(crate) fn stored(text: Arc<str>) -> Self {
        Self(text, PhantomData)
    }
}

/// An idempotency key: 1 to 255 visible ASCII characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Key(Arc<str>);

impl Key {
    /// Checks and keeps `text`.
    ///
    /// # Errors
    /// [`BadText`] when it is empty, longer than 255 characters or has anything but visible ASCII.
    pub fn new(text: &str) -> Result<Self, BadText> {
        if text.is_empty() || text.len() > 255 || !text.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(BadText(format!("must be 1 to 255 visible ASCII characters, got {}", quoted(text))));
        }
        Ok(Self(text.into()))
    }

    /// A new key that sorts by time (UUIDv7), so that the rows of many keys lie side by side.
    pub fn random() -> Self {
        Self(uuid::Uuid::now_v7().hyphenated().to_string().into())
    }

    /// The text as the caller gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    pub(crate) fn stored(text: Arc<str>) -> Self {
        Self(text)
    }
}

/// A name for people to read: 1 to 200 characters of Unicode without control characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(Arc<str>);

impl Name {
    /// Most characters a name may have.
    pub const MAX: usize = 200;

    /// Checks and keeps `text`.
    ///
    /// Refused besides control characters are the line and paragraph separators and the
    /// bidirectional overrides, which could make a terminal show something else than was sold.
    ///
    /// # Errors
    /// [`BadText`] when it is empty, longer than 200 characters, has such a character, or shows nothing at all.
    pub fn new(text: &str) -> Result<Self, BadText> {
        let name = Self::remark(text)?;
        if text.chars().all(blank) {
            return Err(BadText(
                "must show something, got only spaces or characters that show nothing".into(),
            ));
        }
        Ok(name)
    }

    /// Checks a remark, or a name that was taken once: unlike a new name it may show nothing.
    pub(crate) fn remark(text: &str) -> Result<Self, BadText> {
        let length = text.chars().count();
        if length == 0 || length > Self::MAX {
            return Err(BadText(format!("must be 1 to 200 characters, got {length}")));
        }
        if let Some(c) = text.chars().find(|&c| harmful(c)) {
            return Err(BadText(format!("must not contain the control character U+{:04X}", c as u32)));
        }
        Ok(Self(text.into()))
    }

    /// The text as the caller gave it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn shared(&self) -> Arc<str> {
        self.0.clone()
    }

    pub(crate) fn stored(text: Arc<str>) -> Self {
        Self(text)
    }
}

/// The SHA-256 of a secret, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    /// The digest of a secret.
    pub fn of(secret: &str) -> Self {
        use sha2::Digest as _;
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        let bytes = sha2::Sha256::digest(secret);
        Self(bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn stored(text: &str) -> Self {
        Self(text.into())
    }
}

/// Whether a character could steer a terminal or reorder the text around it.
pub fn harmful(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether a character shows nothing: spaces, what Unicode calls `Default_Ignorable_Code_Point` or format controls, and
/// the empty Braille pattern.
fn blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

/// Text that cannot steer a terminal: what could is shown escaped.
pub fn harmless(text: &str) -> String {
    let escape = |c: char| match c {
        c if harmful(c) => c.escape_unicode().to_string(),
        c => c.to_string(),
    };
    text.chars().map(escape).collect()
}

/// Shows foreign text in a message: escaped, and cut where it is long.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 80;
    match text.char_indices().nth(SHOWN) {
        Some((cut, _)) => format!("{:?}…", &text[..cut]),
        None => format!("{text:?}"),
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}

impl<K> std::hash::Hash for Id<K> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<K> std::borrow::Borrow<str> for Id<K> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

/// A reply that was kept may have a name that would not be taken any more.
impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::remark(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_to_their_alphabet_and_length() {
        for good in ["a", "A.b_c@d-9", &"x".repeat(64)] {
            assert_eq!(UserId::new(good).unwrap().as_str(), good);
        }
        for bad in ["", &"x".repeat(65), "a b", "a/b", "é", "a\0", "a\n", "상품"] {
            assert!(ProductId::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_counted_in_characters_and_never_steer_a_terminal() {
        assert!(Name::new(&"머".repeat(200)).is_ok());
        assert!(Name::new(&"머".repeat(201)).is_err());
        for bad in ["", "a\u{1b}[31m", "a\u{9b}", "a\nb", "\u{202E}abc", "\u{2028}", "nul\0"] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
        }
        assert!(Name::new("컵 ☕ mug").is_ok());
    }

    #[test]
    fn names_show_something() {
        for bad in [
            " ",
            "\u{3000}\u{A0}",
            "\u{200B}",
            "\u{FEFF} \u{2060}\u{AD}",
            "\u{3164}",
            "\u{115F}\u{1160}\u{FFA0}",
            "\u{2800}",
            "\u{200D}\u{FE0F}",
            "\u{E0041}",
        ] {
            assert!(Name::new(bad).is_err(), "{bad:?}");
            assert!(Name::remark(bad).is_ok(), "{bad:?}");
            assert!(serde_json::from_value::<Name>(bad.into()).is_ok(), "{bad:?}");
        }
        for good in [".", " a", "\u{200B}x", "👩\u{200D}🚀", "\u{2801}", "ㅤ가"] {
            assert!(Name::new(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn nothing_new_is_called_as_a_place_in_a_path() {
        for (id, may) in [(".", false), ("..", false), ("...", true), (".a", true), ("a.", true)] {
            assert_eq!(UserId::new(id).unwrap().for_new().is_ok(), may, "{id}");
        }
    }

    #[test]
    fn keys_are_visible_ascii() {
        assert!(Key::new(&"k".repeat(255)).is_ok());
        for bad in ["", " ", "a b", "ключ", &"k".repeat(256), "a\u{7f}"] {
            assert!(Key::new(bad).is_err(), "{bad:?}");
        }
        assert!(Key::random() < Key::random());
    }

    #[test]
    fn long_foreign_text_is_cut_in_messages() {
        let message = UserId::new(&"!".repeat(5000)).unwrap_err().to_string();
        assert!(message.len() < 200, "{message}");
    }
}
