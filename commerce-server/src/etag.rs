//! Answers that are asked for again and again: as long as nobody committed they are given as they are, without
//! reading any table, and a client that has the newest is told so without its being sent.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, PoisonError};

use axum::http::header::{self, HeaderMap};

use crate::answer::Made;
use crate::route::Tag;

/// The answers last given to each query, with the store's version at that time.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    by_query: HashMap<String, (i64, Made)>,
    bytes: usize,
}

/// The most queries and bytes remembered; past either all begin anew.
const MOST: (usize, usize) = (4_096, 16 << 20);

impl Answers {
    /// The answer to this query, if it was given at this version of the store.
    pub(crate) fn known(&self, query: &str, version: i64) -> Option<Made> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.by_query.get(query).filter(|(then, _)| *then == version).map(|(_, made)| made.clone())
    }

    /// Remembers an answer that was given at this version of the store or a later one.
    pub(crate) fn learn(&self, query: String, version: i64, made: Made) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = &mut *kept;
        kept.bytes += made.body.len();
        match kept.by_query.get_mut(&query) {
            Some(known) => {
                kept.bytes -= known.1.body.len();
                *known = (version, made);
            }
            None => {
                kept.bytes += query.len();
                kept.by_query.insert(query, (version, made));
            }
        }
        if kept.by_query.len() > MOST.0 || kept.bytes > MOST.1 {
            *kept = Kept::default();
        }
    }
}

/// The tag of an answer. It is weak: equal answers mean the same, whatever their bytes on the way.
pub(crate) fn tag_of(body: &[u8], tag: Tag) -> u64 {
    const ITEMS: &[u8] = b"\"items\":";
    let from = match tag {
        Tag::Items => body.windows(ITEMS.len()).position(|part| part == ITEMS).unwrap_or(0),
        Tag::Whole | Tag::No => 0,
    };
    let mut hash = DefaultHasher::new();
    hash.write(&body[from..]);
    hash.finish()
}

/// A tag as a header.
pub(crate) fn shown(tag: u64) -> String {
    format!("W/\"{tag:016x}\"")
}

/// Whether the client has an answer of this tag (RFC 9110, section 13.1.2).
pub(crate) fn has(headers: &HeaderMap, tag: u64) -> bool {
    let shown = shown(tag);
    let opaque = shown.trim_start_matches("W/");
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|one| one == "*" || one.trim_start_matches("W/") == opaque)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_known_at_their_version_only_and_within_bounds() {
        let answers = Answers::default();
        let of = |length: usize| Made::new(vec![0; length], Tag::No);
        answers.learn("/a".into(), 1, of(10));
        assert!(answers.known("/a", 2).is_none() && answers.known("/b", 1).is_none());
        assert_eq!(answers.known("/a", 1).map(|made| made.body.len()), Some(10));
        answers.learn("/a".into(), 2, of(20));
        assert_eq!(answers.0.lock().unwrap().bytes, 22, "with its key");
        answers.learn("/b".into(), 2, of(MOST.1));
        assert!(answers.known("/a", 2).is_none(), "too much, so all begin anew");
        for number in 0..3 * MOST.0 {
            answers.learn(format!("/{number}"), 3, of(1));
        }
        assert!(answers.0.lock().unwrap().by_query.len() <= MOST.0);
        let (answers, fits) = (Answers::default(), MOST.1 / 1_000_000);
        for number in 0..2 * fits {
            answers.learn(format!("{number}{}", "x".repeat(1_000_000)), 4, of(1));
            assert!(answers.0.lock().unwrap().by_query.len() <= fits, "keys count as well");
        }
    }

    #[test]
    fn the_window_of_best_sellers_does_not_count() {
        let (a, b) = (br#"{"window":{"to":1},"items":[1]}"#, br#"{"window":{"to":2},"items":[1]}"#);
        assert_eq!(tag_of(a, Tag::Items), tag_of(b, Tag::Items));
        assert_ne!(tag_of(a, Tag::Whole), tag_of(b, Tag::Whole));
    }

    #[test]
    fn any_of_the_clients_tags_may_fit() {
        let mut headers = HeaderMap::new();
        assert!(!has(&headers, 1));
        for (value, fits) in [
            ("W/\"0000000000000001\"", true),
            ("\"0000000000000001\"", true),
            ("\"x\" , W/\"0000000000000001\"", true),
            ("*", true),
            ("\"0000000000000002\"", false),
            ("0000000000000001", false),
            ("", false),
        ] {
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(has(&headers, 1), fits, "{value}");
        }
    }
}
