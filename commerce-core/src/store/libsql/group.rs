//! Groups of reads: what several threads ask at the same time is sent as one request. There is no thread for this. Whoever
//! finds a free place sends everything that waits, hands out the answers, and wakes the next.
//!
//! A read is never answered by a request that was sent before it was asked. So each reader sees its own writes, and every
//! write that was acknowledged before.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::{CLOSE_TIMEOUT, Client, Stream};
use super::failure::Failure;
use super::hrana::Steps;
use super::newest::Version;
use super::state::{STATE, ServerState};
use crate::row::{Rows, Statement, Value};

/// The groups of one server.
pub(super) struct Groups {
    state: Mutex<State>,
    client: Arc<Client>,
    /// The state of the server, whose time is asked for now and then.
    server: Option<Arc<ServerState>>,
}

/// The answer to a read.
pub(super) struct Reply {
    /// The rows of each statement.
    pub(super) rows: Vec<Rows>,
    /// The state of the primary after the read. The rows can be older.
    pub(super) version: Option<Version>,
}

struct State {
    waiting: VecDeque<Arc<Entry>>,
    /// The streams of the places that are free.
    free: Vec<Stream>,
    in_flight: usize,
    /// When the last request was sent, or will be.
    sent_at: Instant,
    /// How long the last answer took.
    round_trip: Duration,
}

/// What one thread asks.
struct Entry {
    statements: Vec<Statement>,
    progress: Mutex<Progress>,
    woken: Condvar,
}

enum Progress {
    Waiting,
    /// Waiting to be sent by itself, since a group with it failed.
    WaitingAlone,
    Sent,
    Done(Result<Reply, Failure>),
    /// The thread has given up.
    Abandoned,
}

/// The number of requests in flight. With more, groups would be smaller, and a request costs a server as much as some
/// dozen statements.
const PLACES: usize = 3;

/// When no request has returned for this long, what waits is sent all the same: those in flight may be lost, or slow. A
/// server has 128 streams for all its clients.
const OVERDUE: Duration = Duration::from_millis(500);
const MAX_IN_FLIGHT: usize = 16;

/// The time between two requests in flight, as a part of the round trip, and its bounds. With requests evenly spread, a
/// read that comes while others are under way waits for a part of a round trip until it is sent. Without this, the first
/// reads to come would take all places by themselves, and the many that follow would wait for one of these to return.
const SPREAD: u32 = PLACES as u32 + 1;
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(5);

/// The most reads in a group. The server runs them one after another.
const MAX_READS: usize = 64;

/// The most bytes of statements and values in a group. Proxies before a server often refuse 1 MB.
const MAX_BYTES: usize = 256 << 10;

/// The least time-out of a request.
const MIN_TIMEOUT: Duration = Duration::from_millis(100);

impl Groups {
    pub(super) fn new(client: &Arc<Client>, server: Option<Arc<ServerState>>) -> Self {
        let free = (0..PLACES).map(|_| Stream::new(client.clone())).collect();
        let (waiting, sent_at, round_trip) = (VecDeque::new(), Instant::now(), Duration::ZERO);
        let state = State { waiting, free, in_flight: 0, sent_at, round_trip };
        Self { state: Mutex::new(state), client: client.clone(), server }
    }

