//! The location of a store: a file, a libSQL server, or a shop that is served elsewhere.

mod served;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use http::Uri;

use crate::roots::Roots;
use crate::server_token::ServerToken;
use crate::text::ValueError;

pub(crate) use served::Proxy;
pub use served::Served;

/// The location of a store. It is made from a path, or from text by [`FromStr`]: text that starts with `libsql://`,
/// `http://` or `https://` is the address of a libSQL server, text that starts with `commerce://` or `commerce+http://` that
/// of a shop which `commerce serve` serves, and other text is a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// A libSQL server.
    Server(Server),
    /// A shop that is served elsewhere.
    Served(Served),
}

/// A libSQL server, with the token for it and a replica to read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub(crate) url: Url,
    pub(crate) read_url: Option<Url>,
    pub(crate) token: Option<ServerToken>,
    pub(crate) roots: Option<Roots>,
}

/// The address of a server, in the forms that the clients of libSQL accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it was given.
    text: String,
    /// The URL for requests, without a slash at the end.
    pub(crate) base: String,
    /// The database to name in each request, in base64. Without one, the host name selects the database: a server with
    /// `--enable-namespaces` takes the host's first label for its name.
    pub(crate) namespace: Option<String>,
}

impl Location {
    /// Sets the token for the server. It has no effect on a file.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        self.with_token(ServerToken::new(token))
    }

    /// Reads the token for the server from a file. When the server refuses the token, the file is read again and the
    /// request is repeated with what it holds by then, so a renewed token needs no restart. It has no effect on a store in
    /// a file.
    ///
    /// # Errors
    /// [`ValueError`] when the file cannot be read.
    pub fn token_file(self, file: impl AsRef<Path>) -> Result<Self, ValueError> {
        Ok(self.with_token(ServerToken::read(file.as_ref())?))
    }

    /// Trusts these roots over TLS instead of the public ones, for the server and its replica. It has no effect on a file.
    #[must_use]
    pub fn roots(mut self, roots: Roots) -> Self {
        match &mut self {
            Self::File(_) => {}
            Self::Server(server) => server.roots = Some(roots),
            Self::Served(served) => served.roots = Some(roots),
        }
        self
    }

    /// Reaches a shop that is served elsewhere through the HTTP proxy at `url`, except at the hosts in `except`, which has the
    /// form of the variable `NO_PROXY`. It has no effect on other stores.
    ///
    /// # Errors
    /// [`ValueError`] when it is not the URL of an HTTP proxy.
    pub fn proxy(mut self, url: &str, except: &str) -> Result<Self, ValueError> {
        if let Self::Served(served) = &mut self {
            served.proxy = Some(Proxy::parse(url, except)?);
        }
        Ok(self)
    }

    /// Whether its requests go over TLS.
    pub fn uses_tls(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Server(server) => {
                [Some(&server.url), server.read_url.as_ref()].into_iter().flatten().any(Url::uses_tls)
            }
            Self::Served(served) => served.uses_tls(),
        }
    }

    /// Reads from a replica of the server. A handle always sees its own writes.
    ///
    /// # Errors
    /// [`ValueError`] when it is not the address of a server, or when this is a file.
    pub fn read_from(self, replica: &str) -> Result<Self, ValueError> {
        match self {
            Self::Server(server) => {
                let read_url = Some(Url::parse(replica)?);
                Ok(Self::Server(Server { read_url, ..server }))
            }
            Self::File(_) => Err(unusable(replica, "a file has no replicas; only a libSQL server has")),
            Self::Served(_) => {
                Err(unusable(replica, "a served shop has no replicas of its own; only a libSQL server has"))
            }
        }
    }

    /// Whether reads go to a replica, which shows what other instances have committed only once this one knows of it.
    pub fn reads_from_replica(&self) -> bool {
        matches!(self, Self::Server(Server { read_url: Some(_), .. }))
    }

    fn with_token(mut self, token: ServerToken) -> Self {
        match &mut self {
            Self::File(_) => {}
            Self::Server(server) => server.token = Some(token),
            Self::Served(served) => served.token = Some(token),
        }
        self
    }
}

impl FromStr for Location {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        if let Some(served) = Served::parse(text) {
            return served.map(Self::Served);
        }
        Ok(Self::Server(Server { url: Url::parse(text)?, read_url: None, token: None, roots: None }))
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.into())
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&PathBuf> for Location {
    fn from(path: &PathBuf) -> Self {
        Self::File(path.clone())
    }
}

/// The path or the address, without the token.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Server(server) => server.url.fmt(f),
            Self::Served(served) => served.fmt(f),
        }
    }
}

