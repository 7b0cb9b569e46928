//! The state that all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use commerce_core::{Commerce, Error};
use tokio::sync::Semaphore;

use crate::access::{Authenticator, Caller};
use crate::budget::Budget;
use crate::cache::AnswerCache;
use crate::client::Client;
use crate::docs::Docs;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::options::Limits;
use crate::phase::PhaseWatch;
use crate::pool::FairPool;
use crate::problem::Problem;
use crate::rate_limit::RateLimit;
use crate::remote::{Remote, Tokens};
use crate::response::Representation;
use crate::sequence::Senders;
use crate::version::VersionWatch;

/// The state that all requests share.
pub(crate) struct Server {
    pub(crate) shop: Commerce,
    pub(crate) access: Authenticator,
    pub(crate) rate_limit: RateLimit,
    pub(crate) cache: AnswerCache,
    pub(crate) memory: Memory,
    pub(crate) lines: LineLimits,
    pub(crate) pools: Pools,
    pub(crate) metrics: Metrics,
    pub(crate) health: Health,
    pub(crate) version: Arc<VersionWatch>,
    /// The ways to the store, if each question to it is a round trip.
    pub(crate) remote: Option<Remote>,
    pub(crate) phase: PhaseWatch,
    pub(crate) limits: Limits,
    pub(crate) log_requests: bool,
    /// The OpenAPI document.
    pub(crate) document: Representation,
    pub(crate) docs: Docs,
    pub(crate) request_ids: RequestIds,
}

/// The memory for bodies and answers on their way.
pub(crate) struct Memory {
    /// For answers, and for bodies of moderate length.
    pub(crate) general: Budget,
    /// For long bodies.
    pub(crate) long_bodies: Budget,
}

/// The bounds on operations that come as lines.
pub(crate) struct LineLimits {
    /// The lines in the engine.
    pub(crate) submitted: Budget,
    /// One permit for each request of lines that may be under way, also after its client is gone.
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) senders: Senders,
}

/// The threads for blocking work, by kind, so that no kind delays another.
pub(crate) struct Pools {
    pub(crate) heavy_queries: FairPool,
    /// For parsing long bodies.
    pub(crate) bodies: FairPool,
    /// For reading events for streams.
    pub(crate) events: FairPool,
    pub(crate) metrics: FairPool,
    /// For audits, and for retrying all events.
    pub(crate) long_work: FairPool,
}

impl Server {
    /// The caller of a request, and the version of a store in a file before the token was looked up.
    ///
    /// # Errors
    /// A problem when a header is ambiguous, or the store fails. A caller without a valid token is no error; it has no
    /// rights.
    pub(crate) async fn authenticate(
        &self,
        parts: &Parts,
        client: &Client,
        tokens: Tokens,
    ) -> Result<(Caller, Option<i64>), Problem> {
        match &self.remote {
            None => {
                let (caller, version) = self.access.authenticate(parts, client.is_local)?;
                Ok((caller, Some(version)))
            }
            Some(remote) => {
                let caller = remote.authenticate(&self.access, parts, client, tokens);
                Ok((Box::pin(caller).await?, None))
            }
        }
    }

    /// Runs blocking work with the shop in a pool.
    ///
    /// # Errors
    /// [`Error::Busy`] when too much waits for the pool, or the error of the work.
    pub(crate) async fn run_in<T: Send + 'static>(
        &self,
        pool: &FairPool,
        client: &Client,
        work: impl FnOnce(&Commerce) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let shop = self.shop.clone();
        pool.run(&client.key(), move || work(&shop)).await
    }
}

/// The header that carries a request's id.
pub(crate) static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Generates ids of requests: a random part of this process, and a number.
pub(crate) struct RequestIds {
    /// The random part as text.
    instance: String,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        Self { instance: uuid::Uuid::new_v4().simple().to_string(), next: AtomicU64::new(1) }
    }

    /// Identifies this process.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// The id that the client gave, if it is usable (1 to 128 visible ASCII characters), or a new one.
    pub(crate) fn of(&self, parts: &Parts) -> HeaderValue {
        let is_usable = |id: &&HeaderValue| {
            (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        if let Some(id) = parts.headers.get(&REQUEST_ID).filter(is_usable) {
            return id.clone();
        }
        let id = format!("{}-{:x}", &self.instance[..8], self.next.fetch_add(1, Ordering::Relaxed));
        // Hexadecimal digits are always a valid header value.
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
    }
}

/// A request's id as text. Every id is visible ASCII.
pub(crate) fn id_text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}
