//! Reading request headers that must be unambiguous.

use axum::http::Version;
use axum::http::header::{self, HeaderMap, HeaderName};
use axum::http::request::Parts;
use axum::http::uri::Authority;

use crate::problem::{Problem, invalid};

/// The value of a header. A header that is repeated or is not visible ASCII is refused, since it would be unclear which
/// value was meant.
pub(crate) fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(invalid("", format!("the header {name} is not visible ASCII"))),
        },
        (Some(_), Some(_)) => Err(invalid("", format!("the header {name} appears twice"))),
    }
}

/// The host that the request is for, with its port if one is given: the header `Host`, or `:authority` on HTTP/2.
/// A request that names none, or two different ones, is refused.
pub(crate) fn host(parts: &Parts) -> Result<&str, Problem> {
    let authority = parts.uri.authority().map(Authority::as_str);
    let header = single(&parts.headers, &header::HOST)?;
    match (authority, header) {
        (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
            Err(invalid("", "the header Host differs from the host in the request line"))
        }
        (Some(host), _) => Ok(host),
        (None, Some(host)) if host.parse::<Authority>().is_ok() => Ok(host),
        (None, Some(_)) => Err(invalid("", "the header Host is not a host such as shop.example:8080")),
        // HTTP/1.0 does not require the header.
        (None, None) if parts.version < Version::HTTP_11 => Ok("localhost"),
        (None, None) => Err(invalid("", "the header Host is missing")),
    }
}
