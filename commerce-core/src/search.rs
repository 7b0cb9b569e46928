//! What it means that a text is found in another: both are folded alike, and one contains the other.
//!
//! SQLite finds texts by words, and words are not what is looked for: 컵 is a part of 머그컵. So a text is indexed by its
//! grams: the four characters from each of its places on, or as many as are left. A text of four characters or fewer
//! that is contained in another begins one of its grams; a longer one begins with a gram, and so on to its end.
//! The index tells candidates, and only the texts themselves tell which of them it is in.

use std::collections::BTreeSet;

use caseless::Caseless;
use unicode_normalization::UnicodeNormalization;

use crate::id::Name;

/// The characters of a gram.
const GRAM: usize = 4;

/// Stands between the texts of one thing, and in none of them: neither identifiers nor names have control characters.
const BETWEEN: char = '\n';

/// The most characters a folded text may have that can be in another: one character of a name becomes 18 at most.
const LONGEST: usize = Name::MAX * 18;

/// The text in the form in which texts are compared: case-folded and in Unicode's normal form KC, so that it does not
/// matter in which case, width or composition it was typed.
pub(crate) fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    // Compatibility caseless matching (Unicode 16, D146), composed at the end.
    text.nfd().default_case_fold().nfkd().default_case_fold().nfkc().collect()
}

/// What is searched of a thing: its identifier and its name.
pub(crate) fn searchable(id: &str, name: &str) -> String {
    format!("{}{BETWEEN}{}", fold(id), fold(name))
}

/// What the index takes: the grams of what [`searchable`] made, and whether the product is on sale, so that those that
/// are not need not be looked for among all others.
pub(crate) fn grams(searchable: &str, active: bool) -> String {
    let mut grams = BTreeSet::from([state(active).to_string()]);
    for text in searchable.split(BETWEEN) {
        let text: Vec<char> = text.chars().map(token_char).collect();
        for place in 0..text.len() {
            grams.insert(String::from_iter(&text[place..text.len().min(place + GRAM)]));
        }
    }
    Vec::from_iter(grams).join(" ")
}

/// A text that is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needle(String);

impl Needle {
    /// Nothing where no text is looked for.
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
        if text.len() > LONGEST || self.0.contains(BETWEEN) {
            // No text has such a gram.
            return token_char(BETWEEN).into();
        }
        // Side by side, and the last one, so that each character is in one: more would only take longer.
        let side_by_side = text.chunks_exact(GRAM).take(MOST).map(String::from_iter);
        let last = String::from_iter(&text[text.len() - GRAM..]);
        let grams: BTreeSet<String> = side_by_side.chain([last]).collect();
        Vec::from_iter(grams).join(" ")
    }
}

/// What finds the candidates in the index (<https://www.sqlite.org/fts5.html#full_text_query_syntax>): of a text, of a
/// state, or of both.
pub(crate) fn candidates(needle: Option<&Needle>, active: Option<bool>) -> String {
    let tokens = needle.map(Needle::grams).into_iter().chain(active.map(|active| state(active).to_string()));
    tokens.collect::<Vec<_>>().join(" ")
}

/// The most grams that are asked for side by side.
const MOST: usize = 16;

/// The token of products on sale, or not. No text has the control characters that they come from.
fn state(active: bool) -> char {
    token_char(if active { '\u{1}' } else { '\0' })
}

/// The index takes any run of characters outside ASCII for a token, so that characters of ASCII are put among those
/// for private use. A name may have one of these itself; it is only a candidate then.
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
            assert!(c == BETWEEN || !folded.contains(BETWEEN), "U+{:04X}", c as u32);
            longest = longest.max(folded.chars().count());
        }
        assert_eq!(longest, LONGEST / Name::MAX);
    }

    #[test]
    fn grams_begin_at_every_place_and_end_with_their_text() {
        let told =
            |text: &str| -> BTreeSet<String> { grams(text, true).split(' ').map(str::to_owned).collect() };
        let of = |grams: &[&str]| -> BTreeSet<String> {
            grams.iter().map(|gram| gram.chars().map(token_char).collect()).collect()
        };
        assert_eq!(
            told("a-1\n머그컵 1"),
            of(&["\u{1}", "a-1", "-1", "1", "머그컵 ", "그컵 1", "컵 1", " 1"])
        );
    }

    /// Whether the index tells a text as a candidate.
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
            for text in searchable.split(BETWEEN) {
                let part: String = text.chars().skip(from).take(length).collect();
                if let Some(needle) = Needle::new(Some(&part)) {
                    prop_assert!(candidate(&needle, &grams(&searchable, true)), "{:?} of {:?}", part, searchable);
                }
            }
        }
    }
}
