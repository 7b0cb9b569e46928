//! The relay delivers the events of a store to a sink: at least once, in order per subject, in parallel between
//! subjects, and without delaying orders.
//!
//! Any number of relays can run on a store, in any processes. One of them holds the lease on the outbox and delivers.
//! The others stand by and take over when it ends or dies. The transaction that settles events checks the lease, so a
//! relay that lost its lease settles nothing.
//!
//! Events come from committed rows only. A store shows a commit to readers after it is synced, and syncs a recovered
//! log before anything is read from it. So no event is delivered that a power cut could take back.
//!
//! [`Options`] say how to deliver. `window` decides which event may go next, `pool` waits for the sink,
//! `reading` reads the store, and `worker` connects them.

mod options;
mod pool;
mod reading;
mod window;
mod worker;

pub use options::{Notice, Options};

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Sink;
use crate::commerce::Commerce;
use crate::engine::Engine;
use crate::error::{Cause, Error};

/// A running relay. It ends when it is stopped or dropped.
pub struct Relay {
    shop: Engine,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The status of a relay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Whether this relay holds the lease and delivers.
    pub active: bool,
    /// The number of events that the sink accepted.
    pub delivered: u64,
    /// The number of attempts that the sink refused.
    pub refused: u64,
    /// Events that were given up.
    pub dead: u64,
    /// Why nothing can be delivered or settled now.
    pub error: Option<String>,
    /// Whether the receiver has ended delivery.
    pub gone: bool,
    /// Whether [`Relay::once`] left events undelivered, or has not ended yet.
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
    /// Starts delivering. The relay ends by itself only when the receiver ends delivery or the store is gone
    /// ([`Error::Gone`]). After other failures of the store it retries at growing intervals.
    ///
    /// # Errors
    /// [`Error::Store`] when a thread cannot be started, and [`Error::NotHere`] for a shop that is served elsewhere.
    pub fn start(shop: &Commerce, sink: Box<dyn Sink>, options: Options) -> Result<Self, Error> {
        Self::run(shop, sink, options, false)
    }

    /// Starts delivering what is pending now. The relay ends by itself when each of these events that is due was
    /// tried once, and when the store fails ([`Relay::failure`]).
    ///
    /// # Errors
    /// [`Error::Store`] when a thread cannot be started, and [`Error::NotHere`] for a shop that is served elsewhere.
    pub fn once(shop: &Commerce, sink: Box<dyn Sink>, options: Options) -> Result<Self, Error> {
        Self::run(shop, sink, options, true)
    }

    fn run(shop: &Commerce, sink: Box<dyn Sink>, options: Options, once: bool) -> Result<Self, Error> {
        let shop = shop.engine("a relay")?;
        let shared = Arc::new(Shared { left: once.into(), ..Shared::default() });
        let worker = worker::Worker::new(shop.clone(), sink.into(), options, shared.clone(), once)?;
        let thread = std::thread::Builder::new().name("commerce-relay".into());
        let thread = thread
            .spawn(move || worker.run())
            .map_err(|e| Error::Store(Cause::new(format!("a thread cannot be started: {e}"), e)))?;
        Ok(Self { shop: shop.clone(), shared, thread: Mutex::new(Some(thread)) })
    }

    /// Stops the relay. It waits briefly for deliveries in flight, and settles them.
    pub fn stop(&self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.shop.notify();
    }

    /// Waits until the relay has ended, and returns its last status.
    pub fn wait(&self) -> Status {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has ended too.
            let _ = thread.join();
        }
        self.status()
    }

    /// The failure of the store that ended the relay, if one did.
    pub fn failure(&self) -> Option<Error> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The present status.
    pub fn status(&self) -> Status {
        let (count, flag) = (
            |counter: &AtomicU64| counter.load(Ordering::Relaxed),
            |value: &AtomicBool| value.load(Ordering::Relaxed),
        );
        let shared = &self.shared;
        Status {
            active: flag(&shared.active),
            delivered: count(&shared.delivered),
            refused: count(&shared.refused),
            dead: count(&shared.dead),
            error: shared.error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            gone: flag(&shared.gone),
            left: flag(&shared.left),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop();
        self.wait();
    }
}