impl Url {
    /// `libsql://` uses TLS, except on loopback addresses; `?tls=0` and `?tls=1` override that. `?namespace=NAME` names
    /// the database; an IP address, which cannot, means `default`.
    fn parse(text: &str) -> Result<Self, ValueError> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        // The part after a ? may hold a secret, and so may the part before an @.
        let invalid = |reason: &str| unusable(&format!("{scheme}://{address}"), reason);
        if address.contains('@') {
            return Err(unusable("the address", "it holds a password; give a token instead"));
        }
        let uri: Uri = format!("http://{address}").parse().map_err(|e| invalid(&format!("{e}")))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if host.is_empty() {
            return Err(invalid("it names no host"));
        }
        let ip = host.parse::<std::net::IpAddr>();
        let is_loopback = host == "localhost" || ip.as_ref().is_ok_and(std::net::IpAddr::is_loopback);
        let (mut tls, mut namespace) = (None, ip.is_ok().then_some("default"));
        for part in query.split('&').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                Some(("tls", "0")) if scheme == "libsql" => tls = Some(false),
                Some(("tls", "1")) if scheme == "libsql" => tls = Some(true),
                Some(("namespace", name)) if !name.is_empty() => namespace = Some(name),
                _ => {
                    return Err(invalid(
                        "after ? there may be namespace=NAME and, with libsql://, tls=0 or tls=1",
                    ));
                }
            }
        }
        let tls = match scheme {
            "libsql" => tls.unwrap_or(!is_loopback),
            "http" => false,
            "https" => true,
            _ => {
                return Err(invalid(
                    "an address begins with commerce://, commerce+http://, libsql://, http:// or https://",
                ));
            }
        };
        let base = format!("{}://{}", if tls { "https" } else { "http" }, address.trim_end_matches('/'));
        let namespace = namespace.map(|name| STANDARD_NO_PAD.encode(name));
        Ok(Self { text: text.into(), base, namespace })
    }
}

impl Url {
    /// Whether requests to it go over TLS.
    pub(crate) fn uses_tls(&self) -> bool {
        self.base.starts_with("https://")
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn unusable(url: &str, reason: &str) -> ValueError {
    ValueError::new(format!("{url} cannot be used: {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_files_and_addresses_are_servers() {
        for path in ["shop.db", "/var/lib/shop.db", "a:b", ""] {
            assert_eq!(path.parse::<Location>().unwrap(), Location::File(path.into()));
        }
        let default = Some("ZGVmYXVsdA");
        for (text, base, namespace) in [
            ("libsql://localhost:8080", "http://localhost:8080", None),
            ("libsql://127.0.0.1:8080/", "http://127.0.0.1:8080", default),
            ("libsql://[::1]:8080", "http://[::1]:8080", default),
            ("libsql://db.example.com", "https://db.example.com", None),
            ("libsql://10.0.0.7:8080?tls=0", "http://10.0.0.7:8080", default),
            ("libsql://localhost:8080?tls=1", "https://localhost:8080", None),
            ("libsql://db.example.com?namespace=default", "https://db.example.com", default),
            ("libsql://10.0.0.7?tls=0&namespace=shop", "http://10.0.0.7", Some("c2hvcA")),
            ("http://db:8080/shop", "http://db:8080/shop", None),
            ("https://db.example.com?namespace=shop", "https://db.example.com", Some("c2hvcA")),
        ] {
            let Location::Server(server) = text.parse().unwrap() else { panic!("{text} is a server") };
            let url = &server.url;
            assert_eq!((url.base.as_str(), url.namespace.as_deref()), (base, namespace), "{text}");
            assert_eq!(server.url.to_string(), text);
        }
    }

    #[test]
    fn other_addresses_are_refused_and_no_secret_is_repeated() {
        for text in [
            "libsql://",
            "ftp://host",
            "libsql://host?tls=2",
            "http://host?x=1",
            "http://host?tls=0",
            "http://a b",
        ] {
            assert!(text.parse::<Location>().is_err(), "{text}");
        }
        for text in ["https://me:secret@host", "libsql://host?authToken=secret", "https://host?secret"] {
            let message = text.parse::<Location>().unwrap_err().to_string();
            assert!(!message.contains("secret"), "{message}");
        }
        let location = "libsql://host".parse::<Location>().unwrap().token("secret");
        assert!(!format!("{location:?} {location}").contains("secret"));
        assert!(Location::from(Path::new("shop.db")).read_from("libsql://host").is_err());
    }
}
