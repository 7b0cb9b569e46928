//! The query of a request, and how its answer is read, represented and cached.

use axum::http::request::Parts;
use commerce_core::{Commerce, Error};

use crate::gzip;
use crate::response::Representation;
use crate::route::{BoxedQuery, Cost, EtagScope};

/// The query of a request.
pub(crate) struct Read {
    pub(crate) query: BoxedQuery,
    pub(crate) cost: Cost,
    pub(crate) scope: EtagScope,
    /// Whether the client accepts a compressed answer.
    pub(crate) gzip: bool,
}

impl Read {
    /// Reads from the head of the request whether it accepts a compressed answer.
    pub(crate) fn new(query: BoxedQuery, (cost, scope): (Cost, EtagScope), parts: &Parts) -> Self {
        Self { query, cost, scope, gzip: cost == Cost::Heavy && gzip::is_accepted(&parts.headers) }
    }

    /// The key under which the answer is cached, if it may be. With any other scope, the answer also depends on the time of
    /// the request.
    pub(crate) fn cache_key(&self) -> Option<String> {
        (self.scope == EtagScope::Body).then(|| self.query.cache_key())
    }

    /// The answer.
    ///
    /// # Errors
    /// The query's refusal, or the store's failure.
    pub(crate) fn answer(&self, shop: &Commerce) -> Result<Representation, Error> {
        Ok(self.represent(self.query.answer(shop)?))
    }

    /// The answer, and the version of the store as long as which it holds, in one round trip.
    ///
    /// # Errors
    /// As for [`Read::answer`].
    pub(crate) fn answer_with_version(&self, shop: &Commerce) -> Result<(Representation, i64), Error> {
        let (answer, version) = self.query.answer_with_version(shop)?;
        Ok((self.represent(answer), version))
    }

    /// A cached answer, in the form that this client accepts.
    pub(crate) fn of_cached(&self, cached: Representation) -> Representation {
        if self.gzip { cached.with_gzip() } else { cached }
    }

    fn represent(&self, answer: Vec<u8>) -> Representation {
        self.of_cached(Representation::new(answer, self.scope))
    }
}
