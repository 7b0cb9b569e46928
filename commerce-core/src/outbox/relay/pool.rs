//! The threads that wait for the sink, so that the relay's own thread never does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;
use crate::error::{Cause, Error};
use crate::number::EventId;
use crate::outbox::sink::{Failure, Message, Sink};

/// Events in flight, sent under this term of the lease.
pub(super) struct Job {
    pub(super) term: i64,
    pub(super) events: Vec<EventId>,
    pub(super) messages: Vec<Message>,
}

/// A job and its outcome.
pub(super) type Done = (Job, Result<(), Failure>);

/// One thread for each delivery that the sink accepts at a time. The threads end with the pool.
pub(super) struct Pool {
    jobs: Sender<Job>,
    done: Receiver<Done>,
}

impl Pool {
    pub(super) fn start(sink: &Arc<dyn Sink>, shop: &Engine) -> Result<Self, Error> {
        let (jobs, queue) = channel::<Job>();
        let (outcomes, done) = channel();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..sink.parallel().max(1) {
            let (queue, outcomes, sink) = (queue.clone(), outcomes.clone(), sink.clone());
            let wake = shop.notifier();
            let work = move || {
                loop {
                    let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(job) = next else { break };
                    let outcome = catch_unwind(AssertUnwindSafe(|| sink.deliver(&job.messages)))
                        .unwrap_or_else(|_| Err(Failure::refused("the sink panicked")));
                    if outcomes.send((job, outcome)).is_err() {
                        break;
                    }
                    wake();
                }
            };
            let thread = std::thread::Builder::new().name("commerce-sink".into());
            thread
                .spawn(work)
                .map_err(|e| Error::Store(Cause::new(format!("no thread for the sink: {e}"), e)))?;
        }
        Ok(Self { jobs, done })
    }

    pub(super) fn send(&self, job: Job) {
        // The threads outlive this sender.
        let _ = self.jobs.send(job);
    }

    pub(super) fn done(&self) -> Option<Done> {
        self.done.try_recv().ok()
    }
}
