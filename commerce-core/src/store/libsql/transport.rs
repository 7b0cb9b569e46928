//! HTTP to one server: kept connections, a time-out for each request, the token, and failures by kind.

use std::time::Duration;

use serde::Deserialize;
use ureq::Agent;
use ureq::http::StatusCode;
use ureq::unversioned::transport::DefaultConnector;

use super::failure::{Failed, Failure};
use crate::error::Cause;
use crate::location::{Server, Url};
use crate::resolve::CachingResolver;
use crate::roots::{Roots, certificate_fault};
use crate::server_token::ServerToken;

/// The connections to one server.
pub(super) struct Transport {
    agent: Agent,
    url: Url,
    endpoint: String,
    token: Option<ServerToken>,
}

/// The time-out of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest answer to accept, in bytes. A server sends 10 MB at once by default.
const MAX_ANSWER: u64 = 256 << 20;

/// The longest version to accept, in bytes.
const MAX_VERSION: u64 = 4_096;

/// The longest message of a server to repeat, in characters.
const MAX_MESSAGE: usize = 200;

impl Transport {
    /// Connections to the server at this address, which is the one of `server` or of its replica.
    pub(super) fn new(server: &Server, url: &Url) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .tls_config(Roots::tls(server.roots.as_ref()))
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .user_agent(concat!("commerce/", env!("CARGO_PKG_VERSION")))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), CachingResolver::new());
        let endpoint = format!("{}/v3/pipeline", url.base);
        Self { agent, url: url.clone(), endpoint, token: server.token.clone() }
    }

    /// The version of the server. None if what answers does not say that it is sqld; it can be another server, or a proxy
    /// before one.
    pub(super) fn version(&self, timeout: Duration) -> Result<Option<String>, Failure> {
        let request = self.agent.get(format!("{}/version", self.url.base));
        let sent = request.config().timeout_global(Some(timeout)).build().call();
        let mut response = sent.map_err(|error| self.connection_failure(error))?;
        if response.status() != StatusCode::OK {
            return Ok(None);
        }
        // What is longer, or no text, is no version.
        let text = response.body_mut().with_config().limit(MAX_VERSION).read_to_string().unwrap_or_default();
        Ok(text.strip_prefix("sqld ").and_then(|rest| rest.split(' ').next()).map(str::to_owned))
    }

    /// Posts a body, and returns that of the answer. If the server refuses the token and there is a new one, the body is
    /// posted again: a refused request has done nothing.
    pub(super) fn post(&self, body: &[u8], timeout: Duration) -> Result<Vec<u8>, Failure> {
        let Some(token) = &self.token else { return self.post_with(None, body, timeout) };
        let used = token.current();
        let answer = self.post_with(Some(&used), body, timeout);
        let Err(Failure::Denied(reason)) = &answer else { return answer };
        match token.renewed(&used) {
            Ok(Some(renewed)) => self.post_with(Some(&renewed), body, timeout),
            Ok(None) => answer,
            Err(error) => {
                let file = token.file().unwrap_or("".as_ref()).display().to_string();
                let sentence = format!("{reason}; {file}, the file of the token, cannot be read: {error}");
                Err(Failure::Denied(Cause::new(sentence, error)))
            }
        }
    }

    fn post_with(&self, token: Option<&str>, body: &[u8], timeout: Duration) -> Result<Vec<u8>, Failure> {
        let mut request = self.agent.post(&self.endpoint).header("content-type", "application/json");
        if let Some(namespace) = &self.url.namespace {
            request = request.header("x-namespace-bin", namespace);
        }
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let sent = request.config().timeout_global(Some(timeout)).build().send(body);
        let mut response = sent.map_err(|error| self.connection_failure(error))?;
        let status = response.status();
        let answer = response.body_mut().with_config().limit(MAX_ANSWER).read_to_vec();
        let answer = answer.map_err(|error| self.connection_failure(error))?;
        if status == StatusCode::OK { Ok(answer) } else { Err(self.http_failure(status, &answer)) }
    }

    /// The failure of a request without an answer.
    fn connection_failure(&self, error: ureq::Error) -> Failure {
        if let Some(fault) = certificate_fault(&error) {
            return Failure::Untrusted(Cause::new(fault, error));
        }
        let is_other_protocol =
            matches!(error, ureq::Error::Protocol(_)) || error.to_string().contains("corrupt message");
        if is_other_protocol {
            let sentence = match self.url.uses_tls() {
                true => {
                    "what answers does not speak TLS; if the server uses none, the address is http://… or libsql://…?tls=0"
                }
                false => {
                    "what answers does not speak HTTP; if the server uses TLS, the address is https://… or libsql://…?tls=1"
                }
            };
            return Failure::OtherProtocol(Cause::new(sentence, error));
        }
        Failure::NoAnswer(match error {
            ureq::Error::Timeout(_) => Cause::new("it did not answer in time", error),
            ureq::Error::HostNotFound => Cause::new("there is no such host", error),
            ureq::Error::Io(error) => Cause::of(error),
            other => Cause::of(other),
        })
    }

    /// The failure of an answer with another status than 200. What another server than sqld says is not repeated.
    fn http_failure(&self, status: StatusCode, body: &[u8]) -> Failure {
        #[derive(Deserialize)]
        struct ErrorBody {
            #[serde(alias = "message")]
            error: String,
            #[serde(default)]
            code: Option<String>,
        }
        let parsed = serde_json::from_slice::<ErrorBody>(body).ok();
        let (message, code): (String, _) = match parsed {
            Some(parsed) => (parsed.error.chars().take(MAX_MESSAGE).collect(), parsed.code),
            // A stream that is not known is reported in plain text.
            None if status == StatusCode::BAD_REQUEST && mentions_baton(body) => {
                return Failure::StreamClosed;
            }
            None => return Failure::Status(status),
        };
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => self.denied(status, &message),
            StatusCode::NOT_FOUND if message.starts_with("Namespace ") => {
                Failure::NotFound(format!("{message}; the address can name one: ?namespace=default").into())
            }
            StatusCode::NOT_FOUND => Failure::NotFound(message.into()),
            _ if code.is_some() => Failure::of(&Failed { message, code }),
            StatusCode::BAD_REQUEST if mentions_baton(message.as_bytes()) => Failure::StreamClosed,
            StatusCode::BAD_REQUEST => Failure::Server(message.into()),
            _ => Failure::NoAnswer(format!("{status}: {message}").into()),
        }
    }

    /// The failure of a refused token, with what to do about it.
    fn denied(&self, status: StatusCode, message: &str) -> Failure {
        let (reason, needed) = match (&self.token, status) {
            (None, _) => ("it asks for a token", "a valid one"),
            (Some(_), StatusCode::FORBIDDEN) => ("the token does not allow this", "one that does"),
            (Some(_), _) => ("the token is not valid", "a valid one"),
        };
        let remedy = match self.token.as_ref().and_then(ServerToken::file) {
            Some(file) => format!("put {needed} into {}, which is read again", file.display()),
            None => format!("start again with {needed}"),
        };
        Failure::Denied(format!("{reason} ({message}); {remedy}").into())
    }
}

fn mentions_baton(text: &[u8]) -> bool {
    text.to_ascii_lowercase().windows(5).any(|part| part == b"baton")
}
