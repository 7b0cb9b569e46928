//! Entity tags: a hash of the answer, so that equal answers have equal tags on every instance of the server.

use axum::http::header::{self, HeaderMap};
use commerce_core::catalog::EntityTag;

use crate::route::EtagScope;

/// An entity tag (RFC 9110, section 8.8.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Etag {
    tag: EntityTag,
    /// Whether answers with this tag mean the same without being the same bytes.
    is_weak: bool,
}

impl Etag {
    /// The tag of an answer, or `None` where the route has none.
    pub(crate) fn of(body: &[u8], scope: EtagScope) -> Option<Self> {
        const ITEMS: &[u8] = b"\"items\":";
        let from = match scope {
            EtagScope::None => return None,
            EtagScope::Items => body.windows(ITEMS.len()).position(|part| part == ITEMS).unwrap_or(0),
            EtagScope::Body => 0,
        };
        Some(Self { tag: EntityTag::of(&body[from..]), is_weak: scope == EtagScope::Items })
    }

    /// The tag of the same answer in another encoding.
    pub(crate) fn weakened(self) -> Self {
        Self { is_weak: true, ..self }
    }

    /// The value of the header `ETag`.
    pub(crate) fn header_value(self) -> String {
        format!("{}\"{}\"", if self.is_weak { "W/" } else { "" }, self.tag)
    }

    /// Whether `If-None-Match` names this tag, so that the client has the answer (RFC 9110, section 13.1.2).
    pub(crate) fn is_known_to(self, headers: &HeaderMap) -> bool {
        let value = self.header_value();
        // Here tags are compared weakly.
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
        let (tag, other) = (EntityTag::of(b"1"), EntityTag::of(b"2"));
        let etag = Etag::of(b"1", EtagScope::Body).unwrap();
        assert_eq!(etag.header_value(), format!("\"{tag}\""));
        assert_eq!(etag.weakened().header_value(), format!("W/\"{tag}\""));
        assert!(!etag.is_known_to(&headers));
        for (value, matches) in [
            (format!("W/\"{tag}\""), true),
            (format!("\"{tag}\""), true),
            (format!("\"x\" , W/\"{tag}\""), true),
            ("*".into(), true),
            (format!("\"{other}\""), false),
            (tag.to_string(), false),
            (String::new(), false),
        ] {
            headers.insert(header::IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(etag.is_known_to(&headers), matches, "{value}");
            assert_eq!(etag.weakened().is_known_to(&headers), matches, "{value}");
        }
    }
}
