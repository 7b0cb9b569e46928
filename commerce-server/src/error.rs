//! Why the server could not start.

use std::net::SocketAddr;

use commerce_core::Error;

/// Why the server could not start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Other machines can reach the address, and the store has no token, so anybody could do anything.
    #[error(
        "{0} can be reached from other machines, but the store has no token: create one first, or listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// The system refused to listen on the address.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        source: std::io::Error,
    },
    /// The certificate or the key cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// A CORS origin is not written as browsers send it.
    #[error("{0}")]
    Origin(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}
