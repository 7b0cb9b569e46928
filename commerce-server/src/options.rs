//! The settings of a server: addresses, TLS, and the limits that keep one client from using up everything.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use commerce_core::Commerce;
use tokio::sync::Notify;

/// The settings of a server.
pub struct Options {
    pub(crate) shop: Commerce,
    pub(crate) listen: Vec<SocketAddr>,
    pub(crate) tls: Option<TlsFiles>,
    pub(crate) read_certificate_anew: Arc<Notify>,
    pub(crate) rate_limit: Option<u32>,
    pub(crate) cors_origins: Vec<String>,
    pub(crate) log_requests: bool,
    pub(crate) limits: Limits,
    pub(crate) on_ready: OnReady,
}

/// Called with the addresses once the server listens.
type OnReady = Box<dyn FnOnce(&[SocketAddr]) + Send>;

/// A certificate and its key, both as PEM files.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The certificate, followed by its chain.
    pub certificates: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// The limits on connections and requests.
#[derive(Clone, Debug)]
pub struct Limits {
    /// The most open connections. Further clients wait to be accepted.
    pub max_connections: usize,
    /// How long a client may take to send the head of a request, and so how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long a client may take to send the body of a request.
    pub body_timeout: Duration,
    /// The largest body in bytes.
    pub max_body_bytes: usize,
    /// How long a client may accept nothing of its response.
    pub write_timeout: Duration,
    /// How long a shutdown waits for requests in flight.
    pub drain_timeout: Duration,
    /// How often an idle stream of events sends a comment to keep its connection open.
    pub heartbeat_interval: Duration,
    /// How often the last use of tokens is written to the store. Uses are kept to a minute.
    pub token_use_interval: Duration,
}

impl Options {
    /// Serves `shop` at these addresses. Port 0 lets the system choose one; see [`Options::on_ready`].
    pub fn new(shop: Commerce, listen: Vec<SocketAddr>) -> Self {
        Self {
            shop,
            listen,
            tls: None,
            read_certificate_anew: Arc::default(),
            rate_limit: None,
            cors_origins: Vec::new(),
            log_requests: false,
            limits: Limits::default(),
            on_ready: Box::new(|_| {}),
        }
    }

    /// Accepts TLS connections only, with this certificate.
    #[must_use]
    pub fn tls(self, files: TlsFiles) -> Self {
        Self { tls: Some(files), ..self }
    }

    /// Reads the certificate and its key anew each time that this is notified. New connections get the new certificate, and open
    /// ones go on. If the files cannot be used, the present certificate stays, and the log says why.
    #[must_use]
    pub fn read_certificate_anew(self, on: Arc<Notify>) -> Self {
        Self { read_certificate_anew: on, ..self }
    }

    /// Limits the requests per second of each token, or of each address without a token; 0 sets no limit. The default is
    /// 100, or no limit if all addresses are loopback.
    #[must_use]
    pub fn rate_limit(self, per_second: u32) -> Self {
        Self { rate_limit: Some(per_second), ..self }
    }

    /// Allows web pages of these origins (`https://shop.example`, or `*` for all) to call the API. The default is none.
    #[must_use]
    pub fn cors_origins(self, origins: Vec<String>) -> Self {
        Self { cors_origins: origins, ..self }
    }

    /// Logs every request. By default only requests that fail with a status of 500 or more are logged.
    #[must_use]
    pub fn log_requests(self, log_requests: bool) -> Self {
        Self { log_requests, ..self }
    }

    /// Replaces the default limits.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Calls `on_ready` with the addresses once the server listens on all of them.
    #[must_use]
    pub fn on_ready(self, on_ready: impl FnOnce(&[SocketAddr]) + Send + 'static) -> Self {
        Self { on_ready: Box::new(on_ready), ..self }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 16_384,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(30),
            max_body_bytes: 1 << 20,
            write_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(30),
            heartbeat_interval: Duration::from_secs(15),
            token_use_interval: Duration::from_secs(60),
        }
    }
}
