//! The REST server: the engine's operations and queries through HTTP, and nothing else.
//!
//! One table ([`ROUTES`](route::ROUTES)) maps method and path to operation or query; one match ([`Problem`])
//! maps errors to status and problem document. No rule of the shop lives here: a request becomes one JSON
//! object of fields, the engine reads it, decides and answers, and the answer goes out as it stands. A request
//! that changes something awaits its group's commit without holding a thread.
//!
//! - [`serve`] listens until it is told to stop, and then finishes what is in flight.
//! - `call` takes one request from its head to its answer; `fields` reads what it says; `access` decides who
//!   may what; `listen` bounds connections.

mod access;
mod answer;
mod budget;
mod call;
mod client;
mod docs;
mod etag;
mod fields;
mod health;
mod host;
mod lane;
mod listen;
mod metrics;
pub mod openapi;
mod options;
mod origin;
mod problem;
mod rate;
pub mod route;
mod router;
mod sent;
mod socket;
mod stream;
mod tls;
mod who;
mod zip;

pub use options::{Limits, Options, TlsFiles};
pub use problem::Problem;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commerce_core::Error;
use tokio::net::{TcpListener, TcpSocket};

use call::{Ids, Server};
use listen::{Listening, Phase};

/// Why there is nothing served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Others could do everything.
    #[error(
        "{0} can be reached by others, but the store has no token: make one first, or listen on 127.0.0.1"
    )]
    NoToken(SocketAddr),
    /// The address cannot be listened on.
    #[error("{address} cannot be listened on: {because}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        because: std::io::Error,
    },
    /// The certificate or key cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// What should be an origin can be none that a browser names.
    #[error("{0}")]
    Origin(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] Error),
}

/// How many requests a second one client may make from elsewhere, unless told otherwise.
const RATE: u32 = 100;

/// Readers beside those of requests and large queries: for those who follow events, for figures, for readiness, and
/// two for a relay.
const ASIDE: usize = 5;

/// How many queries a server may have at the store at one time, with so many threads of its own: open the
/// store with as many [readers](commerce_core::Options::readers), so that none waits for another.
pub fn readers(threads: usize) -> u32 {
    u32::try_from(threads + large(threads) + ASIDE).unwrap_or(u32::MAX)
}

/// How many large requests of one client may wait.
const WAITING: usize = 32;

/// How many large queries may run at one time: half of the processors are left to everything else.
fn large(threads: usize) -> usize {
    (threads / 2).max(1)
}

/// Serves until `shutdown` comes, then takes no more and finishes what is in flight. Runs in tokio's
/// multi-threaded runtime.
///
/// # Errors
/// [`ServeError`] when it cannot begin.
pub async fn serve(options: Options, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    let Options { shop, listen, tls, rate_limit, cors_origins, log_requests, limits, ready } = options;
    let access = access::Access::new(shop.clone(), cors_origins.clone());
    let elsewhere = listen.iter().find(|address| !address.ip().is_loopback()).copied();
    if let Some(address) = elsewhere
        && access.without_tokens()?
    {
        return Err(ServeError::NoToken(address));
    }
    let tls = tls.as_ref().map(tls::acceptor).transpose().map_err(ServeError::Tls)?;
    let listeners = listen.into_iter().map(bind).collect::<Result<Vec<_>, _>>()?;
    let addresses: Vec<_> = listeners.iter().map(|(_, address)| *address).collect();
    let (phase, phases) = listen::phases();
    let lane = |name, threads, share| {
        lane::Lane::new(name, threads, share).map_err(|error| Error::Store(format!("no thread: {error}")))
    };
    let threads = tokio::runtime::Handle::current().metrics().num_workers();
    let server = Arc::new(Server {
        rate: rate::Rate::new(rate_limit.unwrap_or(if elsewhere.is_some() { RATE } else { 0 })),
        answers: etag::Answers::default(),
        metrics: metrics::Metrics::new(),
        health: health::Health::default(),
        budget: budget::Budget::new(16 << 20, 4 << 20),
        // A client has one of the longest on its way at a time.
        long: budget::Budget::new(8 << 20, 1 << 20),
        document: answer::Made::new(openapi::document().to_string().into(), route::Tag::No).zipped(),
        large: lane("large", large(threads), WAITING)?,
        parsing: lane("bodies", 1, WAITING)?,
        // Streams are few, and all of them may wait.
        following: lane("events", 1, stream::MOST as usize)?,
        figures: lane("figures", 1, WAITING)?,
        changes: stream::Changes::default(),
        ids: Ids::new(),
        phase: phases,
        shop,
        access,
        limits,
        log_requests,
    });
    let router = router::router(&server, &cors_origins)?;
    let limits = server.limits.clone();
    let listening = Arc::new(Listening::new(server.clone(), router, tls));
    for (listener, address) in listeners {
        tokio::spawn(listening.clone().accept(listener, address.ip().is_loopback()));
    }
    tokio::spawn(stream::look(server.clone()));
    ready(&addresses);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = tokio::time::sleep(Duration::from_secs(60)) => server.rate.forget(),
        }
    }
    // Nobody is left to be told once all receivers are gone.
    let _ = phase.send(Phase::Draining);
    if !listen::drain(&listening.seats, limits.connections, limits.drain).await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    let _ = phase.send(Phase::Ended);
    Ok(())
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // So that a restart need not wait for old connections to be forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(4_096)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen().map_err(|because| ServeError::Listen { address, because })
}
