//! Group commit: one thread takes what is queued, decides it over rows loaded once, commits it in one
//! transaction, and only then answers everybody. Throughput grows with load, since a group costs one sync.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, Invalid};
use crate::facts::{Facts, Keys};
use crate::id::Key;
use crate::operation::{Answer, AnyReply, Chain, Decide};
use crate::stats::Counters;
use crate::store::{Since, Store, load};
use crate::time::{Clock, Time};

/// The most operations of one group: it bounds how long others wait for their turn.
const GROUP: usize = 512;

/// The longest wait for callers that were just answered to come back and fill the next group.
const PATIENCE: Duration = Duration::from_millis(1);

/// An operation on its way.
pub(crate) struct Job {
    pub(crate) operation: Box<dyn Decide>,
    pub(crate) key: Option<Key>,
    pub(crate) at: Option<Time>,
    pub(crate) chain: Option<Chain>,
    pub(crate) deadline: Instant,
    pub(crate) answer: oneshot::Sender<Outcome>,
}

/// What a caller is told.
pub(crate) type Outcome = Result<Answer<AnyReply>, Error>;

/// Operations that wait for the writer.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
}

struct State {
    jobs: VecDeque<Job>,
    closed: bool,
    /// How many jobs the writer waits for: only that arrival wakes it.
    wanted: usize,
}

/// Runs until the queue is closed and empty.
pub(crate) fn run(mut store: Box<dyn Store>, queue: &Queue, clock: &dyn Clock, counters: &Counters) {
    // However this thread ends, nobody waits for it in vain.
    let _closing = Closing(queue);
    let (mut expected, mut patience) = (1, Duration::ZERO);
    let mut facts = Facts::default();
    while let Some(deadline) = queue.wait(expected, patience) {
        if let Err(error) = store.turn(deadline) {
            let late = queue.late(&error);
            answer_all(late, &error, counters);
            continue;
        }
        let jobs = queue.take(GROUP);
        let started = Instant::now();
        let outcomes = group(store.as_mut(), &mut facts, &jobs, clock, counters);
        store.end();
        counters.requests.store(store.requests(), Ordering::Relaxed);
        patience = (started.elapsed() / 4).min(PATIENCE);
        expected = (jobs.len() + queue.len()).min(GROUP);
        match outcomes {
            Ok(outcomes) => {
                for (job, outcome) in jobs.into_iter().zip(outcomes) {
                    // A caller that went away misses its answer, not its effect.
                    let _ = job.answer.send(outcome);
                }
            }
            Err(error @ Error::Busy(_)) => {
                // Nothing was changed, so those that have time left are decided anew.
                facts.forget();
                queue.put_back(jobs);
                answer_all(queue.late(&error), &error, counters);
            }
            Err(error) => {
                facts.forget();
                answer_all(jobs, &error, counters);
            }
        }
    }
}

fn answer_all(jobs: Vec<Job>, error: &Error, counters: &Counters) {
    if matches!(error, Error::Busy(_)) {
        counters.busy.fetch_add(jobs.len() as u64, Ordering::Relaxed);
    }
    for job in jobs {
        job.chain.iter().for_each(Chain::fail);
        let _ = job.answer.send(Err(error.clone()));
    }
}

/// Decides a group in order and commits it. Without a commit there are no outcomes.
fn group(
    store: &mut dyn Store,
    facts: &mut Facts,
    jobs: &[Job],
    clock: &dyn Clock,
    counters: &Counters,
) -> Result<Vec<Outcome>, Error> {
    let mut keys = Keys::default();
    for job in jobs {
        job.operation.needs(&mut keys);
        keys.keys.extend(job.key.clone());
    }
    let started = Instant::now();
    if store.begin()? == Since::Perhaps {
        facts.forget();
    }
    let loads = load::loads(&keys, facts);
    load::take(facts, &loads, &store.load(&loads)?);
    let replayed = facts.replayed_orders();
    if !replayed.is_empty() {
        let loads = load::order_loads(&replayed);
        load::take(facts, &loads, &store.load(&loads)?);
    }
    // The chains that a group breaks are whole again if the group is not committed.
    let whole: Vec<_> =
        jobs.iter().filter_map(|job| job.chain.as_ref()).filter(|chain| !chain.broken()).collect();
    let now = clock.now();
    let outcomes = jobs.iter().map(|job| decide(job, facts, now)).collect();
    let changes = facts.changes();
    if !changes.is_empty() {
        store.commit(&changes).inspect_err(|_| whole.iter().for_each(|chain| chain.mend()))?;
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters.pages.fetch_add(store.pages(), Ordering::Relaxed);
    }
    facts.settle();
    counters.group(jobs.len(), started.elapsed());
    Ok(outcomes)
}

fn decide(job: &Job, facts: &mut Facts, now: Time) -> Outcome {
    if job.chain.as_ref().is_some_and(Chain::broken) {
        return Err(Error::Skipped);
    }
    let when = |facts: &Facts| match job.at {
        None => Ok(now.max(facts.last.at)),
        Some(at) if at > now => Err(Invalid::at("/at", format!("must not be in the future, got {at}"))),
        Some(at) if at < facts.last.at => {
            let newest = facts.last.at;
            Err(Invalid::at("/at", format!("must not be before the newest stored time {newest}, got {at}")))
        }
        Some(at) => Ok(at),
    };
    let outcome = job.operation.decide(job.key.as_ref(), facts, &when);
    if outcome.is_err() {
        job.chain.iter().for_each(Chain::fail);
    }
    outcome
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        let state = State { jobs: VecDeque::new(), closed: false, wanted: 1 };
        Arc::new(Self { state: Mutex::new(state), arrived: Condvar::new(), capacity })
    }

    /// Queues a job, at once or not at all.
    pub(crate) fn push(&self, job: Job) -> Result<(), Error> {
        let mut state = self.lock();
        if state.closed {
            return Err(Error::Closed);
        }
        if state.jobs.len() >= self.capacity {
            return Err(Error::Busy("too many operations are waiting"));
        }
        state.jobs.push_back(job);
        if state.jobs.len() >= state.wanted {
            state.wanted = usize::MAX;
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// No more jobs are taken; those that are queued are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Waits for a job, then a little for as many as expected. The first one's deadline, or nothing when closed.
    fn wait(&self, expected: usize, patience: Duration) -> Option<Instant> {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return None;
            }
            state.wanted = 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + patience;
        while state.jobs.len() < expected && !state.closed {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state.wanted = expected;
            state = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        state.jobs.front().map(|job| job.deadline)
    }

    fn take(&self, most: usize) -> Vec<Job> {
        let mut state = self.lock();
        let count = state.jobs.len().min(most);
        state.jobs.drain(..count).collect()
    }

    /// Puts jobs back to where they were taken from.
    fn put_back(&self, jobs: Vec<Job>) {
        let mut state = self.lock();
        jobs.into_iter().rev().for_each(|job| state.jobs.push_front(job));
    }

    /// The jobs that cannot wait any longer: those past their deadline, or all after a graver error.
    fn late(&self, error: &Error) -> Vec<Job> {
        let (mut state, now) = (self.lock(), Instant::now());
        let busy = matches!(error, Error::Busy(_));
        let late = state.jobs.iter().take_while(|job| !busy || job.deadline <= now).count();
        state.jobs.drain(..late).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Closing<'a>(&'a Queue);

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.closed = true;
        state.jobs.clear();
    }
}
