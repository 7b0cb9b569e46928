//! The operations of a relay: taking the lease on the outbox, and settling what was delivered. They go
//! through the writer like any other, so that they share its commits, but they are not offered to callers:
//! they decide about delivery, not about the shop, and raise no newest time.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Delivery, Prune, RelayState};
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::number::EventId;
use crate::operation::{Answer, Reply};
use crate::submit::{Decided, Submit, When};
use crate::time::Time;

/// A lease that ends later than any can was taken before the clock stepped back: it counts for nothing.
pub(super) const LONGEST: Duration = Duration::from_secs(600);

/// Of so long a time it is remembered how far things were settled at its end: six marks an hour.
const MARK: i64 = 600_000;

/// Takes the lease, or renews it.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) owner: Arc<str>,
    pub(super) lease: Duration,
}

/// What became of a claim or a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Claimed {
    /// The term under which the lease is held; nothing when another relay holds it.
    pub(super) term: Option<i64>,
}

/// Settles what was delivered, and renews the lease.
#[derive(Clone, Debug, Default)]
pub(super) struct Settle {
    pub(super) owner: Arc<str>,
    pub(super) term: i64,
    /// For how long to renew the lease; zero gives it back.
    pub(super) lease: Duration,
    /// Every event up to this one was delivered or is among the deliveries kept.
    pub(super) settled: i64,
    /// What is to be kept of events from now on: nothing of those delivered.
    pub(super) deliveries: Vec<(EventId, Option<Delivery>)>,
    /// Why the sink takes nothing at present.
    pub(super) error: Option<Arc<str>>,
    /// When it is tried again.
    pub(super) next_at: Option<Time>,
    pub(super) prune: Prune,
}

impl Claim {
    fn decide(&self, facts: &mut Facts, now: Time) -> Claimed {
        let relay_state = facts.relay();
        let renewed = relay_state.owner == self.owner;
        if !renewed && held(&relay_state, now) {
            return Claimed { term: None };
        }
        let term = relay_state.term + i64::from(!renewed);
        let until = now.plus(self.lease);
        facts.set_relay(RelayState { owner: self.owner.clone(), term, until, ..relay_state });
        Claimed { term: Some(term) }
    }
}

/// Whether somebody holds the lease at that time.
pub(super) fn held(relay_state: &RelayState, now: Time) -> bool {
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
        // The clock's time, even where that lies before the newest stored one: with it they are pruned.
        let present = facts.clock_time;
        let mark = settled > relay_state.settled;
        if mark {
            // The last mark goes along with the time until its span ends. So each tells of the last that was settled
            // by then, and whatever is delivered has a mark that is no older, and no later than the end of the span.
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

    fn decide(&self, _: Option<&Key>, facts: &mut Facts, when: When<'_>) -> Decided<Claimed> {
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

    fn decide(&self, _: Option<&Key>, facts: &mut Facts, when: When<'_>) -> Decided<Claimed> {
        let now = when(facts)?;
        Ok(Answer { reply: Self::decide(self, facts, now), replayed: false })
    }
}

impl Reply for Claimed {}

#[cfg(test)]
mod tests;
