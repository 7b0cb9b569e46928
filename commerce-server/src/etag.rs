//! Entity tags: a hash of the answer, so that equal answers have equal tags on every instance of the server.

use std::hash::{DefaultHasher, Hasher};

use axum::http::header::{self, HeaderMap};

use crate::route::EtagScope;

/// A weak entity tag: equal answers mean the same, whatever their encoding (RFC 9110, section 8.8.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Etag(u64);

impl Etag {
    /// The tag of an answer, or `None` where the route has none.
    pub(crate) fn of(body: &[u8], scope: EtagScope) -> Option<Self> {
        const ITEMS: &[u8] = b"\"items\":";
        let from = match scope {
            EtagScope::None => return None,
            EtagScope::Items => body.windows(ITEMS.len()).position(|part| part == ITEMS).unwrap_or(0),
            EtagScope::Body => 0,
        };
        let mut hash = DefaultHasher::new();
        hash.write(&body[from..]);
        Some(Self(hash.finish()))
    }

    /// The value of the header `ETag`.
    pub(crate) fn header_value(self) -> String {
        format!("W/\"{:016x}\"", self.0)
    }

    /// Whether `If-None-Match` names this tag, so that the client has the answer (RFC 9110, section 13.1.2).
    pub(crate) fn is_known_to(self, headers: &HeaderMap) -> bool {
        let value = self.header_value();
        let opaque = value.trim_start_matches("W/");
        let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        values
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == "*" || tag.trim_start_matches("W/") == opaque)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_of_best_sellers_is_not_part_of_their_tag() {
        let (a, b) = (br#"{"window":{"to":1},"items":[1]}"#, br#"{"window":{"to":2},"items":[1]}"#);
        assert_eq!(Etag::of(a, EtagScope::Items), Etag::of(b, EtagScope::Items));
        assert_ne!(Etag::of(a, EtagScope::Body), Etag::of(b, EtagScope::Body));
        assert_eq!(Etag::of(a, EtagScope::None), None);
    }

    #[test]
    fn any_tag_of_if_none_match_may_match() {
        let mut headers = HeaderMap::new();
        assert!(!Etag(1).is_known_to(&headers));
        for (value, matches) in [
            ("W/\"0000000000000001\"", true),
            ("\"0000000000000001\"", true),
            ("\"x\" , W/\"0000000000000001\"", true),
            ("*", true),
            ("\"0000000000000002\"", false),
            ("0000000000000001", false),
            ("", false),
        ] {
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(Etag(1).is_known_to(&headers), matches, "{value}");
        }
    }
}
