//! Group commit: the writer takes the queued jobs together, decides them over rows that it loads once, commits in one
//! transaction, and only then answers. Throughput grows with load, since a group costs one sync.
//!
//! The writer has a thread of its own. A caller that is alone writes on its own thread instead, which saves two context
//! switches.

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
use crate::store::{Linger, OtherWrites, Store};
use crate::sweep::KeySweep;
use crate::time::Clock;

/// The largest group. It bounds how long other processes wait for their turn.
const MAX_GROUP: usize = 512;

/// The one writer of an open store.
pub(crate) struct Writer {
    pub(crate) queue: Queue,
    pub(crate) counters: Counters,
    clock: Arc<dyn Clock>,
    /// None after the writer has ended.
    state: Mutex<Option<WriterState>>,
    /// Whether the last group was a single operation and no other was queued meanwhile.
    uncontended: AtomicBool,
}

/// What it takes to decide and write a group. The thread that holds it writes.
struct WriterState {
    store: Box<dyn Store>,
    facts: Facts,
    sweep: KeySweep,
    /// The expected size of the next group, and how long to linger for it.
    expected: usize,
    linger: Linger,
    /// The largest group now. A server takes the lock away from a transaction that takes too long, so a group that could
    /// not be committed is tried again in halves.
    limit: usize,
}

impl Writer {
    pub(crate) fn new(
        store: Box<dyn Store>,
        clock: Arc<dyn Clock>,
        queue: usize,
        keep_keys: Duration,
    ) -> Self {
        let (facts, sweep) = (Facts::default(), KeySweep::new(keep_keys));
        let (linger, limit) = (Linger::default(), MAX_GROUP);
        let state = WriterState { store, facts, sweep, expected: 1, linger, limit };
        Self {
            queue: Queue::new(queue),
            counters: Counters::default(),
            clock,
            state: Mutex::new(Some(state)),
            uncontended: AtomicBool::new(true),
        }
    }

    /// Writes until the queue is closed and empty, and then closes the store.
    pub(crate) fn run(&self) {
        // However this thread ends, no caller waits forever.
        let _guard = AbandonOnDrop(&self.queue);
        let (mut expected, mut linger) = (1, Linger::default());
        while self.queue.wait(expected, linger) {
            // A thread that panicked while writing left the state half changed in memory, though not in the store.
            let Ok(mut state) = self.state.lock() else { return };
            let Some(state) = state.as_mut() else { return };
            self.write_group(state);
            (expected, linger) = (state.expected, state.linger);
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Writes the queued jobs on this thread if no other thread is writing; otherwise wakes the writer's thread.
    pub(crate) fn write_or_wake(&self) {
        if self.uncontended.load(Ordering::Relaxed)
            && let Ok(mut state) = self.state.try_lock()
            && let Some(state) = state.as_mut()
        {
            self.write_group(state);
        }
        // Jobs that were queued meanwhile are left to the writer's thread.
        self.queue.wake_writer();
    }

    /// Takes a group from the queue, writes it and answers it.
    fn write_group(&self, state: &mut WriterState) {
        let Some(deadline) = self.queue.deadline() else { return };
        if let Err(error) = state.store.take_turn(deadline) {
            fail_all(self.queue.take_failed(&error), &error, &self.counters);
            return;
        }
        let mut jobs = self.queue.take(state.limit);
        let started = Instant::now();
        let committed = commit_group(state, &mut jobs, self.clock.as_ref(), &self.counters);
        state.store.end();
        self.counters.requests.store(state.store.requests(), Ordering::Relaxed);
        state.linger = state.store.linger(started.elapsed());
        state.expected = (jobs.len() + self.queue.len()).min(MAX_GROUP);
        self.uncontended.store(state.expected <= 1, Ordering::Relaxed);
        state.limit = match committed {
            Err(Error::Busy(_)) => (jobs.len() / 2).max(1),
            Ok(()) | Err(_) => (state.limit * 2).min(MAX_GROUP),
        };
        match committed {
            Ok(()) => jobs.into_iter().for_each(|job| job.answer()),
            Err(error @ Error::Busy(_)) => {
                // Nothing was changed, so jobs that have time left are decided again.
                state.facts.forget();
                self.queue.put_back(jobs);
                fail_all(self.queue.take_failed(&error), &error, &self.counters);
            }
            Err(error) => {
                state.facts.forget();
                fail_all(jobs, &error, &self.counters);
            }
        }
    }
}

fn fail_all(jobs: Vec<Box<dyn Job>>, error: &Error, counters: &Counters) {
    counters.count_failed(error, jobs.len());
    jobs.into_iter().for_each(|job| job.fail(error));
}

/// Decides the jobs of a group in order, and commits their changes in one transaction.
///
/// # Errors
/// Why nothing was committed. The jobs have no valid outcome then.
fn commit_group(
    state: &mut WriterState,
    jobs: &mut [Box<dyn Job>],
    clock: &dyn Clock,
    counters: &Counters,
) -> Result<(), Error> {
    let WriterState { store, facts, sweep, .. } = state;
    let mut keys = Keys::default();
    jobs.iter().for_each(|job| job.needs(&mut keys));
    let started = Instant::now();
    if store.begin()? == OtherWrites::Possible {
        facts.mark_stale();
    }
    let now = clock.now();
    let mut loads = Loads::missing(&keys, facts);
    sweep.add_load(&mut loads, keys.keys.len(), now);
    loads.read(facts, &store.load(loads.statements())?)?;
    if facts.take_edition_changed() {
        let loads = Loads::users_and_products(&keys, facts);
        loads.read(facts, &store.load(loads.statements())?)?;
    }
    let replayed = facts.replayed_orders();
    if !replayed.is_empty() {
        let loads = Loads::orders(&replayed);
        loads.read(facts, &store.load(loads.statements())?)?;
    }
    // A server told the time when the transaction began, with the first load.
    let now = store.time().unwrap_or(now);
    facts.clock_time = now;
    let mut ended_chains = Vec::new();
    jobs.iter_mut().for_each(|job| job.decide(facts, now, &mut ended_chains));
    sweep.delete_expired(facts, now);
    let changes = facts.changes();
    facts.check_invariants()?;
    if !changes.is_empty() {
        store.commit(&changes)?;
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters.pages.fetch_add(store.pages(), Ordering::Relaxed);
        counters.committed.notify();
    }
    // Only now, since a group that was not committed may be decided again.
    ended_chains.iter().for_each(Chain::end);
    facts.mark_stored();
    counters.count_group(jobs.len(), started.elapsed());
    Ok(())
}

/// Drops the queued jobs when the writer's thread ends, so that their callers are answered.
struct AbandonOnDrop<'a>(&'a Queue);

impl Drop for AbandonOnDrop<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}
