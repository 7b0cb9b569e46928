//! Search of texts: a text is found in another if its folded form is a part of the folded form of the other.
//!
//! The full-text search of SQLite finds words, but a search for 컵 must also find 머그컵. So the index holds the grams of a
//! text: the four characters from each position on, or as many as are left. A search text of up to four characters is the
//! start of a gram of every text that contains it. A longer one is a sequence of grams. The index returns candidates, which
//! are then compared with the search text itself.

use std::collections::BTreeSet;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use crate::id::Name;

/// The number of characters of a gram.
const GRAM: usize = 4;

/// Separates the texts of a product. Identifiers and names contain no control characters.
const SEPARATOR: char = '\n';

/// The maximum length of a folded search text that can be found: one character of a name folds to 18 at most.
const LONGEST: usize = Name::MAX * 18;

/// The maximum number of consecutive grams in a query.
const MAX_GRAMS: usize = 16;

/// The folded form in which texts are compared: case-folded and in Unicode normalization form KC, which ignores case, width
/// and composition.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Compatibility caseless matching (Unicode 16, D146), composed at the end.
    text.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
}

/// The text of a product that a search reads: its identifier and its name.
pub(crate) fn searchable(id: &str, name: &str) -> String {
    format!("{}{SEPARATOR}{}", fold(id), fold(name))
}

/// The tokens of a product in the index: the grams of its [`searchable`] text, and whether it is on sale.
pub(crate) fn grams(searchable: &str, active: bool) -> String {
    let mut grams = BTreeSet::from([sale_token(active).to_string()]);
    for text in searchable.split(SEPARATOR) {
        let text: Vec<char> = text.chars().map(token_char).collect();
        for place in 0..text.len() {
            grams.insert(String::from_iter(&text[place..text.len().min(place + GRAM)]));
        }
    }
    Vec::from_iter(grams).join(" ")
}

/// A search text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needle(String);

impl Needle {
    /// The folded search text; `None` for empty text.
    pub(crate) fn new(text: Option<&str>) -> Option<Self> {
        text.map(fold).filter(|text| !text.is_empty()).map(Self)
    }

    /// The text, folded.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn grams(&self) -> String {
        let text: Vec<char> = self.0.chars().map(token_char).collect();
        if text.len() < GRAM {
            return String::from_iter(&text) + "*";
        }
        if text.len() > LONGEST || self.0.contains(SEPARATOR) {
            // No text has such a gram.
            return token_char(SEPARATOR).into();
        }
        // Grams side by side and the last one cover every character. More would only take longer.
        let side_by_side = text.chunks_exact(GRAM).take(MAX_GRAMS).map(String::from_iter);
        let last = String::from_iter(&text[text.len() - GRAM..]);
        let grams: BTreeSet<String> = side_by_side.chain([last]).collect();
        Vec::from_iter(grams).join(" ")
    }
}

/// The full-text query for the candidates (<https://www.sqlite.org/fts5.html#full_text_query_syntax>): by a search text,
/// by whether products are on sale, or by both.
pub(crate) fn candidates(needle: Option<&Needle>, active: Option<bool>) -> String {
    let tokens =
        needle.map(Needle::grams).into_iter().chain(active.map(|active| sale_token(active).to_string()));
    tokens.collect::<Vec<_>>().join(" ")
}

/// The token of products that are on sale, or not. It is made of control characters, which no text contains.
fn sale_token(active: bool) -> char {
    token_char(if active { '\u{1}' } else { '\0' })
}

/// The tokenizer of the index takes any run of non-ASCII characters for a token, so ASCII characters are mapped to
/// characters for private use. A name that contains one of those may become a wrong candidate, which is compared later.
fn token_char(c: char) -> char {
    match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => char::from_u32(0xE000 + u32::from(byte)).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_one_text_to_people_is_one() {
        for (typed, other) in [
            ("머그컵", "\u{1106}\u{1165}\u{1100}\u{1173}\u{110F}\u{1165}\u{11B8}"),
            ("mug", "ＭＵＧ"),
            ("mug", "Mug"),
            ("straße", "STRASSE"),
            ("straße", "STRAẞE"),
            ("όσος", "ΌΣΟΣ"),
            ("i\u{307}stanbul", "İstanbul"),
            ("カップ", "ｶｯﾌﾟ"),
            ("café", "CAFE\u{301}"),
            ("1l", "１ℓ"),
            ("fi", "ﬁ"),
            ("ΐ", "\u{1FD3}"),
        ] {
            assert_eq!(fold(typed), fold(other), "{typed} {other}");
        }
        for (text, other) in [("mug", "mag"), ("가", "각"), ("ı", "i"), ("e", "é")] {
            assert_ne!(fold(text), fold(other), "{text} {other}");
        }
    }

    #[test]
    fn every_character_is_folded_once_for_all_to_no_more_than_the_longest() {
        let mut longest = 0;
        // Beyond, nothing is assigned that has another form.
        for c in '\0'..='\u{2FFFF}' {
            let folded = fold(c.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&folded), folded, "U+{:04X}", c as u32);
            assert!(c == SEPARATOR || !folded.contains(SEPARATOR), "U+{:04X}", c as u32);
            longest = longest.max(folded.chars().count());
        }
        assert_eq!(longest, LONGEST / Name::MAX);
    }

    #[test]
    fn grams_begin_at_every_place_and_end_with_their_text() {
        let tokens =
            |text: &str| -> BTreeSet<String> { grams(text, true).split(' ').map(str::to_owned).collect() };
        let of = |grams: &[&str]| -> BTreeSet<String> {
            grams.iter().map(|gram| gram.chars().map(token_char).collect()).collect()
        };
        assert_eq!(
            tokens("a-1\n머그컵 1"),
            of(&["\u{1}", "a-1", "-1", "1", "머그컵 ", "그컵 1", "컵 1", " 1"])
        );
    }

    /// Whether the index returns a text as a candidate.
    fn candidate(needle: &Needle, grams: &str) -> bool {
        let grams: Vec<&str> = grams.split(' ').collect();
        candidates(Some(needle), Some(true)).split(' ').all(|asked| match asked.strip_suffix('*') {
            Some(begun) => grams.iter().any(|gram| gram.starts_with(begun)),
            None => grams.contains(&asked),
        })
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in ".*") {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn composed_or_not_is_all_one(text in "[가-힣ぁ-んァ-ヶa-zA-Zà-ÿ ]{0,20}") {
            prop_assert_eq!(fold(&text.nfd().collect::<String>()), fold(&text));
        }

        #[test]
        fn every_part_of_a_text_is_a_candidate(
            id in "[a-z0-9-]{1,12}", name in "[가-힣a-z0-9 ·]{1,60}", from in 0..60_usize, length in 1..60_usize
        ) {
            let searchable = searchable(&id, &name);
            for text in searchable.split(SEPARATOR) {
                let part: String = text.chars().skip(from).take(length).collect();
                if let Some(needle) = Needle::new(Some(&part)) {
                    prop_assert!(candidate(&needle, &grams(&searchable, true)), "{:?} of {:?}", part, searchable);
                }
            }
        }
    }
}
