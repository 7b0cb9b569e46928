//! Operations that wait for the writer: first come, first served, and never more than it was made for.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::job::Job;

/// Operations that wait for the writer.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    capacity: usize,
}

struct State {
    jobs: VecDeque<Box<dyn Job>>,
    closed: bool,
    /// How many jobs the writer's thread waits for: only that arrival wakes it.
    wanted: usize,
}

impl Queue {
    pub(crate) fn new(capacity: usize) -> Self {
        let state = State { jobs: VecDeque::new(), closed: false, wanted: 1 };
        Self { state: Mutex::new(state), arrived: Condvar::new(), capacity }
    }

    /// Queues a job, or fails it at once when there is no room. The writer's thread does not wake before
    /// [`Queue::announce`].
    ///
    /// # Errors
    /// What the job failed with.
    pub(crate) fn push(&self, job: Box<dyn Job>) -> Result<(), Error> {
        let mut state = self.lock();
        let error = if state.closed {
            Error::Closed
        } else if state.jobs.len() >= self.capacity {
            Error::Busy("too many operations are waiting")
        } else {
            state.jobs.push_back(job);
            return Ok(());
        };
        drop(state);
        job.fail(&error);
        Err(error)
    }

    /// Wakes the writer's thread if there are as many jobs as it waits for.
    pub(crate) fn announce(&self) {
        let mut state = self.lock();
        if state.jobs.len() >= state.wanted {
            state.wanted = usize::MAX;
            self.arrived.notify_one();
        }
    }

    /// No more jobs are taken; those that are queued are still done.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Takes no more jobs and drops those that are queued: nobody will do them.
    pub(crate) fn abandon(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.jobs.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().jobs.len()
    }

    /// Waits for a job, then a little for as many as expected. False when closed and empty.
    pub(crate) fn wait(&self, expected: usize, patience: Duration) -> bool {
        let mut state = self.lock();
        while state.jobs.is_empty() {
            if state.closed {
                return false;
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
        true
    }

    /// Until when the first job may wait.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.lock().jobs.front().map(|job| job.deadline())
    }

    /// Takes the first jobs.
    pub(crate) fn take(&self, most: usize) -> Vec<Box<dyn Job>> {
        let mut state = self.lock();
        let count = state.jobs.len().min(most);
        state.jobs.drain(..count).collect()
    }

    /// Puts jobs back to where they were taken from.
    pub(crate) fn put_back(&self, jobs: Vec<Box<dyn Job>>) {
        let mut state = self.lock();
        jobs.into_iter().rev().for_each(|job| state.jobs.push_front(job));
    }

    /// The jobs that cannot wait any longer: those past their deadline, or all after a graver error.
    pub(crate) fn late(&self, error: &Error) -> Vec<Box<dyn Job>> {
        let (mut state, now) = (self.lock(), Instant::now());
        let busy = matches!(error, Error::Busy(_));
        let late = state.jobs.iter().take_while(|job| !busy || job.deadline() <= now).count();
        state.jobs.drain(..late).collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
