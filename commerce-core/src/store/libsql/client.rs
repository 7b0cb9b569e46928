//! The HTTP client of one server: persistent connections, a time-out for each request, and errors by kind.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::http::StatusCode;

use super::failure::{Failed, Failure};
use super::hrana::{Answer, Answers, Pipeline, Request, Results, Steps};
use crate::error::Cause;
use crate::location::{Server, Url};
use crate::row::{Rows, Statement};

/// A client of one server.
pub(super) struct Client {
    agent: Agent,
    pub(super) url: Url,
    endpoint: String,
    token: Option<String>,
    requests: AtomicU64,
    newest: Arc<AtomicU64>,
    /// Whether this is a replica, which can be behind the primary.
    replica: bool,
}

/// A stream of requests that share one connection to the database, and so one transaction.
pub(super) struct Stream {
    client: Arc<Client>,
    baton: Option<String>,
    opened: Instant,
    used: Instant,
}

/// A stream that was idle for this long is not used again. The server ends it after 10 s.
const IDLE_LIMIT: Duration = Duration::from_secs(8);

/// The time-out of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest answer to accept, in bytes. A server sends 10 MB at once by default.
const MAX_ANSWER: u64 = 256 << 20;

impl Client {
    /// A client of the primary of `server`, or of its replica at `replica`. Clients that share `newest`, the newest
    /// replication index that any of them has seen, never read an older state.
    pub(super) fn new(server: &Server, replica: Option<&Url>, newest: &Arc<AtomicU64>) -> Self {
        let url = replica.unwrap_or(&server.url).clone();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .user_agent(concat!("commerce/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        let endpoint = format!("{}/v3/pipeline", url.base);
        let token = server.token.as_ref().map(|token| format!("Bearer {}", token.0));
        let requests = AtomicU64::new(0);
        Self { agent, url, endpoint, token, requests, newest: newest.clone(), replica: replica.is_some() }
    }

    /// The version of the server, if it reports one.
    pub(super) fn version(&self, timeout: Duration) -> Result<Option<String>, Failure> {
        let request = self.agent.get(format!("{}/version", self.url.base));
        let sent = request.config().timeout_global(Some(timeout)).build().call();
        let mut response = sent.map_err(connection_failure)?;
        if response.status() != StatusCode::OK {
            return Ok(None);
        }
        let text = response.body_mut().read_to_string().map_err(connection_failure)?;
        Ok(text.strip_prefix("sqld ").and_then(|rest| rest.split(' ').next()).map(str::to_owned))
    }

    /// The number of requests sent so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The newest replication index that was seen.
    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Relaxed)
    }

    /// Sends requests in a stream, or in a new one.
    pub(super) fn send(&self, pipeline: &Pipeline<'_>, timeout: Duration) -> Result<Answers, Failure> {
        let body = serde_json::to_vec(pipeline).map_err(|e| Failure::Server(Cause::of(e)))?;
        self.requests.fetch_add(1, Ordering::Relaxed);
        let mut request = self.agent.post(&self.endpoint).header("content-type", "application/json");
        if let Some(namespace) = &self.url.namespace {
            request = request.header("x-namespace-bin", namespace);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", token);
        }
        let sent = request.config().timeout_global(Some(timeout)).build().send(&body[..]);
        let mut response = sent.map_err(connection_failure)?;
        let status = response.status();
        let answer =
            response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec().map_err(connection_failure)?;
        if status != StatusCode::OK {
            return Err(http_failure(status, &answer));
        }
        serde_json::from_slice(&answer)
            .map_err(|_| Failure::NotFound("the server there is not a libSQL server".into()))
    }

    /// Runs a batch in a stream of its own.
    pub(super) fn once(&self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let requests = vec![self.batch(steps), Request::Close];
        self.first(self.send(&Pipeline { baton: None, requests }, timeout)?)
    }

    /// The first batch of a stream, which states how new the database must be.
    fn batch<'a>(&self, steps: Steps<'a>) -> Request<'a> {
        steps.into_batch(self.replica.then(|| self.newest()))
    }

    /// The answer to the first request. The others have no result.
    fn first(&self, answers: Answers) -> Result<Results, Failure> {
        let results = match answers.results.into_iter().next() {
            Some(Answer { error: Some(error), .. }) => return Err(Failure::of(&error)),
            Some(Answer { response, .. }) => response.and_then(|given| given.result).unwrap_or_default(),
            None => return Err(Failure::Server("it answers nothing".into())),
        };
        self.newest.fetch_max(results.replication_index().unwrap_or(0), Ordering::Relaxed);
        Ok(results)
    }
}

impl Stream {
    pub(super) fn new(client: Arc<Client>) -> Self {
        let now = Instant::now();
        Self { client, baton: None, opened: now, used: now }
    }

    /// Runs the next batch of a transaction, or begins one.
    pub(super) fn batch(&mut self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let batch = self.next_batch(steps);
        self.run(vec![batch], timeout)
    }

    /// Runs the last batch of a transaction, and ends the stream in the same request.
    pub(super) fn last_batch(&mut self, steps: Steps<'_>, timeout: Duration) -> Result<Results, Failure> {
        let batch = self.next_batch(steps);
        self.run(vec![batch, Request::Close], timeout)
    }

    /// Runs a batch that leaves no transaction open, and ends the stream unless it is to be kept.
    pub(super) fn read(
        &mut self,
        steps: Steps<'_>,
        keep: bool,
        timeout: Duration,
    ) -> Result<Results, Failure> {
        let batch = self.client.batch(steps);
        self.run(if keep { vec![batch] } else { vec![batch, Request::Close] }, timeout)
    }

