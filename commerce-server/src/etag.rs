//! Tags of answers: a client that has the newest answer is told so without its being sent again, and, where
//! nobody committed since it was told last, without reading any table.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher};
use std::sync::{Mutex, PoisonError};

use axum::http::header::{self, HeaderMap};

use crate::route::Tag;

/// The tags last told for each URL, with the store's version at that time.
#[derive(Default)]
pub(crate) struct Tags(Mutex<HashMap<String, (i64, u64)>>);

/// The most URLs remembered; past it all begin anew.
const MOST: usize = 4_096;

impl Tags {
    /// The tag of the answer at this URL, if that was learnt at this version of the store.
    pub(crate) fn known(&self, url: &str, version: i64) -> Option<u64> {
        let tags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tags.get(url).filter(|(then, _)| *then == version).map(|(_, tag)| *tag)
    }

    /// Remembers a tag that was learnt at this version of the store or a later one.
    pub(crate) fn learn(&self, url: &str, version: i64, tag: u64) {
        let mut tags = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tags.len() >= MOST {
            tags.clear();
        }
        tags.insert(url.into(), (version, tag));
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
