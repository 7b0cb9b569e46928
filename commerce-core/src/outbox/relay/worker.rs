//! The thread of a relay: it takes the lease, reads, sends, settles and waits.

mod deliver;
mod settle;
mod store_failure;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::pool::Pool;
use super::reading::{self, Workload};
use super::window::{Draft, Window};
use super::{Notice, Options, Shared};
use crate::Pending;
use crate::engine::Engine;
use crate::error::Error;
use crate::operation::Submission;
use crate::outbox::Prune;
use crate::outbox::lease::{Claim, Claimed, is_held};
use crate::outbox::sink::Sink;
use crate::time::Time;

/// The interval of settlements under load. A settlement writes one row, in a group with other operations.
const SETTLE_INTERVAL: Duration = Duration::from_millis(100);

/// The most events that are passed over and still pending. At this limit, no new delivery begins.
const MAX_PASSED_OVER: usize = 10_000;

/// The interval of checks for events to prune. Together with the time between two marks it is less than an hour.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);

/// The first and the longest wait while the sink is down.
const SINK_BACK_OFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How often a relay on stand-by looks at the lease, since the owner can release it early.
const STAND_BY_INTERVAL: Duration = Duration::from_millis(250);

pub(super) struct Worker {
    shop: Engine,
    sink: Arc<dyn Sink>,
    options: Options,
    shared: Arc<Shared>,
    pool: Pool,
    owner: Arc<str>,
    /// The state while this relay holds the lease.
    held: Option<HeldLease>,
    /// Deliveries in flight, of this term or an earlier one.
    in_flight: usize,
    down: Option<Down>,
    store_failure: Option<StoreFailure>,
    version: i64,
    /// When the last check found nothing to prune.
    pruned: Option<Time>,
    last_notice: Option<Notice>,
    /// Events were missing from the outbox, so not all were delivered.
    missing: bool,
    /// The last event to deliver, for a relay that delivers only what was pending when it started.
    once_until: Option<i64>,
    /// The lease of another relay: what it had settled when it was first seen, and when it ends.
    awaited: Option<(i64, Time)>,
}

/// The state of the relay that holds the lease.
struct HeldLease {
    term: i64,
    ends: Instant,
    window: Window,
    settlement: Option<Settlement>,
    settled_at: Instant,
    /// The outbox may have events that were not read yet.
    has_more: bool,
    /// Not all events that were passed over are in the window.
    has_more_passed_over: bool,
    revived: i64,
    /// The next delivered events to prune. More may follow.
    prune: Option<Prune>,
    pace: Pace,
    /// The error of the sink as last settled.
    down: Option<Arc<str>>,
}

/// The speed of pruning: twice as fast as events are delivered meanwhile, and otherwise a quarter of the time.
struct Pace {
    /// The number of events to prune before a pause.
    remaining: i64,
    /// The end of the pause.
    next: Instant,
}

/// A settlement that the writer has not answered yet.
struct Settlement {
    pending: Pending<Claimed>,
    draft: Draft,
    /// The number of events that it prunes.
    pruned: usize,
    down: Option<Arc<str>>,
    began: Instant,
}

/// The sink accepts nothing.
#[derive(Clone)]
struct Down {
    reason: Arc<str>,
    /// Failures in a row.
    times: i64,
    until: Time,
    gone: bool,
}

/// The store fails, and is tried again.
struct StoreFailure {
    /// Failures in a row.
    times: i64,
    since: Instant,
    /// Whether a write failed, so that a successful read does not end the failure.
    unwritten: bool,
}

impl Worker {
    pub(super) fn new(
        shop: Engine,
        sink: Arc<dyn Sink>,
        options: Options,
        shared: Arc<Shared>,
        once: bool,
    ) -> Result<Self, Error> {
        let pool = Pool::start(&sink, &shop)?;
        let once_until =
            once.then(|| Ok::<_, Error>(reading::workload(&mut shop.view()?)?.last)).transpose()?;
        let owner = uuid::Uuid::new_v4().to_string().into();
        Ok(Self {
            shop,
            sink,
            options,
            shared,
            pool,
            owner,
            held: None,
            in_flight: 0,
            down: None,
            store_failure: None,
            version: -1,
            pruned: None,
            last_notice: None,
            missing: false,
            once_until,
            awaited: None,
        })
    }

