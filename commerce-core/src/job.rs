//! A submission on its way through the writer. It owns the sender of its answer, which has the type of its reply.

use std::time::Instant;

use crate::error::Error;
use crate::facts::{Facts, Keys};
use crate::input::Invalid;
use crate::operation::{Chain, Submission};
use crate::submit::{Decided, Submit};
use crate::ticket::Ticket;
use crate::time::Time;

/// A queued submission of any type.
pub(crate) trait Job: Send {
    /// The time until which it may wait for the writer.
    fn deadline(&self) -> Instant;

    /// Names the rows to load.
    fn needs(&self, keys: &mut Keys);

    /// Decides, and keeps the outcome until it is answered. A group that was not committed is decided again. A chain
    /// that ends here is added to `broken`, which later jobs of the group check.
    fn decide(&mut self, facts: &mut Facts, now: Time, broken: &mut Vec<Chain>);

    /// Sends the outcome, after the commit.
    fn answer(self: Box<Self>);

    /// Sends an error instead of the outcome.
    fn fail(self: Box<Self>, error: &Error);
}

/// A job of one type, with the ticket of its answer.
pub(crate) fn job<S: Submit>(
    submission: Submission<S>,
    deadline: Instant,
) -> (Box<dyn Job>, Ticket<S::Reply>) {
    let (sender, receiver) = oneshot::channel();
    (Box::new(Typed { submission, deadline, outcome: None, sender }), Ticket { receiver })
}

struct Typed<S: Submit> {
    submission: Submission<S>,
    deadline: Instant,
    outcome: Option<Decided<S::Reply>>,
    sender: oneshot::Sender<Decided<S::Reply>>,
}

impl<S: Submit> Job for Typed<S> {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn needs(&self, keys: &mut Keys) {
        self.submission.operation.needs(keys);
        keys.keys.extend(self.submission.key.clone());
    }

    fn decide(&mut self, facts: &mut Facts, now: Time, broken: &mut Vec<Chain>) {
        let Submission { operation, key, at, chain } = &self.submission;
        let skipped = chain.as_ref().is_some_and(|chain| chain.ended() || broken.contains(chain));
        let outcome = if skipped {
            Err(Error::Skipped)
        } else {
            let outcome = operation.decide(key.as_ref(), facts, &|facts| time(*at, now, facts));
            if outcome.is_err() {
                broken.extend(chain.iter().filter(|chain| chain.strict()).cloned());
            }
            outcome
        };
        self.outcome = Some(outcome);
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // A caller that dropped its ticket misses the answer, not the effect.
            let _ = self.sender.send(outcome);
        }
    }

    fn fail(self: Box<Self>, error: &Error) {
        self.submission.chain.iter().for_each(Chain::end);
        let _ = self.sender.send(Err(error.clone()));
    }
}

/// The time of a decision: that of the clock or, if the clock stepped back, the newest stored time; or the given
/// time, which must lie between the two.
fn time(at: Option<Time>, now: Time, facts: &Facts) -> Result<Time, Invalid> {
    let newest = facts.last.at;
    match at {
        None => Ok(now.max(newest)),
        Some(at) if at > now => Err(Invalid::at("/at", format!("must not be in the future, got {at}"))),
        Some(at) if at < newest => {
            Err(Invalid::at("/at", format!("must not be before the newest stored time {newest}, got {at}")))
        }
        Some(at) => Ok(at),
    }
}
