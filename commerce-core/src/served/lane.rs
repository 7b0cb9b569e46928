//! A lane: one connection with one request in flight. What is submitted meanwhile travels in the next request together, so
//! that throughput grows with load although each request takes a round trip.
//!
//! A lane has a thread of its own. A caller that is alone sends on its own thread instead, which saves two context switches.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::entry::Entry;
use super::exchange::{exchange, take_batch};
use super::failure::Failure;
use super::sequence::Sequence;
use super::transport::Transport;
use crate::error::{Cause, Error};

/// A lane. It ends when it is closed.
pub(super) struct Lane(Arc<Shared>);

/// What all lanes of a shop share.
pub(super) struct Load {
    /// The number of operations that wait to be sent.
    waiting: AtomicUsize,
    /// The most that may wait.
    capacity: usize,
    /// Operations that were sent, requests that they were sent in, and operations that were answered `busy` here.
    pub(super) operations: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) busy: AtomicU64,
}

struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    sender: Mutex<Sender>,
    /// Whether the last request had one operation and no other was queued meanwhile.
    uncontended: AtomicBool,
    load: Arc<Load>,
}

#[derive(Default)]
struct Queue {
    entries: VecDeque<Entry>,
    closed: bool,
    /// The lane's thread, from the first time that it was needed.
    thread: Option<JoinHandle<()>>,
    /// Whether the thread waits to be woken.
    idle: bool,
}

/// What it takes to send. The thread that holds it sends.
struct Sender {
    transport: Transport,
    sequence: Sequence,
    buffer: Vec<u8>,
}

/// The pauses between attempts while the server does not answer.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

impl Load {
    pub(super) fn new(capacity: usize) -> Self {
        let zero = AtomicU64::default;
        Self { waiting: AtomicUsize::new(0), capacity, operations: zero(), groups: zero(), busy: zero() }
    }

    /// The number of operations that wait to be sent.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }
}

impl Lane {
    /// A lane of these connections, whose requests have this sequence.
    pub(super) fn new(transport: Transport, sequence: Sequence, load: &Arc<Load>) -> Self {
        Self(Arc::new(Shared {
            queue: Mutex::default(),
            arrived: Condvar::new(),
            sender: Mutex::new(Sender { transport, sequence, buffer: Vec::new() }),
            uncontended: AtomicBool::new(true),
            load: load.clone(),
        }))
    }

    /// Queues a submission, or fails it at once when the queue is full or closed. It is not sent before [`Lane::wake`] or
    /// [`Lane::send_or_wake`].
    pub(super) fn push(&self, entry: Entry) {
        let mut queue = self.0.queue();
        let error = if queue.closed {
            Error::Closed
        } else if self.0.load.waiting() >= self.0.load.capacity {
            self.0.load.busy.fetch_add(1, Ordering::Relaxed);
            Error::Busy("too many operations are waiting".into())
        } else {
            self.0.load.waiting.fetch_add(1, Ordering::Relaxed);
            queue.entries.push_back(entry);
            return;
        };
        drop(queue);
        entry.fail(error);
    }

    /// Sends what is queued on this thread if nobody is sending; otherwise leaves it to the lane's thread.
    pub(super) fn send_or_wake(&self) {
        if self.0.uncontended.load(Ordering::Relaxed)
            && let Ok(mut sender) = self.0.sender.try_lock()
        {
            self.0.send_batch(&mut sender);
        }
        self.wake();
    }

    /// Wakes the lane's thread if there is something to send, and starts it the first time.
    pub(super) fn wake(&self) {
        let mut queue = self.0.queue();
        if queue.entries.is_empty() {
            return;
        }
        if queue.idle {
            queue.idle = false;
            self.0.arrived.notify_one();
        }
        if queue.thread.is_none() {
            let shared = self.0.clone();
            let thread = std::thread::Builder::new().name("commerce-lane".into()).spawn(move || shared.run());
            match thread {
                Ok(thread) => queue.thread = Some(thread),
                Err(error) => {
                    let entries = std::mem::take(&mut queue.entries);
                    drop(queue);
                    self.0.load.waiting.fetch_sub(entries.len(), Ordering::Relaxed);
                    let error = Error::Store(Cause::of(error));
                    entries.into_iter().for_each(|entry| entry.fail(error.clone()));
                }
            }
        }
    }

