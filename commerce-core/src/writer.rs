//! Group commit: what is queued is taken together, decided over rows loaded once, committed in one transaction,
//! and only then is everybody answered. Throughput grows with load, since a group costs one sync.
//!
//! A thread of its own does that. A caller that is alone does it itself, which spares two changes of threads.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::facts::load::Loads;
use crate::facts::{Facts, Keys};
use crate::job::Job;
use crate::operation::Chain;
use crate::queue::Queue;
use crate::stats::Counters;
use crate::store::{Since, Store};
use crate::sweep::Sweep;
use crate::time::Clock;

/// The most operations of one group: it bounds how long others wait for their turn.
const GROUP: usize = 512;

/// The longest wait for callers that were just answered to come back and fill the next group.
const PATIENCE: Duration = Duration::from_millis(1);

/// The one writer of an open store.
pub(crate) struct Writer {
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    clock: Arc<dyn Clock>,
    desk: Mutex<Option<Desk>>,
    /// Whether the last group was a single operation and nobody came meanwhile.
    calm: AtomicBool,
}

/// What a group is decided and written with: whoever holds it writes.
struct Desk {
    store: Box<dyn Store>,
    facts: Facts,
    sweep: Sweep,
    /// How many operations the next group is likely to have, and how long to wait for them.
    expected: usize,
    patience: Duration,
}

impl Writer {
    pub(crate) fn new(
        store: Box<dyn Store>,
        clock: Arc<dyn Clock>,
        queue: usize,
        keep_keys: Duration,
    ) -> Self {
        let (facts, sweep) = (Facts::default(), Sweep::new(keep_keys));
        let desk = Desk { store, facts, sweep, expected: 1, patience: Duration::ZERO };
        Self {
            queue: Queue::new(queue),
            counters: Counters::default(),
            clock,
            desk: Mutex::new(Some(desk)),
            calm: AtomicBool::new(true),
        }
    }

    /// Writes until the queue is closed and empty, and then lets the store go.
    pub(crate) fn run(&self) {
        // However this thread ends, nobody waits for it in vain.
        let _abandoning = Abandoning(&self.queue);
        let (mut expected, mut patience) = (1, Duration::ZERO);
        while self.queue.wait(expected, patience) {
            // Whoever panicked while writing has left everything half done in memory, though not in the store.
            let Ok(mut desk) = self.desk.lock() else { return };
            let Some(desk) = desk.as_mut() else { return };
            self.round(desk);
            (expected, patience) = (desk.expected, desk.patience);
        }
        self.desk.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Writes what is queued here and now if nobody else is at it; otherwise the thread is told.
    pub(crate) fn write(&self) {
        if self.calm.load(Ordering::Relaxed)
            && let Ok(mut desk) = self.desk.try_lock()
            && let Some(desk) = desk.as_mut()
        {
            self.round(desk);
        }
        // Whoever came meanwhile found the desk taken and left it to the thread.
        self.queue.announce();
    }

    /// Takes a group and does it.
    fn round(&self, desk: &mut Desk) {
        let Some(deadline) = self.queue.deadline() else { return };
        if let Err(error) = desk.store.turn(deadline) {
            let late = self.queue.late(&error);
            fail_all(late, &error, &self.counters);
            return;
        }
        let mut jobs = self.queue.take(GROUP);
        let started = Instant::now();
        let committed = group(desk, &mut jobs, self.clock.as_ref(), &self.counters);
        desk.store.end();
        self.counters.requests.store(desk.store.requests(), Ordering::Relaxed);
        desk.patience = (started.elapsed() / 4).min(PATIENCE);
        desk.expected = (jobs.len() + self.queue.len()).min(GROUP);
        self.calm.store(desk.expected <= 1, Ordering::Relaxed);
        match committed {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer()),
            Err(error @ Error::Busy(_)) => {
                // Nothing was changed, so those that have time left are decided anew.
                desk.facts.forget();
                self.queue.put_back(jobs);
                fail_all(self.queue.late(&error), &error, &self.counters);
            }
            Err(error) => {
                desk.facts.forget();
                fail_all(jobs, &error, &self.counters);
            }
        }
    }
}

fn fail_all(jobs: Vec<Box<dyn Job>>, error: &Error, counters: &Counters) {
    counters.refused(error, jobs.len());
    jobs.into_iter().for_each(|job| job.fail(error));
}

/// Decides a group in order and commits it. Without a commit there is nothing to answer.
fn group(
    desk: &mut Desk,
    jobs: &mut [Box<dyn Job>],
    clock: &dyn Clock,
    counters: &Counters,
) -> Result<(), Error> {
    let Desk { store, facts, sweep, .. } = desk;
    let mut keys = Keys::default();
    jobs.iter().for_each(|job| job.needs(&mut keys));
    let started = Instant::now();
    if store.begin()? == Since::Perhaps {
        facts.doubt();
    }
    let now = clock.now();
    let mut loads = Loads::missing(&keys, facts);
    sweep.load(&mut loads, keys.keys.len(), now);
    loads.take(facts, &store.load(loads.statements())?)?;
    if facts.misled() {
        let loads = Loads::users_and_products(&keys, facts);
        loads.take(facts, &store.load(loads.statements())?)?;
    }
    let replayed = facts.replayed_orders();
    if !replayed.is_empty() {
        let loads = Loads::orders(&replayed);
        loads.take(facts, &store.load(loads.statements())?)?;
    }
    facts.present = now;
    let mut broken = Vec::new();
    jobs.iter_mut().for_each(|job| job.decide(facts, now, &mut broken));
    sweep.go(facts, now);
    let changes = facts.changes();
    facts.sound()?;
    if !changes.is_empty() {
        store.commit(&changes)?;
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters.pages.fetch_add(store.pages(), Ordering::Relaxed);
        counters.committed.give();
    }
    // Only now, since a group that was not committed may be decided anew.
    broken.iter().for_each(Chain::end);
    facts.settle();
    counters.group(jobs.len(), started.elapsed());
    Ok(())
}

struct Abandoning<'a>(&'a Queue);

impl Drop for Abandoning<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
