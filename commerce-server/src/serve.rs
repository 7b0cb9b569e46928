//! Starts the server, and shuts it down.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use commerce_core::{Cause, Error};
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use crate::access::Authenticator;
use crate::budget::Budget;
use crate::cache::AnswerCache;
use crate::connections::Connections;
use crate::docs::Docs;
use crate::error::ServeError;
use crate::events::MAX_STREAMS;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::options::Options;
use crate::phase::{self, Phase};
use crate::pool::FairPool;
use crate::rate_limit::RateLimit;
use crate::remote::{self, Remote};
use crate::response::Representation;
use crate::route::EtagScope;
use crate::sequence::Senders;
use crate::server::{LineLimits, Memory, Pools, RequestIds, Server};
use crate::tls::Certificate;
use crate::version::VersionWatch;
use crate::{openapi, router};

/// The default rate limit for addresses that other machines can reach, in requests per second and client.
const RATE_LIMIT: u32 = 100;

/// How many jobs of one client may wait for a pool.
const WAITING_PER_CLIENT: usize = 32;

/// Threads for heavy queries and for events of a remote store. They mostly wait, and what they ask at the same time travels
/// together.
const REMOTE_THREADS: usize = 16;

/// The most lines in the engine, of all clients and of one. The queue of the engine holds more, so that single requests
/// always find room there.
const MAX_LINES: usize = 4_096;
const MAX_LINES_OF_CLIENT: usize = 1_024;

/// The most requests of lines under way.
const MAX_LINE_REQUESTS: u32 = 4_096;

/// How often clients without recent requests are removed from the rate limiter.
const EVICTION_INTERVAL: Duration = Duration::from_secs(60);

/// Threads for what takes long: audits, and retrying all events.
const LONG_WORK_THREADS: usize = 2;

/// Readers of the store besides those for requests and heavy queries: for streams of events, for metrics, for the
/// readiness check, two for a relay, and those for long work.
const OTHER_READERS: usize = 5 + LONG_WORK_THREADS;

/// The number of [readers](commerce_core::Options::readers) with which to open the store, so that a server with this many
/// worker threads never waits for a reader.
pub fn readers(threads: usize) -> u32 {
    u32::try_from(threads + heavy_threads(threads) + OTHER_READERS).unwrap_or(u32::MAX)
}

/// Threads for heavy queries. They leave half of the processors to everything else.
fn heavy_threads(threads: usize) -> usize {
    (threads / 2).max(1)
}

