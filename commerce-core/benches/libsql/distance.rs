//! The cases over a network: orders and reads on one server, at each round trip, from callers in process and from clients
//! of a `commerce serve`.

use std::cell::OnceCell;
use std::path::PathBuf;
use std::time::Duration;

use commerce_core::token::{Create, Digest, TokenName};
use commerce_core::{Commerce, Location, Options, SystemClock};
use serde_json::Value;

use crate::served::{self, Served};
use crate::sqld::Sqld;
use crate::work::{self, Keys, Measured, Result};
use crate::{SECRET, delay, load};

/// The round trips, in milliseconds. 0 is a direct connection on the same machine.
pub const ROUND_TRIPS: [u64; 4] = [0, 1, 5, 20];

/// The numbers of callers in process, and of connections to a `commerce serve`.
const CALLERS: [usize; 3] = [1, 64, 256];

/// What the clients of a `commerce serve` ask for, over how many connections, and whether another instance places orders
/// meanwhile.
const READS: [(&str, usize, load::Make, bool); 7] = [
    ("a product", 64, load::read, false),
    ("a product, beside orders", 64, load::read, true),
    ("best sellers", 1, served::best_sellers, false),
    ("products", 1, served::products, false),
    ("products, beside orders", 16, served::products, true),
    ("a user's orders", 1, served::orders, false),
    ("a cart", 1, served::cart, false),
];

/// A case without its round trip: whose name is the row of the table, and whose round trip the column.
pub struct Case {
    pub name: String,
    kind: Kind,
}

enum Kind {
    Apply { callers: usize },
    Serve { connections: usize, make: load::Make, beside: bool },
}

/// What the cases share: a server that holds a shop, and the program that serves it.
pub struct Setting {
    pub run: Duration,
    pub program: Option<PathBuf>,
    pub server: OnceCell<Sqld>,
}

/// All cases, in the order of the table.
pub fn cases() -> Vec<Case> {
    let apply = |callers| Case { name: format!("apply, {callers} callers"), kind: Kind::Apply { callers } };
    let serve = |connections| Case {
        name: format!("serve, {connections} connections"),
        kind: Kind::Serve { connections, make: load::order, beside: false },
    };
    let read = |(what, connections, make, beside): (&str, usize, load::Make, bool)| Case {
        name: format!("serve, {connections} connections: {what}"),
        kind: Kind::Serve { connections, make, beside },
    };
    CALLERS.map(apply).into_iter().chain(CALLERS.map(serve)).chain(READS.map(read)).collect()
}

impl Case {
    /// The name at this round trip.
    pub fn name_at(&self, round_trip: u64) -> String {
        format!("{}, {round_trip} ms", self.name)
    }

    /// Measures this case at a round trip. None if it needs a program and none was given.
    pub fn measure(&self, setting: &Setting, round_trip: u64) -> Result<Option<Value>> {
        let server = setting.server()?;
        let port = match round_trip {
            0 => server.port,
            ms => delay::to(server.port, Duration::from_millis(ms))?.port,
        };
        let url = format!("libsql://127.0.0.1:{port}");
        let mut first = None;
        let (requests, measured) = match self.kind {
            Kind::Apply { callers } => {
                let shop = Commerce::open(url.parse::<Location>()?, Options::new(SystemClock))?;
                let before = server.requests();
                let measured = work::callers(&shop, callers as u64, setting.run, Keys::Ordered)?;
                (server.requests() - before, measured)
            }
            Kind::Serve { connections, make, beside } => {
                let Some(program) = &setting.program else { return Ok(None) };
                let served = Served::start(program, &url)?;
                first = load::run(served.address, 1, Duration::from_millis(50), make)?.waits.first().copied();
                let ask = || load::run(served.address, connections, setting.run, make);
                let before = server.requests();
                let measured = if beside { while_ordering(&url, setting.run, ask)? } else { ask()? };
                (server.requests() - before, measured)
            }
        };
        let count = measured.waits.len() as f64;
        let mut told = measured.told(&self.name_at(round_trip), None);
        told["first_ms"] = first.map(|wait: Duration| wait.as_secs_f64() * 1_000.0).into();
        if !matches!(self.kind, Kind::Serve { beside: true, .. }) {
            told["requests_each"] = (requests as f64 / count).into();
        }
        Ok(Some(told))
    }
}

impl Setting {
    /// The server with its shop, which has a token.
    fn server(&self) -> Result<&Sqld> {
        if let Some(server) = self.server.get() {
            return Ok(server);
        }
        let server = Sqld::start();
        let shop = work::shop(server.url().parse::<Location>()?)?;
        shop.submit(Create::operator(TokenName::try_from("bench")?, Digest::of(SECRET))).wait()?;
        shop.close();
        Ok(self.server.get_or_init(|| server))
    }
}

/// Measures while another instance, at the same distance, places orders for 64 callers.
fn while_ordering(url: &str, run: Duration, ask: impl FnOnce() -> Result<Measured>) -> Result<Measured> {
    let seconds = run.as_secs_f64().to_string();
    let other = work::start(1, &["--process", url, "--seconds", &seconds])?;
    let measured = ask();
    other.finish()?;
    measured
}
