//! The location of a store: a file, or a libSQL server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use http::Uri;

use crate::text::ValueError;

/// The location of a store. It is made from a path, or from text by [`FromStr`]: text that starts with `libsql://`,
/// `http://` or `https://` is the address of a server, other text is a path.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Location {
    /// A file.
    File(PathBuf),
    /// A libSQL server.
    Server(Server),
}

/// A libSQL server, with the token for it and a replica to read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    pub(crate) url: Url,
    pub(crate) read_url: Option<Url>,
    pub(crate) token: Option<Token>,
}

/// The address of a server, in the forms that the clients of libSQL accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    /// As it was given.
    text: String,
    /// The URL for requests, without a slash at the end.
    pub(crate) base: String,
    /// Whether the host is an IP address. A host name, unlike an IP address, can name a database.
    pub(crate) host_is_ip: bool,
}

/// A secret that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(pub(crate) String);

impl Location {
    /// Sets the token for the server. It has no effect on a file.
    #[must_use]
    pub fn token(self, token: &str) -> Self {
        match self {
            Self::File(path) => Self::File(path),
            Self::Server(server) => {
                Self::Server(Server { token: Some(Token(token.trim().to_owned())), ..server })
            }
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
            Self::File(_) => Err(unusable(replica, "a file has no replicas; only a server has")),
        }
    }
}

impl FromStr for Location {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        if !text.contains("://") {
            return Ok(Self::File(text.into()));
        }
        Ok(Self::Server(Server { url: Url::parse(text)?, read_url: None, token: None }))
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
        }
    }
}

impl Url {
    /// `libsql://` uses TLS, except on loopback addresses; `?tls=0` and `?tls=1` override that.
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
        let tls = match (scheme, query) {
            ("libsql", "") => !is_loopback,
            ("libsql", "tls=0") | ("http", "") => false,
            ("libsql", "tls=1") | ("https", "") => true,
            ("libsql", _) => return Err(invalid("after ? there may be tls=0 or tls=1")),
            ("http" | "https", _) => return Err(invalid("nothing may follow ?")),
            _ => return Err(invalid("a server's address begins with libsql://, http:// or https://")),
        };
        let base = format!("{}://{}", if tls { "https" } else { "http" }, address.trim_end_matches('/'));
        Ok(Self { text: text.into(), base, host_is_ip: ip.is_ok() })
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
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
        for (text, base, host_is_ip) in [
            ("libsql://localhost:8080", "http://localhost:8080", false),
            ("libsql://127.0.0.1:8080/", "http://127.0.0.1:8080", true),
            ("libsql://[::1]:8080", "http://[::1]:8080", true),
            ("libsql://db.example.com", "https://db.example.com", false),
            ("libsql://10.0.0.7:8080?tls=0", "http://10.0.0.7:8080", true),
            ("libsql://localhost:8080?tls=1", "https://localhost:8080", false),
            ("http://db:8080/shop", "http://db:8080/shop", false),
            ("https://db.example.com", "https://db.example.com", false),
        ] {
            let Location::Server(server) = text.parse().unwrap() else { panic!("{text} is a server") };
            assert_eq!((server.url.base.as_str(), server.url.host_is_ip), (base, host_is_ip), "{text}");
            assert_eq!(server.url.to_string(), text);
        }
    }

    #[test]
    fn other_addresses_are_refused_and_no_secret_is_repeated() {
        for text in ["libsql://", "ftp://host", "libsql://host?tls=2", "http://host?x=1", "http://a b"] {
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
