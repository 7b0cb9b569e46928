//! The answer that is to come to an operation: a thread waits for it, a task awaits it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Error;
use crate::operation::{Answer, AnyReply};
use crate::queue::Outcome;

/// The coming answer to a submission: wait for it, or await it in any runtime.
pub struct Ticket<R> {
    pub(crate) coming: Result<oneshot::Receiver<Outcome>, Error>,
    pub(crate) read: Read<R>,
}

/// The coming answer as a future. It needs no runtime of ours.
pub struct Pending<R> {
    coming: Result<oneshot::AsyncReceiver<Outcome>, Error>,
    read: Read<R>,
}

/// Gives a reply its type back.
pub(crate) type Read<R> = fn(AnyReply) -> Result<R, Error>;

impl<R> Ticket<R> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// A refusal, or why the operation was not done.
    pub fn wait(self) -> Result<Answer<R>, Error> {
        read(self.read, self.coming?.recv().map_err(|_| Error::Closed)?)
    }
}

impl<R> IntoFuture for Ticket<R> {
    type Output = Result<Answer<R>, Error>;
    type IntoFuture = Pending<R>;

    fn into_future(self) -> Pending<R> {
        Pending { coming: self.coming.map(IntoFuture::into_future), read: self.read }
    }
}

impl<R> Future for Pending<R> {
    type Output = Result<Answer<R>, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let reader = self.read;
        match &mut self.coming {
            Err(error) => Poll::Ready(Err(error.clone())),
            Ok(coming) => Pin::new(coming).poll(context).map(|outcome| match outcome {
                Ok(outcome) => read(reader, outcome),
                Err(_) => Err(Error::Closed),
            }),
        }
    }
}

fn read<R>(reply: Read<R>, outcome: Outcome) -> Result<Answer<R>, Error> {
    let answer = outcome?;
    Ok(Answer { reply: reply(answer.reply)?, replayed: answer.replayed })
}
