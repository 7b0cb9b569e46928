//! The addresses of a shop that is served elsewhere, and what a client of it needs besides.

use std::fmt;

use http::Uri;

use super::unusable;
use crate::roots::Roots;
use crate::server_token::ServerToken;
use crate::text::ValueError;

/// A shop that `commerce serve` serves elsewhere, with the token for it. `commerce://HOST[:PORT]` is reached over TLS, port 443
/// unless another is given. `commerce+http://HOST:PORT` is not encrypted: it is for loopback addresses and private networks.
/// Further addresses of the same shop follow after commas; a client moves on to the next one when one does not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// As it was given.
    text: String,
    /// The URL of each address, without a slash at the end.
    pub(crate) addresses: Vec<String>,
    pub(crate) token: Option<ServerToken>,
    pub(crate) roots: Option<Roots>,
    pub(crate) proxy: Option<Proxy>,
}

/// An HTTP proxy. Its address can hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(crate) uri: Uri,
    /// The hosts that are reached directly, as in the variable `NO_PROXY`.
    pub(crate) except: String,
}

/// The scheme over TLS, and the one without.
const SCHEMES: [(&str, &str); 2] = [("commerce://", "https"), ("commerce+http://", "http")];

impl Served {
    /// The addresses in a text; None when its scheme is another.
    pub(super) fn parse(text: &str) -> Option<Result<Self, ValueError>> {
        let (scheme, rest, http) = SCHEMES
            .iter()
            .find_map(|(scheme, http)| text.strip_prefix(scheme).map(|rest| (*scheme, rest, *http)))?;
        let addresses: Result<Vec<_>, _> = rest
            .split(',')
            .map(|address| base(scheme, address.strip_suffix('/').unwrap_or(address), http))
            .collect();
        Some(addresses.map(|addresses| {
            let text = text.trim_end_matches('/').into();
            Self { text, addresses, token: None, roots: None, proxy: None }
        }))
    }

    /// Whether requests to it go over TLS.
    pub(super) fn uses_tls(&self) -> bool {
        self.addresses.iter().any(|address| address.starts_with("https://"))
    }
}

/// The URL of an address.
fn base(scheme: &str, address: &str, http: &str) -> Result<String, ValueError> {
    if address.contains('@') {
        return Err(unusable("the address", "it holds a password; give a token instead"));
    }
    // What follows can hold a secret.
    let host = address.split(['/', '?', '#']).next().unwrap_or_default();
    let invalid = |reason: &str| unusable(&format!("{scheme}{host}"), reason);
    if host != address {
        return Err(invalid("only a port may follow the host"));
    }
    let uri: Uri = format!("http://{host}").parse().map_err(|e| invalid(&format!("{e}")))?;
    if uri.host().unwrap_or_default().is_empty() {
        return Err(invalid("it names no host"));
    }
    // The URI leaves out a port that is no number.
    let port = host.strip_prefix(uri.host().unwrap_or_default()).unwrap_or_default().strip_prefix(':');
    if port.is_some_and(|port| port.parse::<u16>().unwrap_or_default() == 0) {
        return Err(invalid("a port is a number from 1 to 65535"));
    }
    if port.is_none() && http == "http" {
        return Err(invalid("it names no port, as in commerce+http://127.0.0.1:8080"));
    }
    Ok(format!("{http}://{host}"))
}

impl Proxy {
    /// An HTTP proxy at `url`, such as `http://proxy.example:3128`, except for the hosts in a list with commas.
    pub(super) fn parse(url: &str, except: &str) -> Result<Self, ValueError> {
        let with_scheme = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let uri =
            with_scheme.parse::<Uri>().ok().filter(|uri| uri.host().is_some_and(|host| !host.is_empty()));
        let uri = uri.ok_or_else(|| unusable("the proxy", "it is not a URL"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(unusable("the proxy", "only http:// and https:// proxies are supported"));
        }
        Ok(Self { uri, except: except.into() })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxy(…)")
    }
}

/// The addresses, without the token.
impl fmt::Display for Served {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Location;

    fn served(text: &str) -> super::Served {
        match text.parse().unwrap() {
            Location::Served(served) => served,
            other => panic!("{text} is {other:?}"),
        }
    }

    #[test]
    fn addresses_of_one_shop_are_told_apart_by_commas() {
        for (text, addresses) in [
            ("commerce://shop.example", &["https://shop.example"][..]),
            ("commerce://shop.example:8443/", &["https://shop.example:8443"]),
            ("commerce://a,b:8443", &["https://a", "https://b:8443"]),
            ("commerce+http://127.0.0.1:8080", &["http://127.0.0.1:8080"]),
            ("commerce+http://[::1]:8080,localhost:81", &["http://[::1]:8080", "http://localhost:81"]),
        ] {
            let served = served(text);
            assert_eq!(served.addresses, addresses, "{text}");
            assert_eq!(Location::Served(served).to_string(), text.trim_end_matches('/'));
        }
        assert!("commerce://a".parse::<Location>().unwrap().uses_tls());
        assert!(!"commerce+http://a:1".parse::<Location>().unwrap().uses_tls());
    }

    #[test]
    fn other_addresses_are_refused_and_no_secret_is_repeated() {
        for text in [
            "commerce://",
            "commerce://a,",
            "commerce://,a",
            "commerce://a b",
            "commerce://a:0",
            "commerce://a:99999",
            "commerce://a:x",
            "commerce+http://a",
            "commerce+https://a:1",
            "commerce://me:secret@a",
            "commerce://a/secret",
            "commerce://a?token=secret",
            "commerce://a#secret",
        ] {
            let message = text.parse::<Location>().unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
        let location = "commerce://a".parse::<Location>().unwrap().token("secret");
        let location = location.proxy("http://me:secret@proxy:3128", "localhost").unwrap();
        assert!(!format!("{location:?} {location}").contains("secret"));
    }

    #[test]
    fn a_proxy_speaks_http() {
        let shop = || "commerce://a".parse::<Location>().unwrap();
        for url in ["proxy:3128", "http://proxy", "https://me:pass@proxy:1"] {
            assert!(shop().proxy(url, "").is_ok(), "{url}");
        }
        for url in ["", "http://", "socks5://secret:1", "a b"] {
            let message = shop().proxy(url, "").unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
    }
}
