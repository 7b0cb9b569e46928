//! Which host a request is for: told once, by the header `Host` or, on HTTP/2, by `:authority`.

use axum::http::Version;
use axum::http::header;
use axum::http::request::Parts;
use axum::http::uri::Authority;

use crate::fields::single;
use crate::problem::{Problem, invalid};

/// The host, perhaps with a port.
pub(crate) fn named(parts: &Parts) -> Result<&str, Problem> {
    let authority = parts.uri.authority().map(Authority::as_str);
    let header = single(&parts.headers, &header::HOST)?;
    match (authority, header) {
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            Err(invalid("", "the header Host is not the host that the request names"))
        }
        (Some(host), _) => Ok(host),
        (None, Some(host)) if host.parse::<Authority>().is_ok() => Ok(host),
        (None, Some(_)) => Err(invalid("", "the header Host is no host, such as shop.example:8080")),
        // It is younger than that.
        (None, None) if parts.version < Version::HTTP_11 => Ok("localhost"),
        (None, None) => Err(invalid("", "the header Host is missing")),
    }
}
