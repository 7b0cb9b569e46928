//! The state that all requests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::header::{HeaderName, HeaderValue};
use axum::http::request::Parts;
use commerce_core::{Commerce, Error};

use crate::access::Access;
use crate::budget::Budget;
use crate::cache::AnswerCache;
use crate::client::Client;
use crate::health::Health;
use crate::metrics::Metrics;
use crate::options::Limits;
use crate::phase::PhaseWatch;
use crate::pool::FairPool;
use crate::rate_limit::RateLimit;
use crate::remote::Remote;
use crate::response::Representation;
use crate::version::VersionWatch;

/// The state that all requests share.
pub(crate) struct Server {
    pub(crate) shop: Commerce,
    pub(crate) access: Access,
    pub(crate) rate_limit: RateLimit,
    pub(crate) cache: AnswerCache,
    pub(crate) memory: Memory,
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
    pub(crate) request_ids: RequestIds,
}

/// The memory for bodies and answers on their way.
pub(crate) struct Memory {
    /// For answers, and for bodies of moderate length.
    pub(crate) general: Budget,
    /// For long bodies.
    pub(crate) long_bodies: Budget,
}

/// The threads for blocking work, by kind, so that no kind delays another.
pub(crate) struct Pools {
    pub(crate) heavy_queries: FairPool,
    /// For parsing long bodies.
    pub(crate) bodies: FairPool,
    /// For reading events for streams.
    pub(crate) events: FairPool,
    pub(crate) metrics: FairPool,
}

impl Server {
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
    process: u32,
    next: AtomicU64,
}

impl RequestIds {
    pub(crate) fn new() -> Self {
        let (process, ..) = uuid::Uuid::new_v4().as_fields();
        Self { process, next: AtomicU64::new(1) }
    }

    /// The id that the client gave, if it is usable (1 to 128 visible ASCII characters), or a new one.
    pub(crate) fn of(&self, parts: &Parts) -> HeaderValue {
        let is_usable = |id: &&HeaderValue| {
            (1..=128).contains(&id.len()) && id.as_bytes().iter().all(u8::is_ascii_graphic)
        };
        if let Some(id) = parts.headers.get(&REQUEST_ID).filter(is_usable) {
            return id.clone();
        }
        let id = format!("{:08x}-{:x}", self.process, self.next.fetch_add(1, Ordering::Relaxed));
        // Hexadecimal digits are always a valid header value.
        HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static("none"))
    }
}

/// A request's id as text. Every id is visible ASCII.
pub(crate) fn id_text(id: &HeaderValue) -> &str {
    id.to_str().unwrap_or_default()
}
