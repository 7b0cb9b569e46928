//! A relay's one thread: take the lease, read, send, settle, rest.

mod deliver;
mod settle;
mod trouble;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::pool::Pool;
use super::reading::{self, Look};
use super::window::{Draft, Window};
use super::{Notice, Options, Shared};
use crate::error::Error;
use crate::operation::Submission;
use crate::outbox::Prune;
use crate::outbox::lease::{Claim, Claimed, held};
use crate::outbox::sink::Sink;
use crate::time::Time;
use crate::{Commerce, Pending};

/// How often things are settled under load: one row, written with the orders of the moment.
const SETTLE: Duration = Duration::from_millis(100);

/// The most events that are passed over and still pending; beyond, nothing new is begun.
const PASSED: usize = 10_000;

/// How often it is looked whether delivered events can be pruned. Together with the time between two marks it is within
/// the hour.
const PRUNE: Duration = Duration::from_secs(600);

/// The waits while nothing is accepted: the first, and the longest.
const DOWN: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(30));

/// How long those that stand by rest at most: the owner may give its lease back before it ends.
const STAND_BY: Duration = Duration::from_millis(250);

pub(super) struct Run {
    shop: Commerce,
    sink: Arc<dyn Sink>,
    options: Options,
    shared: Arc<Shared>,
    pool: Pool,
    owner: Arc<str>,
    /// The state while this relay holds the lease.
    held: Option<Held>,
    /// Jobs on their way, of this term or an earlier one.
    flying: usize,
    down: Option<Down>,
    trouble: Option<Trouble>,
    version: i64,
    /// When it was last seen that nothing is to be pruned.
    pruned: Option<Time>,
    told: Option<Notice>,
    /// Events were missing, so that not all was delivered.
    missing: bool,
    /// Up to where to deliver, when only what was pending at first is wanted.
    once: Option<i64>,
    /// Another's lease that is waited for: how far things were settled then, and when it ends.
    awaited: Option<(i64, Time)>,
}

/// What goes with the lease.
struct Held {
    term: i64,
    ends: Instant,
    window: Window,
    settling: Option<Settling>,
    settled: Instant,
    /// There may be events that were not read yet.
    more: bool,
    /// Not all that were passed over are in the window.
    more_passed: bool,
    revived: i64,
    /// The next delivered events to prune; more may follow.
    prune: Option<Prune>,
    pace: Pace,
    /// What the sink's state was when last written down.
    down: Option<Arc<str>>,
}

/// How fast it is pruned: twice as fast as events are delivered meanwhile, and otherwise a quarter of the time.
struct Pace {
    /// How many events to prune before a pause.
    owed: i64,
    /// When the next are pruned.
    next: Instant,
}

/// A settlement on its way through the writer.
struct Settling {
    pending: Pending<Claimed>,
    draft: Draft,
    /// How many events it prunes.
    pruned: usize,
    down: Option<Arc<str>>,
    began: Instant,
}

/// The sink takes nothing.
#[derive(Clone)]
struct Down {
    because: Arc<str>,
    /// How often in a row.
    times: i64,
    until: Time,
    gone: bool,
}

/// The store fails.
struct Trouble {
    /// How often in a row.
    times: i64,
    since: Instant,
    /// Whether it cannot be written, which reading does not mend.
    unwritten: bool,
}

impl Run {
    pub(super) fn new(
        shop: Commerce,
        sink: Arc<dyn Sink>,
        options: Options,
        shared: Arc<Shared>,
        once: bool,
    ) -> Result<Self, Error> {
        let pool = Pool::start(&sink, &shop)?;
        let once = once.then(|| Ok::<_, Error>(reading::look(&mut shop.view()?)?.last)).transpose()?;
        let owner = uuid::Uuid::new_v4().to_string().into();
        Ok(Self {
            shop,
            sink,
            options,
            shared,
            pool,
            owner,
            held: None,
            flying: 0,
            down: None,
            trouble: None,
            version: -1,
            pruned: None,
            told: None,
            missing: false,
            once,
            awaited: None,
        })
    }

    pub(super) fn run(mut self) {
        loop {
            // A wake that comes after this is noticed.
            let (count, began) = (self.shop.notifications(), Instant::now());
            if self.shared.stop.load(Ordering::SeqCst) {
                break;
            }
            match self.step() {
                Ok(rest) => {
                    self.worked();
                    match rest {
                        Some(rest) => self.shop.wait_for_commit(count, self.version, rest),
                        None => break,
                    }
                }
                Err(Error::Closed) => break,
                Err(error) if self.is_final(&error, began) => {
                    self.end(error);
                    break;
                }
                Err(error) => self.bear(&error),
            }
        }
        self.finish();
    }

