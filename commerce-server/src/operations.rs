//! `POST /v1/operations`: operations as lines. The lines of a request are submitted together, so that they share groups, and
//! their results are sent in order as the groups commit. A client that goes away loses results, not effects: each request
//! has a task of its own, which performs all lines.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use axum::body::{Body, Bytes};
use axum::http::header::HeaderValue;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use commerce_core::{Access, Answer, Chain, Error, Pending, TextReply};
use http_body_util::channel::{Channel, Sender};
use tokio::sync::OwnedSemaphorePermit;

use crate::access::Caller;
use crate::budget::Reservation;
use crate::client::Client;
use crate::extract::{self, LONG_BODY};
use crate::headers::single;
use crate::line::{self, Line, Lines};
use crate::problem::{Problem, invalid};
use crate::response;
use crate::route::Permission;
use crate::server::{Server, id_text};

/// The most lines that are submitted before others get a turn on this thread, and the most bytes unless one is longer.
const PORTION: usize = 64;
const PORTION_BYTES: usize = 16 << 10;

/// The size in bytes at which results are sent although more are ready.
const RESULTS_BYTES: usize = 32 << 10;

/// Performs the lines of a body.
///
/// # Errors
/// A problem when the request itself is faulty or the server has no room for it. Nothing is done then.
pub(crate) async fn answer(
    server: &Arc<Server>,
    caller: &Caller,
    parts: &Parts,
    body: Body,
    id: &HeaderValue,
    client: &Client,
) -> Result<Response<Body>, Problem> {
    let mode = Mode::of(parts)?;
    if mode.trust_time && caller.authorize(Permission::Operation(Access::Operator)).is_err() {
        return Err(Problem::Forbidden("only an operator may give times"));
    }
    if single(&parts.headers, &extract::IDEMPOTENCY_KEY)?.is_some() {
        return Err(invalid(
            "",
            "the header Idempotency-Key is not accepted here; each line has its own key",
        ));
    }
    let (text, body_memory) = extract::collect(server, parts, body, client, &MEDIA_TYPES).await?;
    let permit = server.lines.requests.clone().try_acquire_owned();
    let permit = permit.map_err(|_| Error::Busy("too many requests of lines are under way".into()))?;
    let (sender, body) = Channel::new(1);
    let run = Run {
        server: server.clone(),
        client: client.clone(),
        caller: caller.clone(),
        request_id: id.clone(),
        chain: mode.chain(),
        mode,
        lines: Lines::new(text),
        body_memory,
        portion: Vec::new(),
        in_flight: VecDeque::new(),
        results: Results { text: Vec::new(), sender: Some(sender) },
        _permit: permit,
    };
    tokio::spawn(run.run());
    Ok(response::with_type(StatusCode::OK, MEDIA_TYPES[0], Body::new(body)))
}

/// The media types of lines; the first one is that of the results.
const MEDIA_TYPES: [&str; 3] = ["application/jsonl", "application/x-ndjson", "application/json"];

/// How the lines of a request depend on one another.
#[derive(Clone, Copy)]
struct Mode {
    /// Lines may have a time.
    trust_time: bool,
    /// The first line that is not done is the last one.
    stop_on_error: bool,
    /// Each line stands alone. Otherwise the first at which the store fails is the last one.
    independent: bool,
}

impl Mode {
    fn of(parts: &Parts) -> Result<Self, Problem> {
        extract::parameters(parts, |fields| {
            let (trust_time, stop_on_error) =
                (fields.optional("trust_time"), fields.optional("stop_on_error"));
            let independent = fields.optional("independent");
            let (trust_time, stop_on_error) = (trust_time?.unwrap_or(false), stop_on_error?.unwrap_or(false));
            let independent = fields.test("independent", independent, |independent| {
                match stop_on_error && independent.unwrap_or(false) {
                    true => Err("lines that stand alone do not stop at an error"),
                    false => Ok(()),
                }
            });
            Some(Self { trust_time, stop_on_error, independent: independent?.unwrap_or(false) })
        })
    }

    fn chain(self) -> Option<Chain> {
        match (self.independent, self.stop_on_error) {
            (true, _) => None,
            (false, true) => Some(Chain::new()),
            (false, false) => Some(Chain::until_store_fails()),
        }
    }

    /// Whether this outcome is the last one.
    fn ends_with(self, outcome: &Result<Answer<TextReply>, Problem>) -> bool {
        let Err(problem) = outcome else { return false };
        let is_decided = match problem {
            Problem::Engine(error) => matches!(error, Error::Refused(_) | Error::Invalid(_)),
            _ => true,
        };
        !self.independent && (self.stop_on_error || !is_decided)
    }
}

