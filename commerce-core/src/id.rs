//! Identifiers, idempotency keys and names: the text that callers choose.

use std::marker::PhantomData;

use crate::text::{Text, TextKind, ValueError, is_control, quoted};

/// An identifier that a caller chooses: 1 to 64 characters of `A-Z a-z 0-9 . _ @ -`, case-sensitive.
pub type Id<T> = Text<OfId<T>>;

/// Identifies a user.
pub type UserId = Id<OfUser>;

/// Identifies a product.
pub type ProductId = Id<OfProduct>;

/// The name of a token. A name is never used again, even after its token was revoked.
pub type TokenName = Id<OfToken>;

/// An idempotency key: 1 to 255 visible ASCII characters.
pub type Key = Text<OfKey>;

/// A name for people to read: 1 to 200 characters of Unicode, at least one of them visible. Control characters, line and
/// paragraph separators and bidirectional overrides are not accepted, since they could make a terminal show something
/// other than what was sold.
pub type Name = Text<OfName>;

/// The name of an operator, as what the operator did bears it: 1 to 64 characters of Unicode without control characters. A
/// server gives the name of the token; the command line and the console give that of the local user.
pub type Actor = Text<OfActor>;

/// The SHA-256 of a secret, as 64 hexadecimal digits in lower case.
pub type Digest = Text<OfDigest>;

/// Marks identifiers.
pub struct OfId<T>(PhantomData<fn() -> T>);

/// Marks identifiers of users.
pub enum OfUser {}

/// Marks identifiers of products.
pub enum OfProduct {}

/// Marks names of tokens.
pub enum OfToken {}

/// Marks idempotency keys.
pub enum OfKey {}

/// Marks names.
pub enum OfName {}

/// Marks names of operators.
pub enum OfActor {}

/// Marks digests of secrets.
pub enum OfDigest {}

impl<T> TextKind for OfId<T> {
    fn check(text: &str) -> Result<(), ValueError> {
        let allowed = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'_' | b'@' | b'-');
        if text.is_empty() || text.len() > Id::<T>::MAX || !text.bytes().all(allowed) {
            let got = quoted(text);
            return Err(ValueError::new(format!(
                "must be 1 to 64 characters of A-Z a-z 0-9 . _ @ -, got {got}"
            )));
        }
        Ok(())
    }
}

impl<T> Id<T> {
    /// The most characters of an identifier.
    pub const MAX: usize = 64;

    /// Checks that this may identify something new. `.` and `..` may not: paths and URLs drop them, so such an id
    /// could not be used everywhere.
    ///
    /// # Errors
    /// [`ValueError`] for these two.
    pub fn check_new(&self) -> Result<(), ValueError> {
        match self.as_str() {
            "." | ".." => Err(ValueError::new(format!(
                "must not be {}, which has a meaning in paths",
                quoted(self.as_str())
            ))),
            _ => Ok(()),
        }
    }
}

impl TextKind for OfKey {
    fn check(text: &str) -> Result<(), ValueError> {
        if text.is_empty() || text.len() > 255 || !text.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(ValueError::new(format!(
                "must be 1 to 255 visible ASCII characters, got {}",
                quoted(text)
            )));
        }
        Ok(())
    }
}

impl Key {
    /// A new key that sorts by time (UUIDv7), so that the rows of many keys lie side by side.
    pub fn random() -> Self {
        Self::stored(uuid::Uuid::now_v7().hyphenated().to_string().into())
    }
}

impl TextKind for OfName {
    fn check(text: &str) -> Result<(), ValueError> {
        Self::check_known(text)?;
        if text.chars().all(is_blank) {
            return Err(ValueError::new(
                "must have a visible character, got only spaces or invisible characters",
            ));
        }
        Ok(())
    }

    /// A name that was accepted before, and a remark, may be invisible.
    fn check_known(text: &str) -> Result<(), ValueError> {
        let length = text.chars().count();
        if length == 0 || length > Name::MAX {
            return Err(ValueError::new(format!("must be 1 to 200 characters, got {length}")));
        }
        match text.chars().find(|&c| is_control(c)) {
            Some(c) => {
                Err(ValueError::new(format!("must not contain the control character U+{:04X}", c as u32)))
            }
            None => Ok(()),
        }
    }
}

