//! A limit on the rate of requests of each client.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::client::ClientKey;
use crate::problem::Problem;

/// Limits requests per second and client, or lets all pass.
pub(crate) struct RateLimit(Option<DefaultKeyedRateLimiter<ClientKey>>);

impl RateLimit {
    /// At most `per_second` requests a second for each client, in bursts of as many; 0 sets no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|limit| RateLimiter::keyed(Quota::per_second(limit))))
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Problem::RateLimited`] when the client has sent too many.
    pub(crate) fn check(&self, client: &ClientKey) -> Result<(), Problem> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(client).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Problem::RateLimited(wait.as_secs() + 1)
        })
    }

    /// Removes clients that have not sent a request recently.
    pub(crate) fn evict_idle(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}
