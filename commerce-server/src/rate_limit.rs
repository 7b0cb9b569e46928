//! A limit on the rate of requests of each client, and the headers that tell a client what it has left:
//! draft-ietf-httpapi-ratelimit-headers-10.

use std::num::NonZeroU32;

use axum::http::header::{HeaderMap, HeaderName, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};

use crate::client::{Client, ClientKey, Remaining};
use crate::problem::Problem;

/// Limits requests per second and client, or lets all pass.
pub(crate) struct RateLimit(Option<Limit>);

struct Limit {
    limiter:
        RateLimiter<ClientKey, DefaultKeyedStateStore<ClientKey>, DefaultClock, StateInformationMiddleware>,
    policy: HeaderValue,
}

/// The quota and the seconds for which it is given.
static POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What remains of the quota, and the seconds until there is more.
static REMAINING: HeaderName = HeaderName::from_static("ratelimit");

impl RateLimit {
    /// At most `per_second` requests a second for each client, in bursts of as many; 0 sets no limit.
    pub(crate) fn new(per_second: u32) -> Self {
        Self(NonZeroU32::new(per_second).map(|limit| {
            Limit {
                limiter: RateLimiter::keyed(Quota::per_second(limit)).with_middleware(),
                // Digits in a fixed text are always a valid header value.
                policy: HeaderValue::try_from(format!("\"default\";q={limit};w=1"))
                    .unwrap_or(HeaderValue::from_static("")),
            }
        }))
    }

    /// Counts a request, and notes what is left to the client.
    ///
    /// # Errors
    /// [`Problem::RateLimited`] when the client has sent too many.
    pub(crate) fn check(&self, client: &mut Client) -> Result<(), Problem> {
        let Some(Limit { limiter, .. }) = &self.0 else { return Ok(()) };
        let (requests, wait) = match limiter.check_key(&client.key()) {
            Ok(state) => (state.remaining_burst_capacity(), None),
            Err(until) => (0, Some(until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)),
        };
        client.remaining = Some(Remaining { requests, seconds: wait.unwrap_or(1) });
        wait.map_or(Ok(()), |wait| Err(Problem::RateLimited(wait)))
    }

    /// Tells a client what is left to it, if its request was counted.
    pub(crate) fn tell(&self, headers: &mut HeaderMap, client: &Client) {
        if let (Some(limit), Some(Remaining { requests, seconds })) = (&self.0, client.remaining)
            && let Ok(remaining) = HeaderValue::try_from(format!("\"default\";r={requests};t={seconds}"))
        {
            headers.insert(&POLICY, limit.policy.clone());
            headers.insert(&REMAINING, remaining);
        }
    }

    /// Removes clients that have not sent a request recently.
    pub(crate) fn evict_idle(&self) {
        if let Some(Limit { limiter, .. }) = &self.0 {
            limiter.retain_recent();
        }
    }
}
