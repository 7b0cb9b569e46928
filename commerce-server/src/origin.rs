//! Origins as browsers name them: what is written otherwise would never match one.

use std::net::IpAddr;

use axum::http::HeaderValue;
use axum::http::uri::Authority;

/// The origin as a header's value, or a sentence that says what to write instead.
pub(crate) fn checked(origin: &str) -> Result<HeaderValue, String> {
    let wrong = |because: &str| Err(format!("{origin:?} is no origin that a browser names: {because}"));
    match origin {
        "null" => return wrong("it stands for any page of unknown origin; name the page's own"),
        "*" => return wrong("it stands for all, so it must be the only one"),
        _ => {}
    }
    let Some((scheme, rest)) = origin.split_once("://") else {
        return wrong(&format!("the scheme is missing; write https://{origin}"));
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (scheme, host) = (scheme.to_ascii_lowercase(), rest[..end].to_ascii_lowercase());
    if !host.is_ascii() {
        return wrong("letters beyond ASCII go in the form xn--…");
    }
    let Ok(authority) = host.parse::<Authority>() else { return wrong("the host is none") };
    if authority.as_str().contains(['@', '*']) || authority.host().is_empty() {
        return wrong("it needs the whole name of one host, and no more");
    }
    let usual = match scheme.as_str() {
        "https" => 443,
        "http" => 80,
        _ => return wrong("it begins with https:// or http://"),
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
            Ok(port) if port == usual => String::new(),
            Ok(port) => format!(":{port}"),
            Err(_) => return wrong("the port is none"),
        },
    };
    let named = format!("{scheme}://{name}{port}");
    if named != origin {
        return wrong(&format!("write {named}"));
    }
    HeaderValue::try_from(named).map_err(|_| format!("{origin:?} is no origin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_browser_names_is_taken_and_anything_else_is_put_right() {
        for good in
            ["https://shop.example", "http://localhost:5173", "https://[::1]:8443", "http://127.0.0.1"]
        {
            assert_eq!(checked(good).unwrap(), good);
        }
        for (bad, told) in [
            ("https://shop.example/", "write https://shop.example"),
            ("https://shop.example/cart?x#y", "write https://shop.example"),
            ("HTTPS://Shop.Example:443", "write https://shop.example"),
            ("http://shop.example:80", "write http://shop.example"),
            ("http://shop.example:080", "write http://shop.example"),
            ("http://[0:0::1]:8080", "write http://[::1]:8080"),
            ("shop.example", "write https://shop.example"),
            ("shop.example:8443", "write https://shop.example:8443"),
            ("null", "name the page's own"),
            ("*", "the only one"),
            ("https://*.shop.example", "whole name"),
            ("https://me@shop.example", "whole name"),
            ("https://", "host is none"),
            ("https://머그.example", "xn--"),
            ("ftp://shop.example", "https:// or http://"),
            ("https://shop.example:99999", "port"),
            ("https://sh op.example", "host is none"),
            ("", "https://"),
        ] {
            let error = checked(bad).expect_err(bad);
            assert!(error.contains(told), "{bad}: {error}");
        }
    }
}
