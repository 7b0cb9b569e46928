//! The body of a response while it is sent: in chunks, so that no connection buffers the whole, and on HTTP/2 with a
//! record of the chunks that the client has not accepted, since there each stream has flow control of its own.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// The body of a response.
pub(crate) struct ChunkedBody {
    body: Body,
    /// What is left of the last frame.
    rest: Bytes,
    unsent: Option<Unsent>,
}

/// The chunks of one connection that its client has not accepted.
#[derive(Clone, Default)]
pub(crate) struct Unsent(Arc<Mutex<Chunks>>);

#[derive(Default)]
struct Chunks {
    next: u64,
    /// When each chunk was ready, by its number and so by time.
    since: BTreeMap<u64, Instant>,
}

/// The most bytes of a chunk.
const CHUNK: usize = 16 << 10;

impl ChunkedBody {
    pub(crate) fn new(body: Body, unsent: Option<Unsent>) -> Self {
        Self { body, rest: Bytes::new(), unsent }
    }

    fn next_chunk(&mut self) -> Bytes {
        let length = self.rest.len().min(CHUNK);
        let chunk = self.rest.split_to(length);
        match &self.unsent {
            Some(unsent) => unsent.track(chunk),
            None => chunk,
        }
    }
}

impl hyper::body::Body for ChunkedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end => return Poll::Ready(end),
            }
        }
        Poll::Ready(Some(Ok(Frame::data(self.next_chunk()))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = self.rest.len() as u64;
        match hint.exact() {
            Some(length) => hint.set_exact(length + rest),
            None => hint.set_lower(hint.lower() + rest),
        }
        hint
    }
}

impl Unsent {
    /// Waits until the client has left a chunk unaccepted for `limit`.
    pub(crate) async fn stalled(&self, limit: Duration) {
        loop {
            let oldest = self.lock().since.first_key_value().map(|(_, since)| *since);
            if oldest.is_some_and(|since| since.elapsed() >= limit) {
                return;
            }
            sleep(limit / 4).await;
        }
    }

    /// Tracks a chunk until its last slice is dropped.
    fn track(&self, chunk: Bytes) -> Bytes {
        struct Tracked(Bytes, u64, Unsent);
        impl AsRef<[u8]> for Tracked {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl Drop for Tracked {
            fn drop(&mut self) {
                self.2.lock().since.remove(&self.1);
            }
        }
        let mut chunks = self.lock();
        let number = chunks.next;
        chunks.next += 1;
        chunks.since.insert(number, Instant::now());
        Bytes::from_owner(Tracked(chunk, number, self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Chunks> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
