//! Entity tags of products, and the condition that a product has not changed since it was read (RFC 9110, sections 8.8.3
//! and 13.1.1).

use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::str::FromStr;

use crate::input::{FromInput, Input};
use crate::text::{ValueError, quoted};

/// A tag of an answer: a hash of its JSON. Equal answers have equal tags in every process of one version of this crate. It is
/// shown as 16 hexadecimal digits, without quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTag(u64);

/// The condition that a product is as its reader saw it, in the form of the HTTP header `If-Match`: `*`, or a list of quoted
/// entity tags. Tags are compared strongly: a weak one, `W/"…"`, is equal to none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch {
    /// The tags of which the product must have one; `None` where every product will do.
    tags: Option<Vec<EntityTag>>,
}

impl EntityTag {
    /// The tag of an answer.
    pub fn of(json: &[u8]) -> Self {
        let mut hash = DefaultHasher::new();
        hash.write(json);
        Self(hash.finish())
    }

    /// Reads the form in which tags are shown, and no other.
    fn read(text: &str) -> Option<Self> {
        let tag = Self(u64::from_str_radix(text, 16).ok()?);
        (tag.to_string() == text).then_some(tag)
    }
}

impl fmt::Display for EntityTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl IfMatch {
    /// The condition that the answer still has this tag.
    pub fn tag(tag: EntityTag) -> Self {
        Self { tags: Some(vec![tag]) }
    }

    /// Whether an answer meets the condition. It makes the answer only where that depends on it.
    pub(crate) fn admits(&self, answer: impl FnOnce() -> Vec<u8>) -> bool {
        self.tags.as_ref().is_none_or(|tags| tags.contains(&EntityTag::of(&answer())))
    }
}

/// Reads the value of the header. Tags that no answer of this crate can have are left out.
impl FromStr for IfMatch {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if text.trim() == "*" {
            return Ok(Self { tags: None });
        }
        let invalid = || {
            let got = quoted(text);
            ValueError::new(format!(
                "must be * or entity tags in quotes, such as \"0123456789abcdef\", got {got}"
            ))
        };
        let (mut tags, mut is_empty) = (Vec::new(), true);
        // A list may have empty elements.
        let between = [',', ' ', '\t'];
        let mut rest = text.trim_start_matches(between);
        while !rest.is_empty() {
            let weak = rest.strip_prefix("W/");
            let quoted = weak.unwrap_or(rest).strip_prefix('"').ok_or_else(invalid)?;
            let (tag, after) = quoted.split_once('"').ok_or_else(invalid)?;
            let after = after.trim_start();
            if !after.is_empty() && !after.starts_with(',') {
                return Err(invalid());
            }
            tags.extend(EntityTag::read(tag).filter(|_| weak.is_none()));
            (is_empty, rest) = (false, after.trim_start_matches(between));
        }
        if is_empty { Err(invalid()) } else { Ok(Self { tags: Some(tags) }) }
    }
}

impl fmt::Display for IfMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.tags.as_deref() {
            None => f.write_str("*"),
            // A tag that no answer has.
            Some([]) => f.write_str("\"\""),
            Some([first, others @ ..]) => {
                write!(f, "\"{first}\"")?;
                others.iter().try_for_each(|tag| write!(f, ", \"{tag}\""))
            }
        }
    }
}

impl FromInput for IfMatch {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_read_as_the_header_says() {
        let answer = b"{}";
        let tag = EntityTag::of(answer);
        let other = EntityTag::of(b"[]");
        for (text, admits) in [
            ("*".to_owned(), true),
            (format!("\"{tag}\""), true),
            (format!("\"{other}\" , \"a,b\",, W/\"x\",\"{tag}\""), true),
            (format!(",\"{tag}\","), true),
            (format!("\"{other}\""), false),
            (format!("W/\"{tag}\""), false),
            (format!("\"{tag}0\""), false),
            (format!("\"+{}\"", &tag.to_string()[1..]), false),
            ("\"\"".to_owned(), false),
        ] {
            let condition: IfMatch = text.parse().unwrap();
            assert_eq!(condition.admits(|| answer.to_vec()), admits, "{text}");
            assert_eq!(condition.to_string().parse::<IfMatch>().unwrap(), condition, "{text}");
        }
        for bad in ["", " ", "x", "\"x", "x\"", "*, \"x\"", "\"x\" \"y\"", "w/\"x\"", "\"x\", *", "W/", ","] {
            assert!(bad.parse::<IfMatch>().is_err(), "{bad}");
        }
        assert_eq!(IfMatch::tag(tag).to_string(), format!("\"{tag}\""));
    }
}
