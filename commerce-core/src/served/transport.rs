//! HTTP to the server of a shop: kept connections, time-outs, the token, the next address when one does not answer, and
//! failures by kind.

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use ureq::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use ureq::http::{Method as HttpMethod, Response, StatusCode};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, AsSendBody, Body, BodyReader, Proxy, ProxyProtocol, Timeout};

use super::connection::Watch;
use super::failure::Failure;
use super::problem;
use super::request::{Method, Request};
use crate::error::{Cause, Error};
use crate::location::Served;
use crate::resolve::CachingResolver;
use crate::roots::{Roots, certificate_fault};
use crate::server_token::ServerToken;

/// What all connections to a shop share.
pub(super) struct Server {
    addresses: Vec<String>,
    /// The number of times that an address was left for the next one.
    moves: AtomicUsize,
    token: Option<ServerToken>,
    requests: AtomicU64,
    pub(super) watch: Watch,
}

/// Some connections to a shop.
pub(super) struct Transport {
    agent: Agent,
    server: Arc<Server>,
}

/// The body of an answer, as it arrives.
pub(super) struct Answer {
    /// Whether it is that of an earlier request with the same key, told by a header.
    pub(super) replayed: bool,
    body: BufReader<BodyReader<'static>>,
    server: Arc<Server>,
}

/// The time-out of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection is kept that nothing uses. It is shorter than servers and what lies between keep them, so that a
/// request rarely meets a connection that is just being closed.
const KEPT: Duration = Duration::from_secs(15);

/// The longest answer, and the longest line of one, in bytes.
const MAX_ANSWER: u64 = 256 << 20;
const MAX_LINE: u64 = 16 << 20;

/// How much of an answer is read at once, in bytes.
const BUFFER: usize = 16 << 10;

/// The longest problem document, in bytes.
const MAX_PROBLEM: u64 = 64 << 10;

impl Server {
    pub(super) fn new(served: &Served) -> Arc<Self> {
        Arc::new(Self {
            addresses: served.addresses.clone(),
            moves: AtomicUsize::new(0),
            token: served.token.clone(),
            requests: AtomicU64::new(0),
            watch: Watch::default(),
        })
    }

    /// The number of requests so far.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// The number of addresses.
    pub(super) fn addresses(&self) -> usize {
        self.addresses.len()
    }

