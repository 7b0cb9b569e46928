//! Connections: accepting them within bounds, speaking HTTP/1.1 or HTTP/2 on them, and ending them so that
//! what is in flight is answered.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::call::{Peer, Server};

/// Where the server stands between start and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Requests are taken.
    Serving,
    /// Only what is in flight is still answered.
    Draining,
    /// Nothing is any more.
    Ended,
}

/// What all connections share.
pub(crate) struct Listening {
    pub(crate) server: Arc<Server>,
    pub(crate) router: Router,
    pub(crate) tls: Option<TlsAcceptor>,
    /// One for each connection that may be open.
    pub(crate) seats: Arc<Semaphore>,
    http1: Builder<TokioExecutor>,
    http2: Builder<TokioExecutor>,
}

/// How a client begins HTTP/2 without TLS (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Listening {
    pub(crate) fn new(server: Arc<Server>, router: Router, tls: Option<TlsAcceptor>) -> Self {
        let mut http1 = Builder::new(TokioExecutor::new()).http1_only();
        // Answers are short: copied behind their heads they go out in one piece.
        http1.http1().timer(TokioTimer::new()).header_read_timeout(server.limits.head).writev(false);
        let mut http2 = Builder::new(TokioExecutor::new()).http2_only();
        http2
            .http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(256)
            .max_header_list_size(16 * 1024)
            .keep_alive_interval(server.limits.head)
            .keep_alive_timeout(server.limits.head);
        let seats = Arc::new(Semaphore::new(server.limits.connections));
        Self { server, router, tls, seats, http1, http2 }
    }

    /// Accepts connections until the server no longer serves. At the bound of connections, and where the
    /// system has no more to give, clients wait in the listener's own queue.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener, local: bool) {
        let next = async |listening: &Self| -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
            let seat = listening.seats.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, peer) = listener.accept().await?;
            Ok((stream, peer, seat))
        };
        loop {
            tokio::select! {
                accepted = next(&self) => match accepted {
                    Ok((stream, peer, seat)) => {
                        let (listening, peer) = (self.clone(), Peer { address: peer.ip(), local });
                        tokio::spawn(async move {
                            listening.connection(stream, peer).await;
                            drop(seat);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
                () = self.reached(Phase::Draining) => return,
            }
        }
    }

    async fn connection(&self, stream: TcpStream, peer: Peer) {
        let open = &self.server.metrics.connections;
        open.fetch_add(1, Ordering::Relaxed);
        // Answers are written whole; waiting for more would only delay them.
        let _ = stream.set_nodelay(true);
        self.greet(stream, peer).await;
        open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Finds out which protocol the client speaks. Until then a connection costs next to nothing.
    async fn greet(&self, stream: TcpStream, peer: Peer) {
        let stopping = self.reached(Phase::Draining);
        let patience = self.server.limits.head;
        match &self.tls {
            None => {
                let http2 = tokio::select! {
                    spoken = timeout(patience, speaks_http2(&stream)) => spoken,
                    () = stopping => return,
                };
                if let Ok(Ok(http2)) = http2 {
                    self.serve(stream, http2, peer).await;
                }
            }
            Some(tls) => {
                let accepted = tokio::select! {
                    accepted = timeout(patience, tls.accept(stream)) => accepted,
                    () = stopping => return,
                };
                if let Ok(Ok(stream)) = accepted {
                    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    self.serve(stream, http2, peer).await;
                }
            }
        }
    }

    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        http2: bool,
        peer: Peer,
    ) {
        let router = self.router.clone();
        let service = service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            router.clone().call(request)
        });
        let builder = if http2 { &self.http2 } else { &self.http1 };
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let ended = tokio::select! {
            biased;
            ended = connection.as_mut() => ended,
            () = self.reached(Phase::Draining) => {
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection => ended,
                    () = self.reached(Phase::Ended) => return,
                }
            }
        };
        if let Err(error) = ended {
            // Clients leave as they like; that is worth a line only to who looks for it.
            tracing::debug!(%error, "a connection ended early");
        }
    }

    async fn reached(&self, phase: Phase) {
        // Without anybody to tell, the server has ended.
        let _ = self.server.phase.clone().wait_for(|now| *now >= phase).await;
    }
}

async fn speaks_http2(stream: &TcpStream) -> io::Result<bool> {
    let mut begin = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut begin).await?;
        match begin[..length] {
            [] => return Err(io::ErrorKind::UnexpectedEof.into()),
            ref all if all == PREFACE => return Ok(true),
            ref some if !PREFACE.starts_with(some) => return Ok(false),
            // A part of it; no event tells when there is more to peek at.
            _ => sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Waits until every connection has ended, or the time for that is over.
pub(crate) async fn drain(seats: &Semaphore, connections: usize, patience: Duration) -> bool {
    let all = u32::try_from(connections).unwrap_or(u32::MAX);
    timeout(patience, seats.acquire_many(all)).await.is_ok()
}

/// The phase, and who is told of it.
pub(crate) fn phases() -> (watch::Sender<Phase>, watch::Receiver<Phase>) {
    watch::channel(Phase::Serving)
}
