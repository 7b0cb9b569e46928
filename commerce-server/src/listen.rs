//! Connections: accepting them within bounds, speaking HTTP/1.1 or HTTP/2 on them, and ending them so that
//! what is in flight is answered.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service;

use crate::call::Server;
use crate::sent::{Sent, Untaken};
use crate::socket::Socket;
use crate::who::Peer;

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
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

/// The most bytes of a request's head.
const HEAD: usize = 16 << 10;

/// The most bytes that a connection keeps of what it reads, and of what it has to write besides one piece.
const BUFFER: usize = 64 << 10;

/// Requests at one time on a connection that speaks HTTP/2; no fewer are recommended (RFC 9113, section 6.5.2).
const STREAMS: u32 = 100;

impl Listening {
    pub(crate) fn new(server: Arc<Server>, router: Router, tls: Option<TlsAcceptor>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(server.limits.head)
            .max_header_size(HEAD)
            .max_buf_size(BUFFER)
            // Answers are short: copied behind their heads they go out in one piece.
            .writev(false);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD as u32)
            .max_send_buf_size(BUFFER)
            // What comes in for requests whose bodies nobody reads yet is kept by the connection.
            .initial_stream_window_size(BUFFER as u32)
            .initial_connection_window_size(2 * BUFFER as u32)
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
        let limits = &self.server.limits;
        let mut socket = Socket::new(stream, limits.write);
        match &self.tls {
            None => {
                let http2 = tokio::select! {
                    spoken = timeout(limits.head, socket.speaks_http2()) => spoken,
                    () = stopping => return,
                };
                if let Ok(Ok(http2)) = http2 {
                    Box::pin(self.serve(socket, http2, peer)).await;
                }
            }
            Some(tls) => {
                let accepted = tokio::select! {
                    accepted = Box::pin(timeout(limits.head, tls.accept(socket))) => accepted,
                    () = stopping => return,
                };
                if let Ok(Ok(stream)) = accepted {
                    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    Box::pin(self.serve(stream, http2, peer)).await;
                }
            }
        }
    }

    /// Speaks one of the protocols. What it needs is put aside, so that there is room for neither of the two in every
    /// connection.
    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        http2: bool,
        peer: Peer,
    ) {
        let stream = TokioIo::new(stream);
        let ended = if http2 {
            let untaken = Untaken::default();
            let connection = self.http2.serve_connection(stream, self.service(peer, Some(untaken.clone())));
            let ended = self.to_its_end(Box::pin(connection), http2::Connection::graceful_shutdown);
            tokio::select! {
                ended = ended => ended,
                () = untaken.stalled(self.server.limits.write) => Ok(()),
            }
        } else {
            // What is not taken stands in the way of all else here, and the socket notices.
            let connection = self.http1.serve_connection(stream, self.service(peer, None));
            self.to_its_end(Box::pin(connection), http1::Connection::graceful_shutdown).await
        };
        if let Err(error) = ended {
            // Clients leave as they like; that is worth a line only to who looks for it.
            tracing::debug!(%error, "a connection ended early");
        }
    }

    /// Answers the requests of a connection.
    fn service(
        &self,
        peer: Peer,
        untaken: Option<Untaken>,
    ) -> impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = hyper::Response<Sent>,
        Error = Infallible,
        Future: Send + 'static,
    > + Send
    + 'static {
        let router = self.router.clone();
        service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let (answering, untaken) = (router.clone().call(request), untaken.clone());
            async move { answering.await.map(|answer| answer.map(|body| Sent::new(body, untaken))) }
        })
    }

    /// Lets a connection be, and has it finish what is in flight when the server stops.
    async fn to_its_end<C: Future<Output = hyper::Result<()>>>(
        &self,
        mut connection: Pin<Box<C>>,
        finish: fn(Pin<&mut C>),
    ) -> hyper::Result<()> {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = self.reached(Phase::Draining) => finish(connection.as_mut()),
        }
        tokio::select! {
            ended = connection => ended,
            () = self.reached(Phase::Ended) => Ok(()),
        }
    }

    async fn reached(&self, phase: Phase) {
        // Without anybody to tell, the server has ended.
        let _ = self.server.phase.clone().wait_for(|now| *now >= phase).await;
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
