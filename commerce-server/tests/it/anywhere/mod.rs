//! Tests a shop that is served as a whole, through handles on it: results are equal to those on a file, races are fair, and
//! no fault of the way or of the server loses or doubles anything. The rules of the client have tests of their own.

mod addresses;
mod book;
mod cuts;
mod equal;
mod kills;
mod late;
mod races;
mod silence;

use std::net::SocketAddr;
use std::time::Duration;

use commerce_core::{Commerce, Location, Options, SystemClock};
use serde_json::Value;

use crate::library;
use crate::server::TestServer;
use crate::story::Door;

/// Where a shop is that is served at these addresses.
fn location(addresses: &[SocketAddr]) -> Location {
    let addresses: Vec<_> = addresses.iter().map(SocketAddr::to_string).collect();
    format!("commerce+http://{}", addresses.join(",")).parse().expect("an address")
}

/// Opens a shop that is served at these addresses.
fn open(addresses: &[SocketAddr], deadline: Duration) -> Commerce {
    let options = Options::new(SystemClock).busy_timeout(deadline);
    Commerce::open(location(addresses), options).expect("the shop")
}

/// Opens a shop on a server that is reached through a port of this machine.
fn through(port: u16, deadline: Duration) -> Commerce {
    open(&[SocketAddr::from(([127, 0, 0, 1], port))], deadline)
}

/// A handle on a shop of its own.
struct Served {
    // Dropped before the server, which waits for what its clients have under way.
    handle: Commerce,
    server: TestServer,
}

impl Served {
    fn new() -> Self {
        let server = TestServer::new();
        Self { handle: open(&[server.address], DEADLINE), server }
    }

    /// A handle with the token of an operator.
    fn with_a_token() -> Self {
        let server = TestServer::new();
        let location = location(&[server.address]).token(&server.token("first", None));
        let options = Options::new(SystemClock).busy_timeout(DEADLINE);
        Self { handle: Commerce::open(location, options).expect("the shop"), server }
    }
}

impl Door for Served {
    fn submit(&mut self, operation: &Value) -> Value {
        library::told(library::submit(&self.handle, operation))
    }

    fn ask(&mut self, query: &str, with: &Value) -> Value {
        library::ask(&self.handle, query, with)
    }
}

/// Longer than a busy machine may stall.
const DEADLINE: Duration = Duration::from_secs(60);
