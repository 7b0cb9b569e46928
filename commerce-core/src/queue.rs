//! The queue of jobs for the writer: first come, first served, up to a fixed capacity.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::error::Error;
use crate::job::Job;
use crate::store::Linger;

/// Jobs that wait for the writer.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
}

struct State {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
    /// The queue length that wakes the writer's thread.
    wake_at: usize,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { jobs: VecDeque::new(), closed: false, wake_at: 1 };
        Self { state: Mutex::new(state), arrived: Condvar::new(), capacity }
    }

    /// Queues a job, or fails it at once when the queue is full or closed. The writer's thread is not woken before
    /// [`Queue::wake_writer`].
    ///
    /// # Errors
    /// The error that the job failed with.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<(), Error> {
        let mut state = self.lock();
        let error = if state.closed {
            Error::Closed
        } else if state.jobs.len() >= self.capacity {
            Error::Busy("too many operations are waiting".into())
        } else {
            state.jobs.push_back(job);
            return Ok(());
        };
        drop(state);
        job.fail(&error);
        Err(error)
    }

    /// Wakes the writer's thread if there are as many jobs as it waits for.
    pub(crate) fn wake_writer(&self) {
        let mut state = self.lock();
        if state.jobs.len() >= state.wake_at {
            state.wake_at = usize::MAX;
            self.arrived.notify_one();
        }
    }

    /// Accepts no more jobs. Queued jobs are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Accepts no more jobs and drops the queued ones.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Waits for a job, and then lingers until there are as many as expected. False when the queue is closed and empty.
    pub(crate) fn wait(&self, expected: usize, linger: Linger) -> bool {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return false;
            }
            state.wake_at = 1;
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let until = Instant::now() + linger.longest;
        while state.jobs.len() < expected && !state.closed {
            let left = until.saturating_duration_since(Instant::now()).min(linger.gap);
            if left.is_zero() {
                break;
            }
            let count = state.jobs.len();
            state.wake_at = expected;
            let waited = self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
            if waited.1.timed_out() && state.jobs.len() == count {
                break;
            }
        }
        true
    }

    /// The deadline of the first job.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.lock().jobs.front().map(|job| job.deadline())
    }

    /// Takes the first jobs, at most `limit`.
    pub(crate) fn take(&self, limit: usize) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        let count = state.jobs.len().min(limit);
        state.jobs.drain(..count).collect()
    }

    /// Puts jobs back to the front of the queue.
    pub(crate) fn put_back(&self, jobs: Vec<Box<dyn Job>>) {
        let mut state = self.lock();
        jobs.into_iter().rev().for_each(|job| state.jobs.push_front(job));
    }

    /// Takes the jobs that an error fails: after [`Error::Busy`] those past their deadline, after any other error all.
    pub(crate) fn take_failed(&self, error: &Error) -> Vec<Box<dyn Job>> {
        let (mut state, now) = (self.lock(), Instant::now());
        let busy = matches!(error, Error::Busy(_));
        let count = state.jobs.iter().take_while(|job| !busy || job.deadline() <= now).count();
        state.jobs.drain(..count).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