impl Name {
    /// The most characters of a name.
    pub const MAX: usize = 200;

    /// Reads a remark, such as a reason. Unlike a name it may be invisible.
    ///
    /// # Errors
    /// [`ValueError`] for empty text, more than 200 characters, and control characters.
    pub fn remark(text: &str) -> Result<Self, ValueError> {
        OfName::check_known(text)?;
        Ok(Self::stored(text.into()))
    }
}

/// Whether a character shows nothing: spaces, what Unicode calls `Default_Ignorable_Code_Point` or format controls, and
/// the empty Braille pattern.
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || matches!(c,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{206F}' | '\u{2800}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
            | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}

impl TextKind for OfActor {
    fn check(text: &str) -> Result<(), ValueError> {
        OfName::check_known(text)?;
        match text.chars().count() {
            count if count > Actor::MAX => {
                Err(ValueError::new(format!("must be 1 to {} characters, got {count}", Actor::MAX)))
            }
            _ => Ok(()),
        }
    }
}

impl Actor {
    /// The most characters of an operator's name, as many as a token's.
    pub const MAX: usize = TokenName::MAX;
}

/// The name of a token is valid for what its bearer does.
impl From<TokenName> for Actor {
    fn from(name: TokenName) -> Self {
        Self::stored(name.shared())
    }
}

impl TextKind for OfDigest {
    fn check(text: &str) -> Result<(), ValueError> {
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 64 || !text.bytes().all(digit) {
            let got = quoted(text);
            return Err(ValueError::new(format!(
                "must be a SHA-256 as 64 hexadecimal digits in lower case, got {got}"
            )));
        }
        Ok(())
    }
}

impl Digest {
    /// The digest of a secret.
    pub fn of(secret: &str) -> Self {
        use sha2::Digest as _;
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        let bytes = sha2::Sha256::digest(secret);
        let digits: String =
            bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        Self::stored(digits.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_to_their_alphabet_and_length() {
        for good in ["a", "A.b_c@d-9", &"x".repeat(64)] {
            assert_eq!(UserId::try_from(good).unwrap().as_str(), good);
        }
        for bad in ["", &"x".repeat(65), "a b", "a/b", "é", "a\0", "a\n", "상품"] {
            assert!(ProductId::try_from(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_are_counted_in_characters_and_never_steer_a_terminal() {
        assert!(Name::try_from("머".repeat(200)).is_ok());
        assert!(Name::try_from("머".repeat(201)).is_err());
        for bad in ["", "a\u{1b}[31m", "a\u{9b}", "a\nb", "\u{202E}abc", "\u{2028}", "nul\0"] {
            assert!(Name::try_from(bad).is_err(), "{bad:?}");
        }
        assert!(Name::try_from("컵 ☕ mug").is_ok());
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
            assert!(Name::try_from(bad).is_err(), "{bad:?}");
            assert!(Name::remark(bad).is_ok(), "{bad:?}");
            assert!(serde_json::from_value::<Name>(bad.into()).is_ok(), "{bad:?}");
        }
        for good in [".", " a", "\u{200B}x", "👩\u{200D}🚀", "\u{2801}", "ㅤ가"] {
            assert!(Name::try_from(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn nothing_new_is_called_as_a_place_in_a_path() {
        for (id, may) in [(".", false), ("..", false), ("...", true), (".a", true), ("a.", true)] {
            assert_eq!(UserId::try_from(id).unwrap().check_new().is_ok(), may, "{id}");
        }
    }

    #[test]
    fn keys_are_visible_ascii() {
        assert!(Key::try_from("k".repeat(255)).is_ok());
        for bad in ["", " ", "a b", "ключ", &"k".repeat(256), "a\u{7f}"] {
            assert!(Key::try_from(bad).is_err(), "{bad:?}");
        }
        assert!(Key::random() < Key::random());
    }
}
