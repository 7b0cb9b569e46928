//! The relay: delivers the events of a store to a sink, at least once, in order per subject, in parallel
//! between subjects, without ever relay_state in the way of an order.
//!
//! Any number of relays may run on a store, in any processes. One of them holds the lease on the outbox and
//! delivers; the others stand by and take over when it ends or dies. What it may mark is decided in the
//! transaction that marks it: a relay whose lease another has taken marks nothing any more.
//!
//! Events come from committed rows only, which the store shows to readers when their commit was synced, and the
//! log of a store is synced before anything is read from it: so no event is told that a power cut could take back.
//!
//! [`Options`] say how to deliver. Within, `window` knows which event may go next, `pool` waits for the sink,
//! `reading` reads the store, and `run` brings them together.

mod options;
mod pool;
mod reading;
mod run;
mod window;

pub use options::{Notice, Options};

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Sink;
use crate::Commerce;
use crate::error::{Cause, Error};

/// A relay at work. It ends when it is stopped or dropped.
pub struct Relay {
    shop: Commerce,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// What a relay has done so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether it is the one that delivers.
    pub active: bool,
    /// Events that were accepted.
    pub delivered: u64,
    /// Attempts that were refused.
    pub refused: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Why nothing can be delivered, or nothing marked as delivered, at present.
    pub error: Option<String>,
    /// Whether the receiver wants no events any more.
    pub gone: bool,
    /// Whether [`Relay::once`] left something undelivered, or has not ended yet.
    pub left: bool,
}

#[derive(Default)]
struct Shared {
    stop: AtomicBool,
    active: AtomicBool,
    gone: AtomicBool,
    left: AtomicBool,
    delivered: AtomicU64,
    refused: AtomicU64,
    dead: AtomicU64,
    error: Mutex<Option<String>>,
    failure: Mutex<Option<Error>>,
}

impl Relay {
    /// Starts delivering. It ends by itself only when the receiver wants no events any more, or the store is gone
    /// ([`Error::Gone`]). A store that fails otherwise is tried again, at growing intervals.
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn start(shop: &Commerce, sink: Box<dyn Sink>, options: Options) -> Result<Self, Error> {
        Self::run(shop, sink, options, false)
    }

    /// Starts delivering what is pending now. It ends by itself when each of these events that is due was
    /// delivered, or tried once in vain, and when the store fails: see [`Relay::failure`].
    ///
    /// # Errors
    /// When no thread can be had.
    pub fn once(shop: &Commerce, sink: Box<dyn Sink>, options: Options) -> Result<Self, Error> {
        Self::run(shop, sink, options, true)
    }

    fn run(shop: &Commerce, sink: Box<dyn Sink>, options: Options, once: bool) -> Result<Self, Error> {
        let shared = Arc::new(Shared { left: once.into(), ..Shared::default() });
        let run = run::Run::new(shop.clone(), sink.into(), options, shared.clone(), once)?;
        let thread = std::thread::Builder::new().name("commerce-relay".into());
        let thread = thread
            .spawn(move || run.run())
            .map_err(|e| Error::Store(Cause::new(format!("no thread: {e}"), e)))?;
        Ok(Self { shop: shop.clone(), shared, thread: Mutex::new(Some(thread)) })
    }

    /// Asks it to end. What is on its way is waited for, a little, and marked.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shop.notify();
    }

    /// Waits until it has ended.
    pub fn wait(&self) -> Status {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // One that panicked has ended too.
            let _ = thread.join();
        }
        self.status()
    }

    /// Why it ended before its time, if it did: the store failed.
    pub fn failure(&self) -> Option<Error> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has done so far.
    pub fn status(&self) -> Status {
        let (of, is) = (
            |count: &AtomicU64| count.load(Ordering::Relaxed),
            |flag: &AtomicBool| flag.load(Ordering::Relaxed),
        );
        let shared = &self.shared;
        Status {
            active: is(&shared.active),
            delivered: of(&shared.delivered),
            refused: of(&shared.refused),
            dead: of(&shared.dead),
            error: shared.error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            gone: is(&shared.gone),
            left: is(&shared.left),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
        self.wait();
    }
}
