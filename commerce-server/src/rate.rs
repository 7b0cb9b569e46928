//! How often one client may ask: by token, or without one by address.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::client::Client;
use crate::problem::Problem;

/// Counts requests; nothing is counted where there is no bound.
pub(crate) struct Rate(Option<DefaultKeyedRateLimiter<Client>>);

impl Rate {
    /// So many requests a second for each client, as many at once; 0 for any number.
    pub(crate) fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|most| RateLimiter::keyed(Quota::per_second(most))))
    }

    /// Counts a request, or refuses it.
    pub(crate) fn count(&self, client: &Client) -> Result<(), Problem> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(client).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Problem::RateLimited(wait.as_secs() + 1)
        })
    }

    /// Forgets clients that did not ask for a while.
    pub(crate) fn forget(&self) {
        if let Some(limiter) = &self.0 {
            limiter.retain_recent();
        }
    }
}