    /// Accepts nothing more. What was submitted before is still sent, and answered by its deadline.
    pub(super) fn close(&self) {
        let mut queue = self.0.queue();
        queue.closed = true;
        self.0.arrived.notify_one();
    }

    /// Waits until a closed lane has answered everything.
    pub(super) fn join(&self) {
        let thread = self.0.queue().thread.take();
        if let Some(thread) = thread {
            // A thread that panicked has dropped what it was sending, which is answered by that.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// Sends until the lane is closed and empty.
    fn run(&self) {
        while self.wait() {
            // A thread that panicked while sending has left nothing half done here.
            let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            self.send_batch(&mut sender);
        }
    }

    /// Waits for something to send. False when the lane is closed and empty.
    fn wait(&self) -> bool {
        let mut queue = self.queue();
        while queue.entries.is_empty() {
            if queue.closed {
                return false;
            }
            queue.idle = true;
            queue = self.arrived.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        queue.idle = false;
        true
    }

    /// Takes a batch from the queue, and sends it until each of it is answered.
    fn send_batch(&self, sender: &mut Sender) {
        let batch = self.take();
        let count = batch.len();
        if count > 0 {
            self.load.operations.fetch_add(count as u64, Ordering::Relaxed);
            self.deliver(sender, batch);
        }
        self.uncontended.store(count <= 1 && self.queue().entries.is_empty(), Ordering::Relaxed);
    }

    /// Takes the first entries that can travel together. Those that are too late, or whose chain has ended, are answered here.
    fn take(&self) -> VecDeque<Entry> {
        let (mut late, mut skipped, now) = (Vec::new(), Vec::new(), Instant::now());
        let mut queue = self.queue();
        let before = queue.entries.len();
        while let Some(first) = queue.entries.front() {
            let other = match () {
                () if first.is_skipped() => &mut skipped,
                () if first.deadline <= now => &mut late,
                () => break,
            };
            other.extend(queue.entries.pop_front());
        }
        let batch = take_batch(&mut queue.entries);
        let taken = before - queue.entries.len();
        drop(queue);
        self.load.waiting.fetch_sub(taken, Ordering::Relaxed);
        self.load.busy.fetch_add(late.len() as u64, Ordering::Relaxed);
        late.into_iter().for_each(|entry: Entry| {
            entry.fail(Error::Busy("the server of the shop did not answer in time".into()))
        });
        skipped.into_iter().for_each(|entry: Entry| entry.fail(Error::Skipped));
        batch
    }

    /// Sends a batch, and what is left of it after a failure again, until each of it is answered.
    fn deliver(&self, sender: &mut Sender, mut batch: VecDeque<Entry>) {
        let mut pause = Duration::ZERO;
        while !batch.is_empty() {
            self.load.groups.fetch_add(1, Ordering::Relaxed);
            let result = exchange(&sender.transport, &mut sender.sequence, &mut batch, &mut sender.buffer);
            let failure = match result {
                Ok(()) => Failure::Lost("the server of the shop could not tell the outcome".into()),
                Err(failure) => failure,
            };
            if !failure.is_transient() {
                return fail_all(batch, &failure);
            }
            // A connection that was kept can be closed at any time, so the first new one is tried at once.
            if !matches!(failure, Failure::Lost(_)) {
                pause = pause.max(FIRST_PAUSE);
            }
            fail_late(&mut batch, &failure);
            if let Some(first) = batch.iter().map(|entry| entry.deadline).min() {
                std::thread::sleep(pause.min(first.saturating_duration_since(Instant::now())));
            }
            pause = (pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers all with the failure.
fn fail_all(batch: VecDeque<Entry>, failure: &Failure) {
    let (error, reason) = (failure.clone().into_error(), failure.reason());
    batch.into_iter().for_each(|entry| entry.give_up(error.clone(), &reason));
}

/// Answers those that are past their deadline. One in a chain ends it for those after it.
fn fail_late(batch: &mut VecDeque<Entry>, failure: &Failure) {
    let now = Instant::now();
    let (error, reason) = (failure.clone().into_error(), failure.reason());
    for entry in std::mem::take(batch) {
        if entry.is_skipped() {
            entry.give_up(Error::Skipped, &reason);
        } else if entry.deadline <= now {
            entry.give_up(error.clone(), &reason);
        } else {
            batch.push_back(entry);
        }
    }
}
