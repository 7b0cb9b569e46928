//! Connections: accepts them within limits, serves HTTP/1.1 or HTTP/2 on them, and ends them after the requests in flight
//! have been answered.

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
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tower_service::Service;

use crate::body::{ChunkedBody, Unsent};
use crate::client::Peer;
use crate::phase::Phase;
use crate::server::Server;
use crate::socket::Socket;
use crate::tls::Certificate;

/// The state that all connections share.
pub(crate) struct Connections {
    server: Arc<Server>,
    router: Router,
    certificate: Option<Arc<Certificate>>,
    /// One permit for each connection that may be open.
    permits: Arc<Semaphore>,
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

/// The most bytes in the head of a request.
const MAX_HEAD: usize = 16 << 10;

/// The most bytes that a connection buffers of what it reads, and, besides one chunk, of what it writes.
const BUFFER: usize = 64 << 10;

/// The most concurrent requests on an HTTP/2 connection; fewer are not recommended (RFC 9113, section 6.5.2).
const MAX_CONCURRENT: u32 = 100;

impl Connections {
    pub(crate) fn new(server: Arc<Server>, router: Router, certificate: Option<Arc<Certificate>>) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .timer(TokioTimer::new())
            .header_read_timeout(server.limits.header_timeout)
            .max_header_size(MAX_HEAD)
            .max_buf_size(BUFFER)
            // Most bodies are short: copied behind their head they are sent with one write.
            .writev(false);
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_CONCURRENT)
            .max_header_list_size(MAX_HEAD as u32)
            .max_send_buf_size(BUFFER)
            // The connection buffers bodies that are not read yet.
            .initial_stream_window_size(BUFFER as u32)
            .initial_connection_window_size(2 * BUFFER as u32)
            .keep_alive_interval(server.limits.header_timeout)
            .keep_alive_timeout(server.limits.header_timeout);
        let permits = Arc::new(Semaphore::new(server.limits.max_connections));
        Self { server, router, certificate, permits, http1, http2 }
    }

    /// Accepts connections until the shutdown. When too many are open, clients wait in the listener's backlog.
    pub(crate) async fn accept(self: Arc<Self>, listener: TcpListener, is_local: bool) {
        let next = async |this: &Self| -> io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
            let permit = this.permits.clone().acquire_owned().await.map_err(io::Error::other)?;
            let (stream, peer) = listener.accept().await?;
            Ok((stream, peer, permit))
        };
        loop {
            tokio::select! {
                accepted = next(&self) => match accepted {
                    Ok((stream, peer, permit)) => {
                        let (this, peer) = (self.clone(), Peer { address: peer.ip(), is_local });
                        tokio::spawn(async move {
                            this.connection(stream, peer).await;
                            drop(permit);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        sleep(Duration::from_millis(100)).await;
                    }
                },
                () = self.server.phase.reached(Phase::Draining) => return,
            }
        }
    }

    /// Waits until every connection has ended. Returns false when that takes longer than `drain_timeout`.
    pub(crate) async fn drain(&self) -> bool {
        let limits = &self.server.limits;
        let all = u32::try_from(limits.max_connections).unwrap_or(u32::MAX);
        timeout(limits.drain_timeout, self.permits.acquire_many(all)).await.is_ok()
    }

    async fn connection(&self, stream: TcpStream, peer: Peer) {
        let open = &self.server.metrics.connections;
        open.fetch_add(1, Ordering::Relaxed);
        // Responses are written whole, so waiting for more data would only delay them.
        let _ = stream.set_nodelay(true);
        self.negotiate(stream, peer).await;
        open.fetch_sub(1, Ordering::Relaxed);
    }

    /// Determines the protocol that the client speaks. Until then a connection has no buffers.
    async fn negotiate(&self, stream: TcpStream, peer: Peer) {
        let draining = self.server.phase.reached(Phase::Draining);
        let limits = &self.server.limits;
        let mut socket = Socket::new(stream, limits.write_timeout);
        match &self.certificate {
            None => {
                let http2 = tokio::select! {
                    spoken = timeout(limits.header_timeout, socket.speaks_http2()) => spoken,
                    () = draining => return,
                };
                if let Ok(Ok(http2)) = http2 {
                    Box::pin(self.serve(socket, http2, peer)).await;
                }
            }
            Some(certificate) => {
                let tls = certificate.acceptor();
                let accepted = tokio::select! {
                    accepted = Box::pin(timeout(limits.header_timeout, tls.accept(socket))) => accepted,
                    () = draining => return,
                };
                if let Ok(Ok(stream)) = accepted {
                    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                    Box::pin(self.serve(stream, http2, peer)).await;
                }
            }
        }
    }

    /// Serves one of the protocols. Its state is boxed, so that a connection does not hold room for both.
    async fn serve(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        http2: bool,
        peer: Peer,
    ) {
        let stream = TokioIo::new(stream);
        let ended = if http2 {
            let unsent = Unsent::default();
            let connection = self.http2.serve_connection(stream, self.service(peer, Some(unsent.clone())));
            let ended = self.run(Box::pin(connection), http2::Connection::graceful_shutdown);
            tokio::select! {
                ended = ended => ended,
                () = unsent.stalled(self.server.limits.write_timeout) => Ok(()),
            }
        } else {
            // Here a client that accepts nothing blocks the whole connection, and the socket notices.
            let connection = self.http1.serve_connection(stream, self.service(peer, None));
            self.run(Box::pin(connection), http1::Connection::graceful_shutdown).await
        };
        if let Err(error) = ended {
            // Clients may leave at any time.
            tracing::debug!(%error, "a connection ended early");
        }
    }

    /// The service that answers the requests of a connection.
    fn service(
        &self,
        peer: Peer,
        unsent: Option<Unsent>,
    ) -> impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = hyper::Response<ChunkedBody>,
        Error = Infallible,
        Future: Send + 'static,
    > + Send
    + 'static {
        let router = self.router.clone();
        service_fn(move |mut request: hyper::Request<Incoming>| {
            request.extensions_mut().insert(peer);
            let (response, unsent) = (router.clone().call(request), unsent.clone());
            async move { response.await.map(|response| response.map(|body| ChunkedBody::new(body, unsent))) }
        })
    }

    /// Runs a connection to its end. During a shutdown it finishes the requests in flight.
    async fn run<C: Future<Output = hyper::Result<()>>>(
        &self,
        mut connection: Pin<Box<C>>,
        shut_down: fn(Pin<&mut C>),
    ) -> hyper::Result<()> {
        tokio::select! {
            biased;
            ended = connection.as_mut() => return ended,
            () = self.server.phase.reached(Phase::Draining) => shut_down(connection.as_mut()),
        }
        tokio::select! {
            ended = connection => ended,
            () = self.server.phase.reached(Phase::Stopped) => Ok(()),
        }
    }
}