    /// Leaves an address for the next one, unless another request has done so.
    fn leave(&self, moves: usize) {
        let _ = self.moves.compare_exchange(moves, moves + 1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Notes a failure, and moves on to the next address when this one does not answer.
    fn failed(&self, moves: usize, failure: Failure) -> Failure {
        self.watch.note_failure(&failure);
        if !matches!(failure, Failure::Refused(_)) {
            self.leave(moves);
        }
        failure
    }
}

impl Transport {
    /// Connections to a shop, of which `kept` stay open while nothing uses them.
    pub(super) fn new(served: &Served, server: &Arc<Server>, kept: usize) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(served.proxy.as_ref().and_then(proxy))
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .tls_config(Roots::tls(served.roots.as_ref()))
            .max_idle_connections(kept)
            .max_idle_connections_per_host(kept)
            .max_idle_age(KEPT)
            .user_agent(concat!("commerce/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), CachingResolver::new());
        Self { agent, server: server.clone() }
    }

    /// Sends a request. If the server refuses the token and there is a new one, the request is sent again: a refused one has
    /// done nothing.
    pub(super) fn send(&self, request: &Request<'_>) -> Result<Answer, Failure> {
        let moves = self.server.moves.load(Ordering::Relaxed);
        let sent = self.send_with_token(request, moves);
        sent.map_err(|failure| self.server.failed(moves, failure))
    }

    fn send_with_token(&self, request: &Request<'_>, moves: usize) -> Result<Answer, Failure> {
        let Some(token) = &self.server.token else { return self.send_once(request, moves, None) };
        let used = token.current();
        let answer = self.send_once(request, moves, Some(&used));
        let Err(Failure::Refused(Error::Unauthenticated(reason))) = answer else { return answer };
        match token.renewed(&used) {
            Ok(Some(renewed)) => self.send_once(request, moves, Some(&renewed)),
            Ok(None) => Err(Failure::Refused(Error::Unauthenticated(reason))),
            Err(error) => {
                let file = token.file().unwrap_or("".as_ref()).display().to_string();
                let sentence = format!("{reason}; {file}, the file of the token, cannot be read: {error}");
                Err(Failure::Refused(Error::Unauthenticated(Cause::new(sentence, error))))
            }
        }
    }

    fn send_once(&self, request: &Request<'_>, moves: usize, token: Option<&str>) -> Result<Answer, Failure> {
        let addresses = &self.server.addresses;
        let address = &addresses[moves % addresses.len()];
        let method = match request.method {
            Method::Get => HttpMethod::GET,
            Method::Post => HttpMethod::POST,
            Method::Delete => HttpMethod::DELETE,
        };
        let url = format!("{address}{}", request.path);
        let mut head = ureq::http::Request::builder().method(method).uri(url);
        if !request.body.is_empty() {
            head = head.header(CONTENT_TYPE, request.content_type);
        }
        if let Some(token) = token {
            let value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| {
                let sentence = "the token has characters that no token has";
                Failure::Refused(Error::Unauthenticated(Cause::new(sentence, error)))
            })?;
            head = head.header(AUTHORIZATION, value);
        }
        if let Some(key) = request.key {
            head = head.header("idempotency-key", key);
        }
        self.server.requests.fetch_add(1, Ordering::Relaxed);
        let sent = match request.body {
            b"" => head.body(()).map(|head| self.run(head, request)),
            body => head.body(body).map(|head| self.run(head, request)),
        };
        let sent = sent.map_err(|error| Failure::Refused(Error::Store(Cause::of(error))))?;
        self.read(sent.map_err(|error| failure(error, address.starts_with("https")))?)
    }

    fn run<S: AsSendBody>(
        &self,
        head: ureq::http::Request<S>,
        request: &Request<'_>,
    ) -> Result<Response<Body>, ureq::Error> {
        let left = request.end.saturating_duration_since(Instant::now());
        let head = self
            .agent
            .configure_request(head)
            .timeout_per_read(Some(request.silence))
            .timeout_per_write(Some(request.silence))
            .timeout_global(Some(left))
            .build();
        self.agent.run(head)
    }

    /// The answer, or the problem that it tells.
    fn read(&self, response: Response<Body>) -> Result<Answer, Failure> {
        let (head, mut body) = response.into_parts();
        let kind = head.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if head.status.is_success() {
            if !kind.starts_with("application/json") {
                return Err(Failure::Foreign("what answers is not the server of a shop".into()));
            }
            self.server.watch.note_answer();
            let body = BufReader::with_capacity(BUFFER, body.into_with_config().limit(MAX_ANSWER).reader());
            let replayed = head.headers.contains_key("idempotent-replayed");
            return Ok(Answer { replayed, body, server: self.server.clone() });
        }
        let problem = body.with_config().limit(MAX_PROBLEM).read_to_vec().unwrap_or_default();
        let told = if kind.starts_with("application/problem+json") { problem::read(&problem) } else { None };
        Err(match told {
            Some(Error::Unauthenticated(reason)) => Failure::Refused(self.unauthenticated(&reason)),
            Some(Error::Unknown(reason)) => Failure::Lost(reason),
            // Whatever else is not found has a code of its own.
            Some(Error::Store(_)) if head.status == StatusCode::NOT_FOUND => Failure::Refused(Error::Store(
                "its version is too old for this: it does not serve this path".into(),
            )),
            Some(error) => Failure::Refused(error),
            None => Failure::Foreign(
                format!("what answers is not the server of a shop; it says {}", head.status).into(),
            ),
        })
    }

    /// The error of a refused token, with what to do about it.
    fn unauthenticated(&self, reason: &Cause) -> Error {
        let remedy = match &self.server.token {
            None => "give one (COMMERCE_TOKEN, --token-file or commerce login)".into(),
            Some(token) => match token.file() {
                Some(file) => format!("put a valid one into {}, which is read again", file.display()),
                None => "start again with a valid one".to_owned(),
            },
        };
        Error::Unauthenticated(format!("{reason}; {remedy}").into())
    }
}

impl Answer {
    /// Reads the next line, without its end. False at the end of the answer.
    pub(super) fn line(&mut self, line: &mut Vec<u8>) -> Result<bool, Failure> {
        line.clear();
        let read = self.body.by_ref().take(MAX_LINE).read_until(b'\n', line);
        match read.map_err(|error| self.lost(error))? {
            0 => Ok(false),
            _ if line.pop_if(|last| *last == b'\n').is_some() => Ok(true),
            _ => Err(self.lost(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ended early"))),
        }
    }

    /// Reads the rest.
    pub(super) fn whole(mut self) -> Result<Vec<u8>, Failure> {
        let mut whole = Vec::new();
        match self.body.read_to_end(&mut whole) {
            Ok(_) => Ok(whole),
            Err(error) => Err(self.lost(error)),
        }
    }

    fn lost(&self, error: io::Error) -> Failure {
        let failure = Failure::Lost(told(ureq::Error::from(error)));
        self.server.watch.note_failure(&failure);
        failure
    }
}

/// The proxy in the client's form. The address was checked when it was given.
fn proxy(proxy: &crate::location::Proxy) -> Option<Proxy> {
    let parsed = Proxy::new(&proxy.uri.to_string()).ok()?;
    let kind =
        if parsed.protocol() == ProxyProtocol::Https { ProxyProtocol::Https } else { ProxyProtocol::Http };
    let mut builder = Proxy::builder(kind).host(parsed.host()).port(parsed.port());
    if let Some(name) = parsed.username() {
        builder = builder.username(name);
    }
    if let Some(password) = parsed.password() {
        builder = builder.password(password);
    }
    for host in proxy.except.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().ok()
}

/// The failure of a request without an answer.
fn failure(error: ureq::Error, tls: bool) -> Failure {
    if let Some(fault) = certificate_fault(&error) {
        return Failure::Untrusted(Cause::new(fault, error));
    }
    if matches!(error, ureq::Error::Protocol(_)) || error.to_string().contains("corrupt message") {
        let sentence = match tls {
            true => {
                "what answers does not speak TLS; if the server uses none, the address is commerce+http://…"
            }
            false => "what answers does not speak HTTP; if the server uses TLS, the address is commerce://…",
        };
        return Failure::Foreign(Cause::new(sentence, error));
    }
    match error {
        ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed
        | ureq::Error::ConnectProxyFailed(_)
        | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect) => Failure::NotSent(told(error)),
        ureq::Error::Io(error) if is_before_connecting(error.kind()) => Failure::NotSent(Cause::of(error)),
        error => Failure::Lost(told(error)),
    }
}

/// Whether such an error comes before there is a connection.
fn is_before_connecting(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{
        AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkDown, NetworkUnreachable,
    };
    matches!(kind, ConnectionRefused | HostUnreachable | NetworkUnreachable | NetworkDown | AddrNotAvailable)
}

/// The error as a sentence.
fn told(error: ureq::Error) -> Cause {
    match error {
        ureq::Error::Timeout(_) => Cause::new("it did not answer in time", error),
        ureq::Error::HostNotFound => Cause::new("there is no such host", error),
        ureq::Error::Io(error) => Cause::of(error),
        other => Cause::of(other),
    }
}