    pub(super) fn run(mut self) {
        loop {
            // A notification that comes after this is noticed.
            let (count, began) = (self.shop.notifications(), Instant::now());
            if self.shared.stop.load(Ordering::SeqCst) {
                break;
            }
            match self.step() {
                Ok(wait) => {
                    self.record_success();
                    match wait {
                        Some(wait) => self.shop.wait_for_commit(count, self.version, wait),
                        None => break,
                    }
                }
                Err(Error::Closed) => break,
                Err(error) if self.is_final(&error, began) => {
                    self.end_with(error);
                    break;
                }
                Err(error) => self.back_off_from(&error),
            }
        }
        self.finish();
    }

    /// Does what can be done now. Returns how long to wait, or `None` when the relay has ended.
    fn step(&mut self) -> Result<Option<Duration>, Error> {
        self.collect();
        let gone = self.down.as_ref().is_some_and(|down| down.gone);
        if self.held.is_none() {
            return if gone { Ok(None) } else { self.stand_by() };
        }
        if !gone {
            self.read()?;
            self.send()?;
        }
        self.settle()?;
        let now = Instant::now();
        let Some(held) = &self.held else { return Ok(Some(Duration::ZERO)) };
        let quiet = self.in_flight == 0 && held.settlement.is_none();
        if quiet && (gone || (self.is_done(held) && !self.is_pruning())) && held.is_settled() {
            let (read, end) = (held.window.last_read(), self.once_until.unwrap_or_default());
            let left = !held.window.is_empty() || read < end || self.missing;
            let missing = read < end && !held.has_more;
            self.shared.left.store(self.once_until.is_some() && left, Ordering::Relaxed);
            self.release_lease();
            if missing {
                let reason = format!("event {} is to be delivered, but is not in the outbox", read + 1);
                self.end_with(Error::Store(reason.into()));
            }
            return Ok(if self.once_until.is_some() { None } else { Some(Duration::ZERO) });
        }
        if quiet && now >= held.ends && held.window.is_empty() {
            // Nothing to do. The lease is left to expire, since each renewal costs a commit.
            self.drop_lease();
            return Ok(Some(Duration::ZERO));
        }
        Ok(Some(self.time_to_wait(now)))
    }

    /// Whether a relay that runs once has tried every event.
    fn is_done(&self, held: &HeldLease) -> bool {
        let Some(end) = self.once_until else { return false };
        let read = (held.window.last_read() >= end || !held.has_more) && !held.has_more_passed_over;
        self.down.is_some() || (held.window.is_idle(self.shop.now()) && (read || held.window.is_refusing()))
    }

    /// Waits for events to deliver or prune, and for the lease.
    fn stand_by(&mut self) -> Result<Option<Duration>, Error> {
        self.version = self.shop.version()?;
        if self.in_flight > 0 {
            // These belong to an old lease. They must end before a delivery begins under a new one.
            return Ok(Some(STAND_BY_INTERVAL));
        }
        let now = self.shop.now();
        let mut view = self.shop.view()?;
        let Workload { relay_state, last, due } = reading::workload(&mut view)?;
        let held_by_other = relay_state.owner != self.owner && is_held(&relay_state, now);
        // The relay that holds the lease prunes.
        let check = !held_by_other && self.is_pruning();
        let prune = check && reading::prune(&mut view, &relay_state, self.kept_since(now))?.is_some();
        drop(view);
        if check && !prune {
            self.pruned = Some(now);
        }
        let pending = last > relay_state.settled || due.is_some_and(|time| time <= now);
        if !pending && !prune {
            self.shared.left.store(self.once_until.is_some() && due.is_some(), Ordering::Relaxed);
            let until = due.map_or(PRUNE_INTERVAL, |time| duration_until(now, time).min(PRUNE_INTERVAL));
            return Ok(self.once_until.is_none().then_some(until));
        }
        if held_by_other {
            self.notify(Notice::StandBy);
            if self.once_until.is_some() && self.is_lease_stalled(&relay_state, now) {
                self.end_with(Error::Busy(
                    "another relay holds the lease on the outbox and gets nothing delivered".into(),
                ));
                return Ok(None);
            }
            // Commits of the owner need no attention: check again when its lease ends, or after a while.
            std::thread::sleep(duration_until(now, relay_state.until).min(STAND_BY_INTERVAL));
            return Ok(Some(Duration::ZERO));
        }
        self.claim()?;
        Ok(Some(Duration::ZERO))
    }

