//! The pending answer to a submission: a thread waits for it, a task awaits it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Error;
use crate::operation::Answer;
use crate::submit::{Decided, Receive};

/// The pending answer to a submission: wait for it, or await it in any runtime.
pub struct Ticket<R: Receive> {
    pub(crate) receiver: oneshot::Receiver<Decided<R>>,
}

/// The pending answer as a future for any runtime.
pub struct Pending<R: Receive> {
    receiver: oneshot::AsyncReceiver<Decided<R>>,
}

impl<R: Receive> Ticket<R> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// A refusal, or why the operation was not performed.
    pub fn wait(self) -> Result<Answer<R>, Error> {
        receive(self.receiver.recv())
    }
}

impl<R: Receive> IntoFuture for Ticket<R> {
    type Output = Result<Answer<R>, Error>;
    type IntoFuture = Pending<R>;

    fn into_future(self) -> Pending<R> {
        Pending { receiver: self.receiver.into_future() }
    }
}

impl<R: Receive> Future for Pending<R> {
    type Output = Result<Answer<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.receiver).poll(context).map(receive)
    }
}

/// A sender that was dropped without an answer belonged to a closed engine.
fn receive<R: Receive>(received: Result<Decided<R>, oneshot::RecvError>) -> Result<Answer<R>, Error> {
    let Answer { reply, replayed } = received.map_err(|_| Error::Closed)??;
    Ok(Answer { reply: R::receive(reply)?, replayed })
}
