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
    /// that ends here is added to `ended_chains`, which later jobs of the group check.
    fn decide(&mut self, facts: &mut Facts, now: Time, ended_chains: &mut Vec<Chain>);

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
    (Box::new(TypedJob { submission, deadline, outcome: None, sender }), Ticket { receiver })
}

struct TypedJob<S: Submit> {
    submission: Submission<S>,
    deadline: Instant,
    outcome: Option<Decided<S::Reply>>,
    sender: oneshot::Sender<Decided<S::Reply>>,
}

impl<S: Submit> Job for TypedJob<S> {
    fn deadline(&self) -> Instant {
        self.deadline
    }

    fn needs(&self, keys: &mut Keys) {
        self.submission.operation.needs(keys);
        keys.keys.extend(self.submission.key.clone());
        let actor = &self.submission.caller.actor;
        if actor.is_some() && actor.as_ref() != keys.actors.last() {
            keys.actors.extend(actor.clone());
        }
    }

    fn decide(&mut self, facts: &mut Facts, now: Time, ended_chains: &mut Vec<Chain>) {
        let Submission { operation, key, at, caller, chain } = &self.submission;
        let skipped = chain.as_ref().is_some_and(|chain| chain.is_ended() || ended_chains.contains(chain));
        let outcome = if skipped {
            Err(Error::Skipped)
        } else {
            let outcome =
                operation.decide(caller, key.as_ref(), facts, &|facts| decision_time(*at, now, facts));
            if outcome.is_err() {
                ended_chains.extend(chain.iter().filter(|chain| chain.is_strict()).cloned());
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

/// The time of a decision. A given time must lie between the newest stored time and that of the clock. Without one, it is
/// the time of the clock or, if the clock stepped back, the newest stored time.
fn decision_time(at: Option<Time>, now: Time, facts: &Facts) -> Result<Time, Invalid> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_has_the_time_of_the_clock_or_a_given_one_since_the_newest_stored_time() {
        let (future, past) = ("must not be in the future", "must not be before the newest stored time");
        let mut facts = Facts::default();
        facts.raise_newest_time(Time::from_millis(900));
        for (at, now, expect) in [
            (None, 1_000, Ok(1_000)),
            (None, 900, Ok(900)),
            // The clock stepped back.
            (None, 800, Ok(900)),
            (Some(1_001), 1_000, Err(future)),
            (Some(1_000), 1_000, Ok(1_000)),
            (Some(950), 1_000, Ok(950)),
            (Some(900), 1_000, Ok(900)),
            (Some(899), 1_000, Err(past)),
            (Some(900), 900, Ok(900)),
            // After the clock stepped back, no time can be given.
            (Some(900), 800, Err(future)),
            (Some(801), 800, Err(future)),
            (Some(800), 800, Err(past)),
        ] {
            let found = decision_time(at.map(Time::from_millis), Time::from_millis(now), &facts);
            let found = found.map(Time::millis).map_err(|invalid| invalid.to_string());
            let matches = match (&found, expect) {
                (Ok(time), Ok(expected)) => *time == expected,
                (Err(error), Err(detail)) => error.starts_with(&format!("/at: {detail}")),
                _ => false,
            };
            assert!(matches, "{at:?} at {now}: {found:?}");
        }
    }
}