    fn claim(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let lease = self.options.lease_length(self.sink.longest());
        let claim = Claim { owner: self.owner.clone(), lease };
        let claimed = self.shop.submit(Submission::new(claim)).wait();
        self.record_write(claimed.is_ok());
        let Some(term) = claimed?.reply.term else { return Ok(()) };
        let mut view = self.shop.view()?;
        let relay_state = reading::workload(&mut view)?.relay_state;
        let passed = reading::passed_over(&mut view, MAX_PASSED_OVER)?;
        drop(view);
        let mut window = Window::new(relay_state.settled);
        let has_more_passed_over = passed.len() == MAX_PASSED_OVER;
        for (event, subject, delivery) in passed {
            window.add_passed(event, subject, delivery, began);
        }
        self.held = Some(HeldLease {
            term,
            ends: began + lease,
            window,
            settlement: None,
            settled_at: began,
            has_more: true,
            has_more_passed_over,
            revived: relay_state.revived,
            prune: None,
            pace: Pace { remaining: 0, next: began },
            down: relay_state.error,
        });
        self.shared.active.store(true, Ordering::Relaxed);
        self.notify(Notice::Active);
        Ok(())
    }

    /// How long to wait, unless something is notified before.
    fn time_to_wait(&self, now: Instant) -> Duration {
        let Some(held) = &self.held else { return Duration::ZERO };
        let time = self.shop.now();
        let mut wait = held.ends.saturating_duration_since(now).max(SETTLE_INTERVAL);
        if held.settlement.is_none() && self.is_pruning() {
            wait = wait.min(held.pace.next.saturating_duration_since(now));
        }
        if held.settlement.is_none() && !held.is_settled() {
            wait = wait.min(
                (held.settled_at + SETTLE_INTERVAL)
                    .saturating_duration_since(now)
                    .max(Duration::from_millis(1)),
            );
        }
        let down = self.down.as_ref().filter(|down| !down.gone && held.window.ready() > 0);
        let due = held.window.next_at().into_iter().chain(down.map(|down| down.until));
        // While all deliveries are in flight, the next one that returns wakes the relay.
        let due = due
            .filter(|&due| due > time || self.in_flight == 0)
            .map(|due| duration_until(time, due).max(Duration::from_millis(1)))
            .min();
        let renewal = now + self.renewal();
        let renew = (!held.window.is_empty())
            .then(|| held.ends.saturating_duration_since(renewal).max(SETTLE_INTERVAL));
        wait.min(due.unwrap_or(wait)).min(renew.unwrap_or(wait))
    }

    /// Forgets the lease, which has ended or was lost.
    fn drop_lease(&mut self) {
        self.held = None;
        self.shared.active.store(false, Ordering::Relaxed);
    }

    /// The time since which delivered events are kept.
    fn kept_since(&self, now: Time) -> Time {
        now.minus(self.options.retention)
    }

    /// Whether there is something to prune, or a check is due.
    fn is_pruning(&self) -> bool {
        let now = self.shop.now();
        let gone = self.down.as_ref().is_some_and(|down| down.gone);
        !gone && self.pruned.is_none_or(|when| now < when || now >= when.plus(PRUNE_INTERVAL))
    }

    /// Reports a notice, unless it is the same as the last one.
    fn notify(&mut self, notice: Notice) {
        if self.last_notice.as_ref() != Some(&notice) {
            (self.options.notice)(&notice);
            self.last_notice = Some(notice);
        }
    }
}

impl HeldLease {
    /// Whether everything that can be settled is settled.
    fn is_settled(&self) -> bool {
        self.settlement.is_none() && self.window.is_settled()
    }
}

/// The duration until a time; zero when it has passed.
fn duration_until(now: Time, then: Time) -> Duration {
    Duration::from_millis(u64::try_from(then.millis() - now.millis()).unwrap_or_default())
}
