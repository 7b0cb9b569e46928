//! The operations of a relay: claiming the lease on the outbox, and settling what was delivered. They go through the
//! writer like any other and share its commits. Callers cannot submit them, and they do not raise the newest time.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Delivery, Prune, RelayState};
use crate::access::Caller;
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::number::EventId;
use crate::operation::{Answer, Reply};
use crate::submit::{Decided, Submit, When};
use crate::time::Time;

/// The longest lease. One that ends later was taken before the clock stepped back, and does not count.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// The span of one mark, in milliseconds. A mark records the last event settled in its span.
const MARK: i64 = 600_000;

/// Takes or renews the lease.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) owner: Arc<str>,
    pub(super) lease: Duration,
}

/// The outcome of a claim or a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claimed {
    /// The term of the lease; none when another relay holds it.
    pub(super) term: Option<i64>,
}

/// Settles what was delivered, and renews the lease.
#[derive(Clone, Debug, Default)]
pub(super) struct Settle {
    pub(super) owner: Arc<str>,
    pub(super) term: i64,
    /// How long to renew the lease; zero releases it.
    pub(super) lease: Duration,
    /// Every event up to this one was delivered or has a row in `deliveries`.
    pub(super) settled: i64,
    /// The new rows of `deliveries`; none for an event that was delivered.
    pub(super) deliveries: Vec<(EventId, Option<Delivery>)>,
    /// Why the sink accepts nothing now.
    pub(super) error: Option<Arc<str>>,
    /// When the next attempt is due.
    pub(super) next_at: Option<Time>,
    pub(super) prune: Prune,
}

impl Claim {
    fn decide(&self, facts: &mut Facts, now: Time) -> Claimed {
        let relay_state = facts.relay();
        let renewed = relay_state.owner == self.owner;
        if !renewed && is_held(&relay_state, now) {
            return Claimed { term: None };
        }
        let term = relay_state.term + i64::from(!renewed);
        let until = now.plus(self.lease);
        facts.set_relay(RelayState { owner: self.owner.clone(), term, until, ..relay_state });
        Claimed { term: Some(term) }
    }
}

/// Whether a relay holds the lease at that time.
pub(super) fn is_held(relay_state: &RelayState, now: Time) -> bool {
    now < relay_state.until && relay_state.until <= now.plus(LONGEST)
}

impl Settle {
    fn decide(&self, facts: &mut Facts, now: Time) -> Claimed {
        let relay_state = facts.relay();
        if relay_state.owner != self.owner || relay_state.term != self.term {
            return Claimed { term: None };
        }
        for (event, delivery) in &self.deliveries {
            facts.set_delivery(*event, delivery.clone());
        }
        facts.prune(&self.prune);
        let settled = relay_state.settled.max(self.settled);
        // The time of the clock, even before the newest stored time, since pruning compares with it.
        let present = facts.clock_time;
        let mark = settled > relay_state.settled;
        if mark {
            // The last mark moves with the time until its span ends. So each mark holds the last event settled by
            // then, and each delivered event has a mark that is not older, and not later than the end of its span.
            let same = relay_state.marked.millis().div_euclid(MARK) == present.millis().div_euclid(MARK);
            facts.mark_settled(present, settled, same.then_some(relay_state.marked));
        }
        facts.set_relay(RelayState {
            until: now.plus(self.lease),
            settled,
            pruned: relay_state.pruned.max(self.prune.through),
            marked: if mark { present } else { relay_state.marked },
            error: self.error.clone(),
            next_at: self.next_at,
            ..relay_state
        });
        Claimed { term: Some(self.term) }
    }
}

impl Submit for Claim {
    type Reply = Claimed;

    fn needs(&self, keys: &mut Keys) {
        keys.relay = true;
    }

    fn decide(&self, _: &Caller, _: Option<&Key>, facts: &mut Facts, when: When<'_>) -> Decided<Claimed> {
        let now = when(facts)?;
        Ok(Answer { reply: Self::decide(self, facts, now), replayed: false })
    }
}

impl Submit for Settle {
    type Reply = Claimed;

    fn needs(&self, keys: &mut Keys) {
        keys.relay = true;
        keys.events.extend(self.deliveries.iter().map(|(event, _)| event));
    }

    fn decide(&self, _: &Caller, _: Option<&Key>, facts: &mut Facts, when: When<'_>) -> Decided<Claimed> {
        let now = when(facts)?;
        Ok(Answer { reply: Self::decide(self, facts, now), replayed: false })
    }
}

impl Reply for Claimed {}

#[cfg(test)]
mod tests;
