//! Who sent a request, as far as it is known: for the log, for shares, for bounds.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::Version;
use axum::http::request::Parts;

use crate::budget::SMALL;
use crate::client::Client;

/// Where a request came from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether it came through a loopback address.
    pub(crate) local: bool,
}

/// Who sent a request.
#[derive(Clone, Debug)]
pub(crate) struct Who {
    /// The name of the token, once it is known to hold.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) address: IpAddr,
    /// Whether it came through a loopback address.
    pub(crate) local: bool,
    http2: bool,
}

impl Who {
    pub(crate) fn of(parts: &Parts) -> Self {
        // Who came no known way is nobody's neighbour.
        let nobody = Peer { address: IpAddr::from([0, 0, 0, 0]), local: false };
        let Peer { address, local } = parts.extensions.get::<Peer>().copied().unwrap_or(nobody);
        Self { token: None, address, local, http2: parts.version == Version::HTTP_2 }
    }

    /// Who shares with others.
    pub(crate) fn client(&self) -> Client {
        Client::new(self.token.as_ref(), self.address)
    }

    /// How long a body or an answer may be without being counted. A connection that speaks HTTP/2 holds many.
    pub(crate) fn uncounted(&self) -> usize {
        if self.http2 { SMALL / 8 } else { SMALL }
    }
}
