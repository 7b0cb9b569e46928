//! Answers in gzip, for clients that take it: compressed whole where they were made, so that nothing of it
//! remains while they are sent.

use std::io::Write as _;

use axum::http::header::{self, HeaderMap};
use flate2::Compression;
use flate2::write::GzEncoder;

/// Answers of at least so many bytes are compressed.
const WORTH: usize = 1_024;

/// Whether the client takes gzip (RFC 9110, section 12.5.3).
pub(crate) fn taken(headers: &HeaderMap) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for one in values.flat_map(|value| value.split(',')) {
        let (name, weight) = one.split_once(';').unwrap_or((one, "q=1"));
        let refused = weight.trim().strip_prefix("q=").is_some_and(|q| q.trim().parse() == Ok(0.0));
        match name.trim() {
            name if name.eq_ignore_ascii_case("gzip") => return !refused,
            "*" => any = !refused,
            _ => {}
        }
    }
    any
}

/// The answer compressed, if that is worth it.
pub(crate) fn zipped(answer: &[u8]) -> Option<Vec<u8>> {
    if answer.len() < WORTH {
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
    fn clients_say_what_they_take() {
        for (value, takes) in [
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
            assert_eq!(taken(&headers), takes, "{value}");
        }
        assert!(!taken(&HeaderMap::new()));
    }
}