/// Serves until `shutdown` resolves, then accepts no more requests and finishes those in flight. Must run in a
/// multi-threaded runtime of tokio.
///
/// # Errors
/// [`ServeError`] when the server cannot start.
pub async fn serve(options: Options, shutdown: impl Future<Output = ()>) -> Result<(), ServeError> {
    let Options { shop, listen, tls, read_certificate_anew, .. } = options;
    let Options { rate_limit, cors_origins, log_requests, limits, on_ready, .. } = options;
    let access = Authenticator::new(shop.clone(), cors_origins.clone());
    let public_address = listen.iter().find(|address| !address.ip().is_loopback()).copied();
    if let Some(address) = public_address
        && access.has_no_tokens()?
    {
        return Err(ServeError::NoToken(address));
    }
    let certificate = tls.map(Certificate::read).transpose().map_err(ServeError::Tls)?.map(Arc::new);
    let listeners = listen.into_iter().map(bind).collect::<Result<Vec<_>, _>>()?;
    let addresses: Vec<_> = listeners.iter().map(|(_, address)| *address).collect();
    let default_rate = if public_address.is_some() { RATE_LIMIT } else { 0 };
    let document = openapi::document().to_string().into();
    let (phase_sender, phase) = phase::channel();
    let version = Arc::new(VersionWatch::default());
    let remote = if shop.is_remote() {
        let version = version.clone();
        let started = Remote::start(shop.clone(), move |now| version.tell(Some(now)));
        Some(started.map_err(no_thread)?)
    } else {
        None
    };
    let server = Arc::new(Server {
        rate_limit: RateLimit::new(rate_limit.unwrap_or(default_rate)),
        cache: AnswerCache::default(),
        // A client sends one body of the largest size at a time.
        memory: Memory {
            general: Budget::new(16 << 20, 4 << 20),
            long_bodies: Budget::new(8 << 20, 1 << 20),
        },
        lines: LineLimits {
            submitted: Budget::new(MAX_LINES, MAX_LINES_OF_CLIENT),
            requests: Arc::new(Semaphore::new(MAX_LINE_REQUESTS as usize)),
            senders: Senders::default(),
        },
        pools: pools(Handle::current().metrics().num_workers(), remote.is_some()).map_err(no_thread)?,
        metrics: Metrics::new(),
        health: Health::new(shop.clone()).map_err(no_thread)?,
        version,
        remote,
        docs: Docs::new(),
        document: Representation::new(document, EtagScope::None).with_gzip(),
        request_ids: RequestIds::new(),
        phase,
        shop,
        access,
        limits,
        log_requests,
    });
    let router = router::router(&server, &cors_origins)?;
    let connections = Arc::new(Connections::new(server.clone(), router, certificate.clone()));
    for (listener, address) in listeners {
        tokio::spawn(connections.clone().accept(listener, address.ip().is_loopback()));
    }
    if server.remote.is_none() {
        let poller = server.clone();
        tokio::spawn(async move { poller.version.poll(&poller.shop, &poller.phase).await });
    }
    let writer = server.clone();
    tokio::spawn(async move {
        let interval = writer.limits.token_use_interval;
        writer.access.uses.keep_writing(&writer.shop, interval, &writer.phase).await;
    });
    on_ready(&addresses);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            () = tokio::time::sleep(EVICTION_INTERVAL) => server.rate_limit.evict_idle(),
            () = read_certificate_anew.notified() => read_anew(certificate.as_ref()).await,
        }
    }
    // Sending fails only when nothing is left that waits for the phase.
    let _ = phase_sender.send(Phase::Draining);
    if !connections.drain().await {
        tracing::warn!("some requests did not end in time and were cut off");
    }
    // Lines whose clients have gone are finished too.
    let finished = server.lines.requests.acquire_many(MAX_LINE_REQUESTS);
    if tokio::time::timeout(server.limits.drain_timeout, finished).await.is_err() {
        tracing::warn!("some lines were not performed in time");
    }
    server.access.uses.write(&server.shop).await;
    let _ = phase_sender.send(Phase::Stopped);
    Ok(())
}

/// Reads the certificate anew, if there is one, and logs what came of it.
async fn read_anew(certificate: Option<&Arc<Certificate>>) {
    let Some(certificate) = certificate.cloned() else { return };
    let read = tokio::task::spawn_blocking(move || certificate.read_anew()).await;
    match read.unwrap_or_else(|panic| Err(panic.to_string())) {
        Ok(()) => tracing::info!("the certificate was read anew"),
        Err(error) => tracing::error!(error, "the certificate was not read anew; the present one stays"),
    }
}

fn pools(threads: usize, is_remote: bool) -> std::io::Result<Pools> {
    let (query_threads, waiting, event_threads) = match is_remote {
        true => (REMOTE_THREADS, remote::WAITING_PER_CLIENT, REMOTE_THREADS),
        false => (heavy_threads(threads), WAITING_PER_CLIENT, 1),
    };
    Ok(Pools {
        heavy_queries: FairPool::new("queries", query_threads, waiting)?,
        bodies: FairPool::new("bodies", 1, WAITING_PER_CLIENT)?,
        // Every stream may wait at once.
        events: FairPool::new("events", event_threads, MAX_STREAMS as usize)?,
        metrics: FairPool::new("metrics", 1, WAITING_PER_CLIENT)?,
        long_work: FairPool::new("work", LONG_WORK_THREADS, LONG_WORK_THREADS)?,
    })
}

fn no_thread(error: std::io::Error) -> Error {
    Error::Store(Cause::new("cannot start a thread", error))
}

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ServeError> {
    let listen = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart need not wait until the system has forgotten old connections.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        let listener = socket.listen(4_096)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listen().map_err(|source| ServeError::Listen { address, source })
}
