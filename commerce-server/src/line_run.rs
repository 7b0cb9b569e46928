//! Performs the lines of a request: submits them in portions, and sends their results in order.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::Bytes;
use axum::http::header::HeaderValue;
use commerce_core::{Answer, Chain, Error, Pending, TextReply};
use http_body_util::channel::Sender;
use tokio::sync::OwnedSemaphorePermit;

use crate::access::Caller;
use crate::budget::Reservation;
use crate::client::Client;
use crate::extract::LONG_BODY;
use crate::line::{self, Line, Lines};
use crate::line_mode::Mode;
use crate::problem::Problem;
use crate::response;
use crate::sequence::Place;
use crate::server::{Server, id_text};

/// The most lines that are submitted before others get a turn on this thread, and the most bytes unless one is longer.
const PORTION: usize = 64;
const PORTION_BYTES: usize = 16 << 10;

/// The size in bytes at which results are sent although more are ready.
const RESULTS_BYTES: usize = 32 << 10;

/// How many bytes of results may be in flight, as far as the results so far tell.
const UNSENT_BYTES: usize = 4 << 20;

/// Who has sent lines, and how.
pub(crate) struct Sent {
    pub(crate) server: Arc<Server>,
    pub(crate) client: Client,
    pub(crate) caller: Caller,
    pub(crate) request_id: HeaderValue,
    pub(crate) mode: Mode,
    /// Its place in the sequence of its sender, if that numbers its requests.
    pub(crate) place: Option<Place>,
    /// Held for as long as lines are performed, for which a shutdown waits.
    #[expect(dead_code, reason = "held for its destructor")]
    pub(crate) permit: OwnedSemaphorePermit,
}

/// A request of lines under way.
pub(crate) struct LineRun {
    sent: Sent,
    chain: Option<Chain>,
    lines: Lines,
    body_memory: Option<Reservation>,
    /// Lines that wait for room in the engine.
    portion: Vec<Line>,
    in_flight: VecDeque<InFlight>,
    results: Results,
    /// Whether a failure of the store was logged. The others of this request are like it.
    has_logged: bool,
}

/// A line whose result was not written yet.
struct InFlight {
    number: u64,
    outcome: Outcome,
    /// The room of a portion in the engine, with its last line.
    room: Option<Reservation>,
}

enum Outcome {
    Pending(Pending<TextReply>),
    /// The line was not submitted.
    Failed(Problem),
}

impl LineRun {
    pub(crate) fn new(
        sent: Sent,
        lines: Lines,
        body_memory: Option<Reservation>,
        sender: Sender<Bytes, Error>,
    ) -> Self {
        let (chain, portion, in_flight) = (sent.mode.chain(), Vec::new(), VecDeque::new());
        let results = Results { text: Vec::new(), usual_length: 0, sender: Some(sender) };
        Self { sent, chain, lines, body_memory, portion, in_flight, results, has_logged: false }
    }

    /// Performs all lines, and sends their results for as long as there is a client.
    pub(crate) async fn run(mut self) {
        loop {
            let is_submitting = self.submit_portion().await;
            if is_submitting {
                // Other requests get a turn.
                tokio::task::yield_now().await;
            }
            match self.collect(is_submitting).await {
                Collected::All if is_submitting => {}
                Collected::Some => {}
                Collected::All | Collected::Last => break,
            }
        }
        self.results.send(&self.sent).await;
    }

    /// Collects the results that are ready, and sends them. Without more lines to submit, this waits for results until there
    /// is room for lines.
    async fn collect(&mut self, is_submitting: bool) -> Collected {
        while let Some(InFlight { number, outcome, room }) = self.in_flight.pop_front() {
            let outcome = match outcome {
                Outcome::Failed(problem) => Err(problem),
                Outcome::Pending(mut pending) => match poll_twice(&mut pending).await {
                    Poll::Ready(outcome) => outcome.map_err(Problem::from),
                    Poll::Pending => {
                        self.results.send(&self.sent).await;
                        if is_submitting {
                            let outcome = Outcome::Pending(pending);
                            self.in_flight.push_front(InFlight { number, outcome, room });
                            return Collected::Some;
                        }
                        pending.await.map_err(Problem::from)
                    }
                },
            };
            let outcome = outcome.map_err(not_attempted);
            self.log(number, &outcome);
            self.results.add(number, &outcome);
            if self.results.text.len() >= RESULTS_BYTES {
                self.results.send(&self.sent).await;
            }
            if outcome.is_err_and(|problem| self.sent.mode.ends_at(&problem)) {
                return Collected::Last;
            }
            if room.is_some() && !is_submitting {
                return Collected::Some;
            }
        }
        Collected::All
    }

