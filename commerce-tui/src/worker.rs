//! The threads that perform effects on the engine, so that the store never blocks the screen. Their results come back
//! as events.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{Builder, panicking};
use std::time::{Duration, Instant};

use commerce_core::{Caller, Commerce, Connection};

use crate::effect::{Command, Request, Response};
use crate::engine::{Outcome, run_query, start_command};
use crate::update::Event;

/// The threads of a console. When it is dropped, each ends after the query or command that it is running.
pub struct Worker {
    requests: Arc<RequestQueue>,
    commands: Sender<Command>,
    stop: Arc<AtomicBool>,
}

/// Requests that wait for a reader. A newer request replaces an older one of the same topic.
#[derive(Default)]
struct RequestQueue {
    waiting: Mutex<VecDeque<Request>>,
    added: Condvar,
}

/// Stops the console if the thread that holds it panics.
struct StopOnPanic(Sender<Event>);

/// Whether a thread of a console has panicked.
pub fn has_panicked() -> bool {
    PANICKED.load(Ordering::SeqCst)
}

static PANICKED: AtomicBool = AtomicBool::new(false);

/// How many threads run queries on a file.
const READERS: usize = 2;

/// How many run them on a store that is far away: the queries of most screens take one round trip together.
const REMOTE_READERS: usize = 4;

/// How often the version of a file is checked.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// How long to wait for a change on a server before looking whether the connection was lost or the console closed. This sends
/// nothing.
const REMOTE_WAIT: Duration = Duration::from_millis(250);

/// How often the version is checked while the store is unavailable.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

impl Worker {
    /// Starts the threads. They submit operations for `caller`, and send to `events`.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn start(shop: &Commerce, caller: Caller, events: &Sender<Event>) -> io::Result<Self> {
        let (requests, stop) = (Arc::<RequestQueue>::default(), Arc::<AtomicBool>::default());
        let (commands, queue) = channel();
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let guard = StopOnPanic(events.clone());
            Builder::new().name(name.into()).spawn(move || {
                let _guard = guard;
                work();
            })
        };
        let readers = if shop.is_remote() { REMOTE_READERS } else { READERS };
        for _ in 0..readers {
            let (shop, requests, stop, events) =
                (shop.clone(), requests.clone(), stop.clone(), events.clone());
            spawn("console-reader", Box::new(move || run_queries(&shop, &requests, &stop, &events)))?;
        }
        let (writer_shop, (submitted, outcomes), outcome_events) = (shop.clone(), channel(), events.clone());
        spawn(
            "console-writer",
            Box::new(move || submit_commands(&writer_shop, &caller, &queue, &submitted)),
        )?;
        spawn("console-outcomes", Box::new(move || await_outcomes(&outcomes, &outcome_events)))?;
        let (watched_shop, watcher_events, watcher_stop) = (shop.clone(), events.clone(), stop.clone());
        spawn("console-watch", Box::new(move || watch(&watched_shop, &watcher_stop, &watcher_events)))?;
        Ok(Self { requests, commands, stop })
    }

    /// Runs a query as soon as a reader is free.
    pub fn query(&self, request: Request) {
        let mut waiting = self.requests.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|older| older.query.topic() != request.query.topic());
        waiting.push_back(request);
        self.requests.added.notify_one();
    }

    /// Submits a command after those before it.
    pub fn execute(&self, command: Command) {
        // If the thread has panicked, the console is already stopping.
        let _ = self.commands.send(command);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.requests.added.notify_all();
    }
}

impl Drop for StopOnPanic {
    fn drop(&mut self) {
        if panicking() {
            PANICKED.store(true, Ordering::SeqCst);
            let _ = self.0.send(Event::Stop);
        }
    }
}

impl RequestQueue {
    /// Waits for a request; none once the worker stops.
    fn next(&self, stop: &AtomicBool) -> Option<Request> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            match waiting.pop_front() {
                Some(request) => return Some(request),
                None => waiting = self.added.wait(waiting).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

fn run_queries(shop: &Commerce, requests: &RequestQueue, stop: &AtomicBool, events: &Sender<Event>) {
    while let Some(Request { id, query }) = requests.next(stop) {
        let started = Instant::now();
        let answer = run_query(shop, &query);
        let response = Response { id, elapsed: started.elapsed(), answer };
        if events.send(Event::Answered(Box::new(response))).is_err() {
            return;
        }
    }
}

/// Submits commands, without waiting for those before them.
fn submit_commands(
    shop: &Commerce,
    caller: &Caller,
    commands: &Receiver<Command>,
    submitted: &Sender<(u64, Outcome)>,
) {
    for command in commands {
        let id = command.id;
        // If the thread that waits has panicked, the console is already stopping.
        if submitted.send((id, start_command(shop, caller, command))).is_err() {
            return;
        }
    }
}

fn await_outcomes(submitted: &Receiver<(u64, Outcome)>, events: &Sender<Event>) {
    for (id, outcome) in submitted {
        if events.send(Event::Completed(id, Box::new(outcome()))).is_err() {
            return;
        }
    }
}

/// Waits for commits, and reports them, whether the store can be read, and whether it syncs its commits. It reads no table.
fn watch(shop: &Commerce, stop: &AtomicBool, events: &Sender<Event>) {
    let (mut last, mut is_away, mut synced) = (shop.known_version().ok(), false, true);
    let mut failed = false;
    while !stop.load(Ordering::Relaxed) {
        let version = match last {
            // A server is asked at an interval of its own, together with all others who wait.
            Some(last) if shop.is_remote() && !failed => shop.wait(last, REMOTE_WAIT),
            _ => shop.version(),
        };
        let trouble = match shop.connection() {
            // A wait goes on while the server of a shop is away.
            Connection::Lost { reason, .. } => Some(Event::ConnectionLost(reason)),
            Connection::Refused(error) => Some(Event::StoreUnavailable(error)),
            _ => version.as_ref().err().map(|error| Event::StoreUnavailable(error.clone())),
        };
        let (was_away, changed) = (is_away, version.as_ref().is_ok_and(|version| last != Some(*version)));
        is_away = trouble.is_some();
        let event = match trouble {
            None if was_away => Some(Event::StoreAvailable),
            None => changed.then_some(Event::StoreChanged),
            trouble => trouble,
        };
        failed = version.is_err();
        // What was committed while the store was away is read when it is back.
        last = version.ok().or(last);
        let sync = (shop.is_synced() != synced).then(|| Event::StoreSynced(!synced));
        synced ^= sync.is_some();
        if event.into_iter().chain(sync).any(|event| events.send(event).is_err()) {
            return;
        }
        if failed {
            std::thread::sleep(RETRY_INTERVAL);
        } else if !shop.is_remote() {
            std::thread::sleep(POLL_INTERVAL);
        }
    }
}
