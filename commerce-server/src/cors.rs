//! CORS: which web pages of other origins may call the API.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::Method;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::uri::Authority;
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::error::ServeError;

/// How long a browser may remember the answer to a preflight request.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The layer that answers browsers, or `None` where no other origin is allowed.
///
/// # Errors
/// [`ServeError::Origin`] for an origin that browsers do not send.
pub(crate) fn layer(origins: &[String]) -> Result<Option<CorsLayer>, ServeError> {
    if origins.is_empty() {
        return Ok(None);
    }
    let allowed = match origins {
        [any] if any == "*" => AllowOrigin::any(),
        named => {
            let named = named.iter().map(|origin| validated(origin).map_err(ServeError::Origin));
            AllowOrigin::list(named.collect::<Result<Vec<_>, _>>()?)
        }
    };
    let name = HeaderName::from_static;
    let layer = CorsLayer::new()
        .allow_origin(allowed)
        .max_age(MAX_AGE)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            name("idempotency-key"),
            name("last-event-id"),
            name("x-request-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LINK,
            header::RETRY_AFTER,
            name("idempotent-replayed"),
            name("ratelimit"),
            name("ratelimit-policy"),
            name("x-request-id"),
        ]);
    Ok(Some(layer))
}

/// The origin as a header's value. An origin that is not written as browsers send it would never match.
///
/// # Errors
/// A sentence that says what to write instead.
fn validated(origin: &str) -> Result<HeaderValue, String> {
    let invalid = |reason: &str| Err(format!("{origin:?} is not an origin as browsers send it: {reason}"));
    match origin {
        "null" => return invalid("null means a page of unknown origin; name the page's own origin"),
        "*" => return invalid("* means all origins, so it must be the only one"),
        _ => {}
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        let host = origin.split('/').next().unwrap_or_default();
        return invalid(&format!("the scheme is missing; write https://{host}"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (scheme, host) = (scheme.to_ascii_lowercase(), rest[..end].to_ascii_lowercase());
    if !host.is_ascii() {
        return invalid("a name with letters beyond ASCII must have the form xn--…");
    }
    let Ok(authority) = host.parse::<Authority>() else { return invalid("the host is invalid") };
    if authority.as_str().contains(['@', '*']) || authority.host().is_empty() {
        return invalid("it must hold the full name of one host, and nothing else");
    }
    let default_port = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return invalid("it must begin with https:// or http://"),
    };
    let name = authority.host();
    let name =
        name.trim_matches(['[', ']']).parse::<IpAddr>().map_or(name.to_owned(), |address| match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
    let port = match authority.as_str()[authority.host().len()..].trim_start_matches(':') {
        "" => String::new(),
        port => match port.parse::<u16>() {
            Ok(port) if port == default_port => String::new(),
            Ok(port) => format!(":{port}"),
            Err(_) => return invalid("the port is invalid"),
        },
    };
    let named = format!("{scheme}://{name}{port}");
    if named != origin {
        return invalid(&format!("write {named}"));
    }
    HeaderValue::try_from(named).map_err(|_| format!("{origin:?} is not an origin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_that_browsers_do_not_send_are_refused_with_a_correction() {
        for good in
            ["https://shop.example", "http://localhost:5173", "https://[::1]:8443", "http://127.0.0.1"]
        {
            assert_eq!(validated(good).unwrap(), good);
        }
        for (bad, correction) in [
            ("https://shop.example/", "write https://shop.example"),
            ("https://shop.example/cart?x#y", "write https://shop.example"),
            ("HTTPS://Shop.Example:443", "write https://shop.example"),
            ("http://shop.example:80", "write http://shop.example"),
            ("http://shop.example:080", "write http://shop.example"),
            ("http://[0:0::1]:8080", "write http://[::1]:8080"),
            ("shop.example", "write https://shop.example"),
            ("shop.example:8443", "write https://shop.example:8443"),
            ("null", "name the page's own origin"),
            ("*", "the only one"),
            ("https://*.shop.example", "full name"),
            ("https://me@shop.example", "full name"),
            ("https://", "host is invalid"),
            ("https://머그.example", "xn--"),
            ("ftp://shop.example", "https:// or http://"),
            ("https://shop.example:99999", "port"),
            ("https://sh op.example", "host is invalid"),
            ("", "https://"),
        ] {
            let error = validated(bad).expect_err(bad);
            assert!(error.contains(correction), "{bad}: {error}");
        }
    }
}