/// A request of lines under way.
struct Run {
    server: Arc<Server>,
    client: Client,
    caller: Caller,
    request_id: HeaderValue,
    mode: Mode,
    chain: Option<Chain>,
    lines: Lines,
    body_memory: Option<Reservation>,
    /// Lines that wait for room in the engine.
    portion: Vec<Line>,
    in_flight: VecDeque<InFlight>,
    results: Results,
    /// Held for as long as lines are performed, for which a shutdown waits.
    _permit: OwnedSemaphorePermit,
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

impl Run {
    async fn run(mut self) {
        loop {
            while self.submit_portion().await {
                // Other requests get a turn.
                tokio::task::yield_now().await;
            }
            let Some(InFlight { number, outcome, room: _room }) = self.in_flight.pop_front() else { break };
            let outcome = match outcome {
                Outcome::Pending(pending) => self.results.wait(&self.server, &self.client, pending).await,
                Outcome::Failed(problem) => Err(problem),
            };
            self.log(number, &outcome);
            self.results.add(number, &outcome);
            if self.results.text.len() >= RESULTS_BYTES {
                self.results.send(&self.server, &self.client).await;
            }
            if self.mode.ends_with(&outcome) {
                break;
            }
        }
        self.results.send(&self.server, &self.client).await;
    }

    /// Submits the next lines. Returns false when there are none, or there is no room for them before others are done.
    async fn submit_portion(&mut self) -> bool {
        if self.portion.is_empty() {
            self.portion = self.lines.take(PORTION, PORTION_BYTES);
        }
        if self.portion.is_empty() {
            self.lines = Lines::new(Vec::new());
            self.body_memory = None;
            return false;
        }
        let (submitted, client) = (&self.server.lines.submitted, self.client.key());
        let room = match submitted.try_reserve(&client, self.portion.len()) {
            Ok(room) => room,
            Err(_) if !self.in_flight.is_empty() => return false,
            // Only who holds no room waits for it.
            Err(_) => {
                self.results.send(&self.server, &self.client).await;
                submitted.reserve(&client, self.portion.len()).await
            }
        };
        for line in std::mem::take(&mut self.portion) {
            let outcome = self.submit(&line).await;
            let is_last = self.mode.stop_on_error && matches!(outcome, Outcome::Failed(_));
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
        let (text, trust_time) = (self.lines.text(line), self.mode.trust_time);
        let parsed = if text.len() <= LONG_BODY {
            line::parse(text, &self.caller, trust_time)
        } else {
            let (text, caller) = (text.to_vec(), self.caller.clone());
            let parse = move |_: &_| Ok(line::parse(&text, &caller, trust_time));
            let parsed = self.server.run_in(&self.server.pools.bodies, &self.client, parse).await;
            parsed.unwrap_or_else(|error| Err(error.into()))
        };
        match parsed {
            Ok(submission) => {
                let submission = match &self.chain {
                    Some(chain) => submission.chain(chain),
                    None => submission,
                };
                Outcome::Pending(self.server.shop.submit(submission).into_future())
            }
            Err(problem) => Outcome::Failed(problem),
        }
    }

    /// Logs a failure of the store, whose details clients are not told.
    fn log(&self, number: u64, outcome: &Result<Answer<TextReply>, Problem>) {
        let Err(problem) = outcome else { return };
        self.server.metrics.count_problem(problem.code());
        if problem.status().is_server_error() {
            let (request_id, token) = (id_text(&self.request_id), self.client.token.as_deref());
            let (address, error) = (self.client.address, problem.detail());
            tracing::error!(request_id, token, %address, line = number, error, "a line failed");
        }
    }
}

/// The results that are written and not sent.
struct Results {
    text: Vec<u8>,
    /// None once the client is gone.
    sender: Option<Sender<Bytes, Error>>,
}

impl Results {
    /// Waits for an outcome, after sending the results before it.
    async fn wait(
        &mut self,
        server: &Server,
        client: &Client,
        pending: Pending<TextReply>,
    ) -> Result<Answer<TextReply>, Problem> {
        let mut pending = pin!(pending);
        for is_again in [false, true] {
            if is_again {
                // The writer may be answering the rest of the group.
                tokio::task::yield_now().await;
            }
            let polled = std::future::poll_fn(|context| Poll::Ready(pending.as_mut().poll(context))).await;
            if let Poll::Ready(outcome) = polled {
                return outcome.map_err(Problem::from);
            }
        }
        self.send(server, client).await;
        pending.await.map_err(Problem::from)
    }

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
    }

    /// Sends what is written. While the client reads slowly, this waits.
    async fn send(&mut self, server: &Server, client: &Client) {
        let text = std::mem::take(&mut self.text);
        let Some(sender) = &mut self.sender else { return };
        let bytes = response::counted_unchecked(&server.memory.general, client, text.into());
        if !bytes.is_empty() && sender.send_data(bytes).await.is_err() {
            self.sender = None;
        }
    }
}
