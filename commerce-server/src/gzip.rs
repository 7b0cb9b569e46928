//! Gzip for clients that accept it. An answer is compressed whole when it is made, so that no compressor state remains
//! while it is sent.

use std::io::Write as _;

use axum::http::header::{self, HeaderMap};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Shorter answers are not worth compressing.
const MIN_BYTES: usize = 1_024;

/// Whether the client accepts gzip (RFC 9110, section 12.5.3).
pub(crate) fn is_accepted(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut accepts_any = false;
    for coding in values.flat_map(|value| value.split(',')) {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return !refused,
            "*" => accepts_any = !refused,
            _ => {}
        }
    }
    accepts_any
}

/// The answer compressed, or `None` where that is not worth it.
pub(crate) fn compress(answer: &[u8]) -> Option<Vec<u8>> {
    if answer.len() < MIN_BYTES {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::with_capacity(answer.len() / 4), Compression::fast());
    encoder.write_all(answer).ok()?;
    encoder.finish().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accept_encoding_is_read_with_its_weights() {
        for (value, accepted) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("*", true),
            ("gzip;q=0, *", false),
            ("gzip; q=0.000", false),
            ("br, deflate", false),
            ("identity", false),
            ("*;q=0", false),
            ("", false),
        ] {
            let headers = [(header::ACCEPT_ENCODING, value.parse().unwrap())].into_iter().collect();
            assert_eq!(is_accepted(&headers), accepted, "{value}");
        }
        assert!(!is_accepted(&HeaderMap::new()));
    }
}
