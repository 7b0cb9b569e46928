//! Who counts as one client, wherever something is shared out fairly: requests, large queries, memory.

use std::net::IpAddr;
use std::sync::Arc;

/// A token, or without one an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Client {
    Token(Arc<str>),
    Address(IpAddr),
}

impl Client {
    pub(crate) fn new(token: Option<&Arc<str>>, address: IpAddr) -> Self {
        match token {
            Some(token) => Self::Token(token.clone()),
            None => Self::Address(network(address)),
        }
    }
}

/// The address; of IPv6 the network of 64 bits, since one client has all of it.
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
