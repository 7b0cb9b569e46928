//! Settlement: records what was delivered, in groups with other operations.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::{Pace, SETTLE_INTERVAL, Settlement, Worker};
use crate::error::Error;
use crate::operation::Submission;
use crate::outbox::Prune;
use crate::outbox::lease::Settle;
use crate::outbox::relay::reading;
use crate::outbox::relay::window::MAX_HOLD_UP;
use crate::outbox::state;

/// How long a relay that is stopped waits for deliveries in flight.
const GRACE_PERIOD: Duration = Duration::from_secs(5);

impl Worker {
    /// Settles what was delivered when a settlement is due, and renews the lease with it.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        self.poll_settlement()?;
        self.plan_pruning()?;
        let now = Instant::now();
        let lease = self.options.lease_length(self.sink.longest());
        let renewal = now + self.renewal();
        let Some(held) = &mut self.held else { return Ok(()) };
        if held.settlement.is_some() || (held.prune.is_none() && now < held.settled_at + SETTLE_INTERVAL) {
            return Ok(());
        }
        let draft = held.window.draft(now, MAX_HOLD_UP);
        let reason = self.down.as_ref().map(|down| &down.reason);
        let news = !draft.deliveries.is_empty() || draft.settled > held.window.settled();
        let renew = renewal > held.ends && (self.in_flight > 0 || !held.window.is_empty());
        if !news && held.prune.is_none() && !renew && reason == held.down.as_ref() {
            return Ok(());
        }
        let down = reason.cloned();
        let settle = Settle {
            owner: self.owner.clone(),
            term: held.term,
            lease,
            settled: draft.settled,
            deliveries: draft.deliveries.clone(),
            error: down.clone(),
            next_at: self.down.as_ref().filter(|down| !down.gone).map(|down| down.until),
            prune: held.prune.take().unwrap_or_default(),
        };
        let pruned = settle.prune.events.len() + settle.prune.late.len();
        let pending = self.shop.submit(Submission::new(settle)).into_future();
        held.settlement = Some(Settlement { pending, draft, pruned, down, began: now });
        self.poll_settlement()
    }

    /// Plans what the next settlement prunes: a limited number of rows, which share its commit.
    fn plan_pruning(&mut self) -> Result<(), Error> {
        let pruning = self.is_pruning();
        let now = self.shop.now();
        let before = self.kept_since(now);
        let Some(held) = &mut self.held else { return Ok(()) };
        let paused = Instant::now() < held.pace.next;
        if !pruning || paused || held.settlement.is_some() || held.prune.is_some() {
            return Ok(());
        }
        let mut view = self.shop.view()?;
        let relay_state = state::relay_state(view.snapshot.as_mut())?;
        held.prune = reading::prune(&mut view, &relay_state, before)?;
        if held.prune.is_none() {
            self.pruned = Some(now);
        }
        Ok(())
    }

    /// Handles the answer to the pending settlement, if it has come.
    pub(super) fn poll_settlement(&mut self) -> Result<(), Error> {
        let lease = self.options.lease_length(self.sink.longest());
        let Some(held) = &mut self.held else { return Ok(()) };
        let Some(settlement) = &mut held.settlement else { return Ok(()) };
        let waker = Waker::from(Arc::new(Waking(Box::new(self.shop.notifier()))));
        let Poll::Ready(outcome) = Pin::new(&mut settlement.pending).poll(&mut Context::from_waker(&waker))
        else {
            return Ok(());
        };
        let Some(settlement) = held.settlement.take() else { return Ok(()) };
        held.settled_at = Instant::now();
        let claimed = outcome.map(|claimed| claimed.reply);
        if claimed.as_ref().is_ok_and(|claimed| claimed.term == Some(held.term)) {
            held.ends = settlement.began + lease;
            held.down = settlement.down;
            let delivered = settlement.draft.settled - held.window.settled();
            held.pace.advance(delivered, settlement.pruned, settlement.began);
            held.window.confirm(&settlement.draft);
        } else if claimed.is_ok() {
            self.drop_lease();
        }
        self.record_write(claimed.is_ok());
        claimed.map(drop)
    }

    /// The time left of the lease at which it is renewed: enough to begin deliveries meanwhile.
    pub(super) fn renewal(&self) -> Duration {
        let longest = self.sink.longest();
        longest + (self.options.lease_length(longest) - longest) / 2
    }

    /// Waits briefly for deliveries in flight, settles them, and releases the lease. When the store has failed,
    /// nothing can be settled, and the lease expires.
    pub(super) fn finish(&mut self) {
        if self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return self.drop_lease();
        }
        let until = Instant::now() + GRACE_PERIOD;
        while self.held.is_some() && Instant::now() < until {
            let count = self.shop.notifications();
            self.collect();
            let busy = self.held.as_ref().is_some_and(|held| held.settlement.is_some());
            if self.poll_settlement().is_err() || (self.in_flight == 0 && !busy) {
                break;
            }
            self.shop.wait_for_notification(count, SETTLE_INTERVAL);
        }
        self.release_lease();
    }

    /// Settles what is left, and releases the lease.
    pub(super) fn release_lease(&mut self) {
        let Some(held) = &mut self.held else { return };
        let draft = held.window.draft(Instant::now(), Duration::ZERO);
        let settle = Settle {
            owner: self.owner.clone(),
            term: held.term,
            lease: Duration::ZERO,
            settled: draft.settled,
            deliveries: draft.deliveries,
            error: self.down.as_ref().map(|down| down.reason.clone()),
            next_at: self.down.as_ref().filter(|down| !down.gone).map(|down| down.until),
            prune: Prune::default(),
        };
        // If this fails, the lease expires, and events that were not settled are delivered again.
        let _ = self.shop.submit(Submission::new(settle)).wait();
        self.drop_lease();
    }
}

impl Pace {
    /// Advances after a settlement that began at `began`.
    fn advance(&mut self, delivered: i64, pruned: usize, began: Instant) {
        if pruned > 0 || self.remaining > 0 {
            self.remaining = (self.remaining + 2 * delivered - pruned as i64).max(0);
        }
        if pruned > 0 && self.remaining == 0 {
            self.next = Instant::now() + 3 * began.elapsed();
        }
    }
}

/// Wakes a relay when its settlement is answered.
struct Waking(Box<dyn Fn() + Send + Sync>);

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}