    /// Reads these statements from one snapshot. Without statements, the answer is the state of the primary alone.
    pub(super) fn ask(&self, statements: &[Statement], timeout: Duration) -> Result<Reply, Failure> {
        let deadline = Instant::now() + timeout;
        let entry = Arc::new(Entry::new(statements));
        let mut state = self.lock();
        state.waiting.push_back(entry.clone());
        loop {
            if let Some(answer) = entry.take_answer() {
                return answer;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let pause = if entry.is_waiting() { state.until_free() } else { left };
            if pause.is_zero() && entry.is_waiting() {
                state = self.lead(state, left.max(MIN_TIMEOUT));
            } else if left.is_zero() {
                state.abandon(&entry);
                return Err(Failure::NoAnswer("it did not answer in time".into()));
            } else {
                let waited = entry.woken.wait_timeout(state, left.min(pause));
                state = waited.unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }

    /// Sends the next group and hands out its answers.
    fn lead<'a>(&'a self, mut state: MutexGuard<'a, State>, timeout: Duration) -> MutexGuard<'a, State> {
        let mut stream = state.free.pop().unwrap_or_else(|| Stream::new(self.client.clone()));
        let pause = state.schedule();
        state.in_flight += 1;
        if !pause.is_zero() {
            drop(state);
            std::thread::sleep(pause);
            state = self.lock();
        }
        let group = state.next_group();
        if group.is_empty() {
            state.put_back(stream);
            return state;
        }
        drop(state);
        let sent_at = Instant::now();
        let sent = send(&mut stream, &group, self.server.as_deref(), timeout);
        let mut state = self.lock();
        state.put_back(stream);
        state.round_trip = sent_at.elapsed();
        match sent {
            Ok(replies) => group.iter().zip(replies).for_each(|(entry, reply)| entry.finish(reply)),
            Err(Failure::TooLarge | Failure::Server(_)) if group.len() > 1 => state.split(group),
            Err(failure) => group.iter().for_each(|entry| entry.finish(Err(failure.clone()))),
        }
        state.wake_next();
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How long to wait for a place, unless one becomes free before.
    fn until_free(&self) -> Duration {
        match self.in_flight {
            _ if !self.free.is_empty() => Duration::ZERO,
            0..MAX_IN_FLIGHT => OVERDUE.saturating_sub(self.sent_at.elapsed()),
            _ => Duration::MAX,
        }
    }

    fn put_back(&mut self, stream: Stream) {
        self.in_flight -= 1;
        if self.free.len() < PLACES {
            self.free.push(stream);
        }
    }

    /// The time until the next request is sent: none if no other is in flight.
    fn schedule(&mut self) -> Duration {
        let now = Instant::now();
        let pause = match self.in_flight {
            0 => Duration::ZERO,
            _ => (self.round_trip / SPREAD).clamp(MIN_PAUSE, MAX_PAUSE),
        };
        self.sent_at = now.max(self.sent_at + pause);
        self.sent_at - now
    }

    /// Takes what waits, as far as it fits into one group.
    fn next_group(&mut self) -> Vec<Arc<Entry>> {
        let (mut group, mut bytes) = (Vec::new(), 0);
        while let Some(entry) = self.waiting.front() {
            let alone = matches!(*entry.progress(), Progress::WaitingAlone);
            bytes += entry.size();
            if !group.is_empty() && (alone || bytes > MAX_BYTES) {
                break;
            }
            *entry.progress() = Progress::Sent;
            group.extend(self.waiting.pop_front());
            if alone || group.len() == MAX_READS {
                break;
            }
        }
        group
    }

    /// Lets each read of a group wait again, to be sent by itself.
    fn split(&mut self, group: Vec<Arc<Entry>>) {
        for entry in group.into_iter().rev() {
            let sent = matches!(*entry.progress(), Progress::Sent);
            if sent {
                *entry.progress() = Progress::WaitingAlone;
                self.waiting.push_front(entry);
            }
        }
    }

    fn abandon(&mut self, entry: &Arc<Entry>) {
        *entry.progress() = Progress::Abandoned;
        self.waiting.retain(|waiting| !Arc::ptr_eq(waiting, entry));
        self.wake_next();
    }

    /// Wakes a thread for each free place.
    fn wake_next(&self) {
        self.waiting.iter().take(self.free.len()).for_each(|entry| entry.woken.notify_one());
    }
}

impl Entry {
    fn new(statements: &[Statement]) -> Self {
        let progress = Mutex::new(Progress::Waiting);
        Self { statements: statements.to_vec(), progress, woken: Condvar::new() }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_waiting(&self) -> bool {
        matches!(*self.progress(), Progress::Waiting | Progress::WaitingAlone)
    }

    fn take_answer(&self) -> Option<Result<Reply, Failure>> {
        let mut progress = self.progress();
        match std::mem::replace(&mut *progress, Progress::Abandoned) {
            Progress::Done(answer) => Some(answer),
            other => {
                *progress = other;
                None
            }
        }
    }

    fn finish(&self, answer: Result<Reply, Failure>) {
        *self.progress() = Progress::Done(answer);
        self.woken.notify_one();
    }

    fn size(&self) -> usize {
        let value = |value: &Value| match value {
            Value::Text(text) => text.len(),
            Value::Null | Value::Integer(_) => 8,
        };
        let values = |statement: &Statement| statement.values.iter().map(value).sum::<usize>();
        self.statements.iter().map(|statement| statement.sql.len() + values(statement)).sum()
    }
}

/// Sends a group, and returns the answers in its order. While there is more than one reader, the stream stays open, which
/// saves the server from opening the database for each request.
fn send(
    stream: &mut Stream,
    group: &[Arc<Entry>],
    server: Option<&ServerState>,
    timeout: Duration,
) -> Result<Vec<Result<Reply, Failure>>, Failure> {
    let mut steps = Steps::default();
    for entry in group {
        match &entry.statements[..] {
            [statement] => steps.read_alone(statement),
            [] => {}
            statements => steps.read_together(statements),
        }
    }
    let (server, question) = (server.filter(|server| server.is_stale()), Statement::new(STATE, []));
    if server.is_some() {
        steps.read_alone(&question);
    }
    stream.refresh();
    let asked = server.map(|server| (server, server.sent()));
    let keep = group.len() > 1 || stream.is_open();
    let sent = stream.read(steps, keep, timeout);
    if sent.is_err() {
        // A group that was broken off can have left its transaction open.
        stream.close(CLOSE_TIMEOUT);
    }
    let results = sent?;
    let version = results.version;
    let mut steps = results.into_steps();
    let reply = |entry: &Arc<Entry>| {
        let rows = match entry.statements.len() {
            0 => Ok(Vec::new()),
            1 => steps.next_rows().map(|rows| vec![rows]),
            count => steps.next_together(count),
        };
        rows.map(|rows| Reply { rows, version })
    };
    let replies = group.iter().map(reply).collect();
    if let (Some((server, asked)), Ok(rows)) = (asked, steps.next_rows()) {
        // Without a time the reads are as good.
        let _ = server.read_time(&rows, asked);
    }
    Ok(replies)
}