    /// Does what there is to do, and answers how long to rest, or nothing when all is done.
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
        let quiet = self.flying == 0 && held.settling.is_none();
        if quiet && (gone || (self.done(held) && !self.is_pruning())) && held.is_settled() {
            let (read, end) = (held.window.read(), self.once.unwrap_or_default());
            let left = !held.window.is_empty() || read < end || self.missing;
            let missing = read < end && !held.more;
            self.shared.left.store(self.once.is_some() && left, Ordering::Relaxed);
            self.give_back();
            if missing {
                let because = format!("event {} is to be delivered, but is not in the outbox", read + 1);
                self.end(Error::Store(because.into()));
            }
            return Ok(if self.once.is_some() { None } else { Some(Duration::ZERO) });
        }
        if quiet && now >= held.ends && held.window.is_empty() {
            // Nothing to do: the lease is left to lapse, since keeping it would cost a commit now and then.
            self.release();
            return Ok(Some(Duration::ZERO));
        }
        Ok(Some(self.rest(now)))
    }

    /// Whether everything that was wanted was tried.
    fn done(&self, held: &Held) -> bool {
        let Some(end) = self.once else { return false };
        let read = (held.window.read() >= end || !held.more) && !held.more_passed;
        self.down.is_some() || (held.window.is_idle(self.shop.now()) && (read || held.window.refusing()))
    }

    /// Waits for something to do and a lease to do it under.
    fn stand_by(&mut self) -> Result<Option<Duration>, Error> {
        self.version = self.shop.version()?;
        if self.flying > 0 {
            // Under an old lease; nothing is begun under a new one before these have ended.
            return Ok(Some(STAND_BY));
        }
        let now = self.shop.now();
        let mut view = self.shop.view()?;
        let Look { relay_state, last, due } = reading::look(&mut view)?;
        let taken = relay_state.owner != self.owner && held(&relay_state, now);
        // Whoever holds the lease prunes.
        let look = !taken && self.is_pruning();
        let prune = look && reading::prune(&mut view, &relay_state, self.kept_since(now))?.is_some();
        drop(view);
        if look && !prune {
            self.pruned = Some(now);
        }
        let pending = last > relay_state.settled || due.is_some_and(|time| time <= now);
        if !pending && !prune {
            self.shared.left.store(self.once.is_some() && due.is_some(), Ordering::Relaxed);
            let until = due.map_or(PRUNE, |time| span(now, time).min(PRUNE));
            return Ok(self.once.is_none().then_some(until));
        }
        if taken {
            self.tell(Notice::StandBy);
            if self.once.is_some() && self.waits_in_vain(&relay_state, now) {
                self.end(Error::Busy(
                    "another relay holds the lease on the outbox and gets nothing delivered",
                ));
                return Ok(None);
            }
            // The owner's commits are no news: look again when its lease ends, or now and then.
            std::thread::sleep(span(now, relay_state.until).min(STAND_BY));
            return Ok(Some(Duration::ZERO));
        }
        self.claim()?;
        Ok(Some(Duration::ZERO))
    }

    fn claim(&mut self) -> Result<(), Error> {
        let began = Instant::now();
        let lease = self.options.whole_lease(self.sink.longest());
        let claim = Claim { owner: self.owner.clone(), lease };
        let claimed = self.shop.submit(Submission::new(claim)).wait();
        self.wrote(claimed.is_ok());
        let Some(term) = claimed?.reply.term else { return Ok(()) };
        let mut view = self.shop.view()?;
        let relay_state = reading::look(&mut view)?.relay_state;
        let passed = reading::passed(&mut view, PASSED)?;
        drop(view);
        let mut window = Window::new(relay_state.settled);
        let more_passed = passed.len() == PASSED;
        for (event, subject, delivery) in passed {
            window.add_passed(event, subject, delivery, began);
        }
        self.held = Some(Held {
            term,
            ends: began + lease,
            window,
            settling: None,
            settled: began,
            more: true,
            more_passed,
            revived: relay_state.revived,
            prune: None,
            pace: Pace { owed: 0, next: began },
            down: relay_state.error,
        });
        self.shared.active.store(true, Ordering::Relaxed);
        self.tell(Notice::Active);
        Ok(())
    }

    /// How long nothing will happen by itself.
    fn rest(&self, now: Instant) -> Duration {
        let Some(held) = &self.held else { return Duration::ZERO };
        let time = self.shop.now();
        let mut rest = held.ends.saturating_duration_since(now).max(SETTLE);
        if held.settling.is_none() && self.is_pruning() {
            rest = rest.min(held.pace.next.saturating_duration_since(now));
        }
        if held.settling.is_none() && !held.is_settled() {
            rest = rest
                .min((held.settled + SETTLE).saturating_duration_since(now).max(Duration::from_millis(1)));
        }
        let down = self.down.as_ref().filter(|down| !down.gone && held.window.ready() > 0);
        let due = held.window.next_at().into_iter().chain(down.map(|down| down.until));
        // While all that may be on its way is, whoever comes back brings the next turn.
        let due = due
            .filter(|&due| due > time || self.flying == 0)
            .map(|due| span(time, due).max(Duration::from_millis(1)))
            .min();
        let renewal = now + self.renewal();
        let renew =
            (!held.window.is_empty()).then(|| held.ends.saturating_duration_since(renewal).max(SETTLE));
        rest.min(due.unwrap_or(rest)).min(renew.unwrap_or(rest))
    }

    /// This relay delivers no more, for now.
    fn release(&mut self) {
        self.held = None;
        self.shared.active.store(false, Ordering::Relaxed);
    }

    /// Since when delivered events are kept.
    fn kept_since(&self, now: Time) -> Time {
        now.minus(self.options.retention)
    }

    /// Whether something is to be pruned, or it is time to see.
    fn is_pruning(&self) -> bool {
        let now = self.shop.now();
        let gone = self.down.as_ref().is_some_and(|down| down.gone);
        !gone && self.pruned.is_none_or(|when| now < when || now >= when.plus(PRUNE))
    }

    /// Tells something, unless it was the last thing told.
    fn tell(&mut self, notice: Notice) {
        if self.told.as_ref() != Some(&notice) {
            (self.options.notice)(&notice);
            self.told = Some(notice);
        }
    }
}

impl Held {
    /// Whether everything there is to write down was written down.
    fn is_settled(&self) -> bool {
        self.settling.is_none() && self.window.is_settled()
    }
}

/// From one time to another; nothing when it has passed.
fn span(now: Time, then: Time) -> Duration {
    Duration::from_millis(u64::try_from(then.millis() - now.millis()).unwrap_or_default())
}