    fn next_batch<'a>(&self, steps: Steps<'a>) -> Request<'a> {
        if self.is_open() { steps.into_batch(None) } else { self.client.batch(steps) }
    }

    pub(super) fn is_open(&self) -> bool {
        self.baton.is_some()
    }

    /// Reads rows in parts when they are too many for one answer, inside a transaction. (A statement without an order
    /// gives its rows in the same order each time, as long as nothing changes.)
    pub(super) fn read_in_parts(
        &mut self,
        statement: &Statement,
        timeout: Duration,
    ) -> Result<Rows, Failure> {
        let (mut all, mut part, mut place) = (Rows::default(), 16_384, 0);
        loop {
            let sql = format!("SELECT * FROM ({}) LIMIT {part} OFFSET {place}", statement.sql);
            let steps = Steps::in_transaction().and(&sql, &statement.values);
            match self.batch(steps, timeout).and_then(|results| results.all_rows(0)) {
                Ok(mut answers) => {
                    let rows = answers.pop().unwrap_or_default();
                    let found = rows.iter().count();
                    all.width = rows.width;
                    all.values.extend(rows.values);
                    place += found;
                    if found < part {
                        return Ok(all);
                    }
                }
                Err(Failure::TooLarge) if part > 1 => part /= 4,
                Err(failure) => return Err(failure),
            }
        }
    }

    pub(super) fn sequence(&mut self, sql: &str, timeout: Duration) -> Result<(), Failure> {
        self.run(vec![Request::Sequence { sql }], timeout).map(drop)
    }

    /// How long ago the stream was opened.
    pub(super) fn age(&self) -> Duration {
        self.opened.elapsed()
    }

    /// Begins a new stream when the server has ended this one. Must not be called within a transaction.
    pub(super) fn refresh(&mut self) {
        if self.used.elapsed() > IDLE_LIMIT {
            self.baton = None;
        }
    }

    /// Ends the stream and its open transaction, if the server still has it.
    pub(super) fn close(&mut self, timeout: Duration) {
        if self.baton.is_some() {
            // If this fails, the server ends the stream after the transaction's time-out.
            let _ = self.run(vec![Request::Close], timeout);
        }
        self.baton = None;
    }

    fn run(&mut self, requests: Vec<Request<'_>>, timeout: Duration) -> Result<Results, Failure> {
        if self.baton.is_none() {
            self.opened = Instant::now();
        }
        let sent = self.client.send(&Pipeline { baton: self.baton.as_deref(), requests }, timeout);
        self.used = Instant::now();
        let mut answers = match sent {
            Ok(answers) => answers,
            Err(Failure::StreamClosed) => {
                self.baton = None;
                return Err(Failure::StreamClosed);
            }
            // The baton is kept for closing the stream.
            Err(failure) => return Err(failure),
        };
        self.baton = answers.baton.take();
        self.client.first(answers)
    }
}

/// Retries until there is an answer, a failure that is not transient, or no time left.
pub(super) fn retry_until<T>(
    deadline: Instant,
    mut attempt: impl FnMut(Duration) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut pause = Duration::ZERO;
    loop {
        match attempt(time_left(deadline)) {
            Err(failure) if failure.is_transient() && Instant::now() + pause < deadline => {
                std::thread::sleep(pause);
                pause = (pause * 2).clamp(Duration::from_millis(5), Duration::from_millis(300));
            }
            other => return other,
        }
    }
}

/// The time-out of a request that is sent now.
pub(super) fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(100))
}

fn connection_failure(error: ureq::Error) -> Failure {
    Failure::NoAnswer(match error {
        ureq::Error::Timeout(_) => Cause::new("it did not answer in time", error),
        ureq::Error::HostNotFound => Cause::new("there is no such host", error),
        ureq::Error::Io(error) => Cause::of(error),
        other => Cause::of(other),
    })
}

/// The failure of an answer with another status than 200.
fn http_failure(status: StatusCode, body: &[u8]) -> Failure {
    #[derive(serde::Deserialize)]
    struct ErrorBody {
        #[serde(alias = "message")]
        error: String,
        #[serde(default)]
        code: Option<String>,
    }
    let parsed = serde_json::from_slice::<ErrorBody>(body);
    if parsed.is_err() && status == StatusCode::NOT_FOUND {
        let reason = "what answers does not speak Hrana 3; is it an older server, or another one?";
        return Failure::NotFound(reason.into());
    }
    let (message, code) = match parsed {
        Ok(parsed) => (parsed.error, parsed.code),
        Err(_) => (String::from_utf8_lossy(body).chars().take(200).collect(), None),
    };
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Failure::Denied(message.into()),
        StatusCode::NOT_FOUND if message.starts_with("Namespace ") => {
            Failure::NotFound(format!("{message}; the address can name one: ?namespace=default").into())
        }
        StatusCode::NOT_FOUND => Failure::NotFound(message.into()),
        _ if code.is_some() => Failure::of(&Failed { message, code }),
        StatusCode::BAD_REQUEST if message.to_lowercase().contains("baton") => Failure::StreamClosed,
        StatusCode::BAD_REQUEST => Failure::Server(message.into()),
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Failure::NoAnswer(format!("{status}: {message}").into())
        }
        _ => Failure::NotFound(format!("it answers {status}").into()),
    }
}
