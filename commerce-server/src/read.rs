//! The query of a request, and how its answer is read, represented and cached.

use axum::http::request::Parts;
use commerce_core::{Commerce, Error};

use crate::access::Ownership;
use crate::gzip;
use crate::response::Representation;
use crate::route::{BoxedQuery, Cost, EtagScope};

/// The query of a request.
pub(crate) struct Read {
    query: BoxedQuery,
    pub(crate) cost: Cost,
    scope: EtagScope,
    /// What the answer may show to the caller.
    ownership: Ownership,
    /// Whether the client accepts a compressed answer.
    gzip: bool,
}

impl Read {
    /// Reads from the head of the request whether it accepts a compressed answer.
    pub(crate) fn new(
        query: BoxedQuery,
        (cost, scope): (Cost, EtagScope),
        ownership: Ownership,
        parts: &Parts,
    ) -> Self {
        let gzip = cost == Cost::Heavy && gzip::is_accepted(&parts.headers);
        Self { query, cost, scope, ownership, gzip }
    }

    /// The key under which the answer is cached, if it may be. With any other scope, the answer also depends on the time of
    /// the request. What only some may see is not cached.
    pub(crate) fn cache_key(&self) -> Option<String> {
        let is_for_all = matches!(self.ownership, Ownership::Granted);
        (self.scope == EtagScope::Body && is_for_all).then(|| self.query.cache_key())
    }

    /// The answer.
    ///
    /// # Errors
    /// The query's refusal, or the store's failure; `order_not_found` for an order of another user.
    pub(crate) fn answer(&self, shop: &Commerce) -> Result<Representation, Error> {
        self.represent(self.query.answer(shop)?)
    }

    /// The answer, and the version of the store as long as which it holds, in one round trip.
    ///
    /// # Errors
    /// As for [`Read::answer`].
    pub(crate) fn answer_with_version(&self, shop: &Commerce) -> Result<(Representation, i64), Error> {
        let (answer, version) = self.query.answer_with_version(shop)?;
        Ok((self.represent(answer)?, version))
    }

    /// A cached answer, in the form that this client accepts.
    pub(crate) fn of_cached(&self, cached: Representation) -> Representation {
        if self.gzip { cached.with_gzip() } else { cached }
    }

    fn represent(&self, answer: Vec<u8>) -> Result<Representation, Error> {
        self.ownership.check_answer(&answer)?;
        Ok(self.of_cached(Representation::new(answer, self.scope)))
    }
}