    /// Submits the next lines. Returns false when there are none, or there is no room for them before others are done.
    async fn submit_portion(&mut self) -> bool {
        if self.in_flight.len() * self.results.usual_length > UNSENT_BYTES {
            return false;
        }
        if self.portion.is_empty() {
            self.portion = self.lines.take(PORTION, PORTION_BYTES);
        }
        if self.portion.is_empty() {
            self.lines = Lines::new(Vec::new());
            self.body_memory = None;
            return false;
        }
        let (submitted, client) = (&self.sent.server.lines.submitted, self.sent.client.key());
        let room = match submitted.try_reserve(&client, self.portion.len()) {
            Ok(room) => room,
            Err(_) if !self.in_flight.is_empty() => return false,
            // Only who holds no room waits for it.
            Err(_) => {
                self.results.send(&self.sent).await;
                submitted.reserve(&client, self.portion.len()).await
            }
        };
        for line in std::mem::take(&mut self.portion) {
            let outcome = self.submit(&line).await;
            let is_last = match &outcome {
                Outcome::Failed(problem) => self.sent.mode.ends_at(problem),
                Outcome::Pending(_) => false,
            };
            self.in_flight.push_back(InFlight { number: line.0, outcome, room: None });
            if is_last {
                self.lines = Lines::new(Vec::new());
                break;
            }
        }
        if let Some(last) = self.in_flight.back_mut() {
            last.room = Some(room);
        }
        true
    }

    async fn submit(&mut self, line: &Line) -> Outcome {
        let (text, trust_time) = (self.lines.text(line), self.sent.mode.trust_time);
        let parsed = if text.len() <= LONG_BODY {
            line::parse(text, &self.sent.caller, trust_time)
        } else {
            let (text, caller) = (text.to_vec(), self.sent.caller.clone());
            let parse = move |_: &_| Ok(line::parse(&text, &caller, trust_time));
            let parsed =
                self.sent.server.run_in(&self.sent.server.pools.bodies, &self.sent.client, parse).await;
            parsed.unwrap_or_else(|error| Err(error.into()))
        };
        match parsed {
            Ok(submission) => {
                let submission = match &self.chain {
                    Some(chain) => submission.chain(chain),
                    None => submission,
                };
                let submit = || self.sent.server.shop.submit(submission).into_future();
                let submitted = match &self.sent.place {
                    Some(place) => place.unless_overtaken(submit),
                    None => Some(submit()),
                };
                submitted.map_or_else(|| Outcome::Failed(overtaken().into()), Outcome::Pending)
            }
            Err(problem) => Outcome::Failed(problem),
        }
    }

    /// Counts a problem, and logs the first failure of the store, whose details clients are not told.
    fn log(&mut self, number: u64, outcome: &Result<Answer<TextReply>, Problem>) {
        let Err(problem) = outcome else { return };
        self.sent.server.metrics.count_problem(problem.code());
        if problem.status().is_server_error() && !self.has_logged {
            self.has_logged = true;
            let (request_id, token) = (id_text(&self.sent.request_id), self.sent.client.token.as_deref());
            let (address, error) = (self.sent.client.address, problem.detail());
            tracing::error!(request_id, token, %address, line = number, error, "a line failed");
        }
    }
}

/// What a request is told whose sender has sent a later one.
pub(crate) fn overtaken() -> Error {
    Error::Busy("a later request of the same sender has arrived".into())
}

/// The results that are written and not sent.
struct Results {
    text: Vec<u8>,
    /// A moving average of the length of a result.
    usual_length: usize,
    /// None once the client is gone.
    sender: Option<Sender<Bytes, Error>>,
}

/// What there was to collect.
enum Collected {
    /// More is in flight.
    Some,
    /// Nothing is in flight any more.
    All,
    /// The last result of this request.
    Last,
}

/// Polls twice. In between, the writer may answer the rest of a group.
async fn poll_twice(pending: &mut Pending<TextReply>) -> Poll<Result<Answer<TextReply>, Error>> {
    let mut pending = pin!(pending);
    let first = poll_fn(|context| Poll::Ready(pending.as_mut().poll(context))).await;
    if first.is_ready() {
        return first;
    }
    tokio::task::yield_now().await;
    poll_fn(|context| Poll::Ready(pending.as_mut().poll(context))).await
}

/// A line was not attempted because one after it found no room in the engine while this one waited there.
fn not_attempted(problem: Problem) -> Problem {
    match problem {
        Problem::Engine(Error::Skipped) => Error::Busy("the line was not attempted".into()).into(),
        other => other,
    }
}

impl Results {
    fn add(&mut self, number: u64, outcome: &Result<Answer<TextReply>, Problem>) {
        if self.sender.is_none() {
            return;
        }
        let length = self.text.len();
        if let Err(error) = line::write_result(number, outcome, &mut self.text) {
            self.text.truncate(length);
            // A failure can be written.
            let _ = line::write_result(number, &Err(error.into()), &mut self.text);
        }
        self.usual_length = (7 * self.usual_length + self.text.len() - length) / 8;
    }

    /// Sends what is written. While the client reads slowly, this waits.
    async fn send(&mut self, sent: &Sent) {
        let text = std::mem::take(&mut self.text);
        let Some(sender) = &mut self.sender else { return };
        let bytes = response::counted_unchecked(&sent.server.memory.general, &sent.client, text.into());
        if !bytes.is_empty() && sender.send_data(bytes).await.is_err() {
            self.sender = None;
        }
    }
}
