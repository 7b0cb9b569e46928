//! Who sent a request: for the log, and for limits that each client has of its own.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use axum::http::Version;
use axum::http::request::Parts;

/// The other end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    pub(crate) address: IpAddr,
    /// Whether it connected to a loopback address of this machine.
    pub(crate) is_local: bool,
}

/// The sender of a request.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    /// The name of the token, set once the token has been verified.
    pub(crate) token: Option<Arc<str>>,
    pub(crate) address: IpAddr,
    /// Whether the request came through a loopback address of this machine.
    pub(crate) is_local: bool,
    /// What is left to it of its rate of requests, set once the request has been counted.
    pub(crate) remaining: Option<Remaining>,
    http2: bool,
}

/// What is left to a client of its rate of requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remaining {
    pub(crate) requests: u32,
    /// The seconds after which there will be more.
    pub(crate) seconds: u64,
}

/// The identity by which limits are counted: the token, or the address of a client without one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientKey {
    Token(Arc<str>),
    Address(IpAddr),
}

/// Bodies and answers of up to this many bytes are not counted on HTTP/1.1, where a connection holds one at a time.
const UNCOUNTED: usize = 4 << 10;

impl Client {
    pub(crate) fn of(parts: &Parts) -> Self {
        // Without a known peer nothing is trusted as local.
        let unknown = Peer { address: IpAddr::from([0, 0, 0, 0]), is_local: false };
        let Peer { address, is_local } = parts.extensions.get::<Peer>().copied().unwrap_or(unknown);
        Self { token: None, address, is_local, remaining: None, http2: parts.version == Version::HTTP_2 }
    }

    /// The key by which this client's limits are counted.
    pub(crate) fn key(&self) -> ClientKey {
        ClientKey::new(self.token.as_ref(), self.address)
    }

    /// The largest body or answer, in bytes, that is not counted against the memory budget. It is smaller on HTTP/2,
    /// where one connection holds many.
    pub(crate) fn uncounted(&self) -> usize {
        if self.http2 { UNCOUNTED / 8 } else { UNCOUNTED }
    }
}

impl ClientKey {
    pub(crate) fn new(token: Option<&Arc<str>>, address: IpAddr) -> Self {
        match token {
            Some(token) => Self::Token(token.clone()),
            None => Self::Address(network(address)),
        }
    }

    /// The key of what the server does for itself.
    pub(crate) fn this_server() -> Self {
        Self::Address(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
    }
}

/// The address; for IPv6 its 64-bit network, since one client usually has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[8..].fill(0);
            IpAddr::from(octets)
        }
        v4 => v4,
    }
}
