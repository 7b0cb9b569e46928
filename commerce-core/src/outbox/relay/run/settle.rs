//! Writing down what was delivered, now and then, together with the orders of the moment.

use std::pin::Pin;
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

use super::{Pace, Run, SETTLE, Settling};
use crate::error::Error;
use crate::operation::Submission;
use crate::outbox::Prune;
use crate::outbox::lease::Settle;
use crate::outbox::relay::reading;
use crate::outbox::relay::window::PATIENCE;
use crate::outbox::state;

impl Pace {
    /// Goes on after a settlement that began then.
    fn go(&mut self, delivered: i64, pruned: usize, began: Instant) {
        if pruned > 0 || self.owed > 0 {
            self.owed = (self.owed + 2 * delivered - pruned as i64).max(0);
        }
        if pruned > 0 && self.owed == 0 {
            self.next = Instant::now() + 3 * began.elapsed();
        }
    }
}

/// How long to wait, when asked to end, for what is on its way.
const GRACE: Duration = Duration::from_secs(5);

/// Wakes a relay when its settlement was decided.
struct Waking(Box<dyn Fn() + Send + Sync>);

impl Wake for Waking {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

impl Run {
    /// Writes down what was delivered, now and then, and keeps the lease meanwhile.
    pub(super) fn settle(&mut self) -> Result<(), Error> {
        self.settled()?;
        self.choose_to_prune()?;
        let now = Instant::now();
        let lease = self.options.whole_lease(self.sink.longest());
        let renewal = now + self.renewal();
        let Some(held) = &mut self.held else { return Ok(()) };
        if held.settling.is_some() || (held.prune.is_none() && now < held.settled + SETTLE) {
            return Ok(());
        }
        let draft = held.window.draft(now, PATIENCE);
        let because = self.down.as_ref().map(|down| &down.because);
        let news = !draft.deliveries.is_empty() || draft.settled > held.window.settled();
        let renew = renewal > held.ends && (self.flying > 0 || !held.window.is_empty());
        if !news && held.prune.is_none() && !renew && because == held.down.as_ref() {
            return Ok(());
        }
        let down = because.cloned();
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
        held.settling = Some(Settling { pending, draft, pruned, down, began: now });
        self.settled()
    }

    /// Chooses what the next settlement prunes, a few rows that share its commit with the orders of the moment.
    fn choose_to_prune(&mut self) -> Result<(), Error> {
        let pruning = self.is_pruning();
        let now = self.shop.now();
        let before = self.kept_since(now);
        let Some(held) = &mut self.held else { return Ok(()) };
        let paused = Instant::now() < held.pace.next;
        if !pruning || paused || held.settling.is_some() || held.prune.is_some() {
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

    /// Takes in what became of a settlement on its way.
    pub(super) fn settled(&mut self) -> Result<(), Error> {
        let lease = self.options.whole_lease(self.sink.longest());
        let Some(held) = &mut self.held else { return Ok(()) };
        let Some(settling) = &mut held.settling else { return Ok(()) };
        let waker = Waker::from(Arc::new(Waking(Box::new(self.shop.notifier()))));
        let Poll::Ready(outcome) = Pin::new(&mut settling.pending).poll(&mut Context::from_waker(&waker))
        else {
            return Ok(());
        };
        let Some(settling) = held.settling.take() else { return Ok(()) };
        held.settled = Instant::now();
        let claimed = outcome.map(|claimed| claimed.reply);
        if claimed.as_ref().is_ok_and(|claimed| claimed.term == Some(held.term)) {
            held.ends = settling.began + lease;
            held.down = settling.down;
            let delivered = settling.draft.settled - held.window.settled();
            held.pace.go(delivered, settling.pruned, settling.began);
            held.window.confirm(&settling.draft);
        } else if claimed.is_ok() {
            self.release();
        }
        self.wrote(claimed.is_ok());
        claimed.map(drop)
    }

    /// How much must be left of the lease when it is renewed: enough to begin deliveries meanwhile.
    pub(super) fn renewal(&self) -> Duration {
        let longest = self.sink.longest();
        longest + (self.options.whole_lease(longest) - longest) / 2
    }

    /// Waits a little for what is on its way, writes down what came of it, and gives the lease back. Where the store
    /// has failed nothing can be written down: the lease lapses.
    pub(super) fn finish(&mut self) {
        if self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some() {
            return self.release();
        }
        let until = Instant::now() + GRACE;
        while self.held.is_some() && Instant::now() < until {
            let count = self.shop.notifications();
            self.collect();
            let busy = self.held.as_ref().is_some_and(|held| held.settling.is_some());
            if self.settled().is_err() || (self.flying == 0 && !busy) {
                break;
            }
            self.shop.wait_for_notification(count, SETTLE);
        }
        self.give_back();
    }

    /// Settles what is left to settle, and gives the lease back.
    pub(super) fn give_back(&mut self) {
        let Some(held) = &mut self.held else { return };
        let draft = held.window.draft(Instant::now(), Duration::ZERO);
        let settle = Settle {
            owner: self.owner.clone(),
            term: held.term,
            lease: Duration::ZERO,
            settled: draft.settled,
            deliveries: draft.deliveries,
            error: self.down.as_ref().map(|down| down.because.clone()),
            next_at: self.down.as_ref().filter(|down| !down.gone).map(|down| down.until),
            prune: Prune::default(),
        };
        // Where this fails the lease lapses, and what was not marked is delivered again.
        let _ = self.shop.submit(Submission::new(settle)).wait();
        self.release();
    }
}
