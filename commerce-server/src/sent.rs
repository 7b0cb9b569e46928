//! The body of an answer on its way out: in pieces, so that no connection copies the whole of it, and on HTTP/2
//! with a record of what the client has not taken, since there each stream waits for itself.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::{Instant, sleep};

/// The body of an answer.
pub(crate) struct Sent {
    body: Body,
    rest: Bytes,
    untaken: Option<Untaken>,
}

/// The pieces of one connection that its client has not taken, with the time at which they were ready.
#[derive(Clone, Default)]
pub(crate) struct Untaken(Arc<Mutex<Pieces>>);

#[derive(Default)]
struct Pieces {
    next: u64,
    /// In the order of time.
    since: BTreeMap<u64, Instant>,
}

/// The most bytes of a piece.
const PIECE: usize = 16 << 10;

impl Sent {
    pub(crate) fn new(body: Body, untaken: Option<Untaken>) -> Self {
        Self { body, rest: Bytes::new(), untaken }
    }

    fn piece(&mut self) -> Bytes {
        let length = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(length);
        match &self.untaken {
            Some(untaken) => untaken.note(piece),
            None => piece,
        }
    }
}

impl hyper::body::Body for Sent {
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
        Poll::Ready(Some(Ok(Frame::data(self.piece()))))
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

impl Untaken {
    /// Waits until a client takes no piece for so long.
    pub(crate) async fn stalled(&self, patience: Duration) {
        loop {
            let oldest = self.lock().since.first_key_value().map(|(_, since)| *since);
            if oldest.is_some_and(|since| since.elapsed() >= patience) {
                return;
            }
            sleep(patience / 4).await;
        }
    }

    /// The piece, which is untaken until the last of it is gone.
    fn note(&self, piece: Bytes) -> Bytes {
        struct Noted(Bytes, u64, Untaken);
        impl AsRef<[u8]> for Noted {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        impl Drop for Noted {
            fn drop(&mut self) {
                self.2.lock().since.remove(&self.1);
            }
        }
        let mut pieces = self.lock();
        let number = pieces.next;
        pieces.next += 1;
        pieces.since.insert(number, Instant::now());
        Bytes::from_owner(Noted(piece, number, self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Pieces> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
