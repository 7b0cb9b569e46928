//! How to serve: what to listen on, and the bounds that keep one client from taking everything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use commerce_core::Commerce;

/// How to serve a shop.
pub struct Options {
    pub(crate) shop: Commerce,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) log_requests: bool,
    pub(crate) limits: Limits,
    pub(crate) ready: Ready,
}

/// Is told the addresses once they are listened on.
type Ready = Box<dyn FnOnce(&[SocketAddr]) + Send>;

/// A certificate and its key, both as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by those that vouch for it.
    pub certificates: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The bounds of connections and requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at one time; more wait to be accepted.
    pub connections: usize,
    /// How long a connection may take for the head of a request, and so how long it may rest between two.
    pub head: Duration,
    /// How long the body of a request may take.
    pub body: Duration,
    /// The longest body.
    pub body_size: usize,
    /// How long a client may take nothing of what it asked for.
    pub write: Duration,
    /// How long requests in flight may take to end after the shutdown began.
    pub drain: Duration,
    /// How often a stream of events says that it is still there.
    pub heartbeat: Duration,
}

impl Options {
    /// Serves `shop` at these addresses.
    pub fn new(shop: Commerce, listen: Vec<SocketAddr>) -> Self {
        Self {
            shop,
            listen,
            tls: None,
            rate_limit: None,
            cors_origins: Vec::new(),
            log_requests: false,
            limits: Limits::default(),
            ready: Box::new(|_| {}),
        }
    }

    /// Speaks TLS only.
    #[must_use]
    pub fn tls(self, files: TlsFiles) -> Self {
        Self { tls: Some(files), ..self }
    }

    /// How many requests a second each token (or, without one, each address) may make; 0 for any number.
    /// Unless told it is 100, or any number where only loopback addresses are listened on.
    #[must_use]
    pub fn rate_limit(self, per_second: u32) -> Self {
        Self { rate_limit: Some(per_second), ..self }
    }

    /// Lets pages of these origins (`https://shop.example`, or `*`) call from a browser.
    #[must_use]
    pub fn cors_origins(self, origins: Vec<String>) -> Self {
        Self { cors_origins: origins, ..self }
    }

    /// Logs every request, not only what fails.
    #[must_use]
    pub fn log_requests(self, yes: bool) -> Self {
        Self { log_requests: yes, ..self }
    }

    /// Other bounds than the usual ones.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Is told the addresses once they are listened on.
    #[must_use]
    pub fn on_ready(self, ready: impl FnOnce(&[SocketAddr]) + Send + 'static) -> Self {
        Self { ready: Box::new(ready), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 16_384,
            head: Duration::from_secs(30),
            body: Duration::from_secs(30),
            body_size: 1 << 20,
            write: Duration::from_secs(30),
            drain: Duration::from_secs(30),
            heartbeat: Duration::from_secs(15),
        }
    }
}
