//! A TCP connection whose first bytes can be inspected before they are read, and that fails when the client does not
//! accept what is written to it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

/// The first bytes of an HTTP/2 connection without TLS (RFC 9113, section 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A TCP connection.
pub(crate) struct Socket {
    stream: TcpStream,
    /// The bytes that were inspected. Those from `start` to `end` are still to be read.
    prefix: [u8; PREFACE.len()],
    start: usize,
    end: usize,
    write_timeout: Duration,
    /// The timer of a write that waits for the client.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Socket {
    /// A write fails when the client accepts nothing for `write_timeout`.
    pub(crate) fn new(stream: TcpStream, write_timeout: Duration) -> Self {
        Self { stream, prefix: [0; PREFACE.len()], start: 0, end: 0, write_timeout, stalled: None }
    }

    /// Whether the client speaks HTTP/2, as soon as its first bytes show it.
    ///
    /// # Errors
    /// The connection's failure or end.
    pub(crate) async fn speaks_http2(&mut self) -> io::Result<bool> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read(&mut self.prefix[self.end..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(length) => self.end += length,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(error),
            }
            let prefix = &self.prefix[..self.end];
            if prefix == PREFACE || !PREFACE.starts_with(prefix) {
                return Ok(prefix == PREFACE);
            }
        }
    }

    /// Fails a write that has been pending for too long.
    fn with_timeout(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(timeout)));
        stalled.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.start < self.end {
            let end = self.end.min(self.start + buffer.remaining());
            buffer.put_slice(&self.prefix[self.start..end]);
            self.start = end;
            // Together with what has arrived since, or the reader would grow its buffer to read again. If nothing has,
            // or the connection failed, the next read reports it.
            let _ = Pin::new(&mut self.stream).poll_read(context, buffer);
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.with_timeout(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.with_timeout(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
