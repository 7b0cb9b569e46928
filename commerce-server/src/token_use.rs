//! Which tokens were used lately. A request notes it in memory; the server writes it down about once a minute, so that no
//! request costs a write.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use commerce_core::token::{TokenName, Used};
use commerce_core::{Commerce, Time};

use crate::phase::{Phase, PhaseWatch};

/// The tokens that were used since they were last written down.
pub(crate) struct TokenUses {
    /// Counts how often they were written down, from 1 on.
    round: AtomicU64,
    names: Mutex<HashMap<TokenName, Time>>,
}

/// The round in which a token was last noted, so that it is noted once in each.
#[derive(Debug, Default)]
pub(crate) struct Noted(AtomicU64);

impl TokenUses {
    pub(crate) fn new() -> Self {
        Self { round: AtomicU64::new(1), names: Mutex::default() }
    }

    /// Notes that a token was used, if it was not yet in this round.
    pub(crate) fn note(&self, noted: &Noted, name: &TokenName, now: impl FnOnce() -> Time) {
        let round = self.round.load(Ordering::Relaxed);
        if noted.0.load(Ordering::Relaxed) != round {
            noted.0.store(round, Ordering::Relaxed);
            self.names.lock().unwrap_or_else(PoisonError::into_inner).insert(name.clone(), now());
        }
    }

    /// Writes down what was noted, once in each interval until the server shuts down.
    pub(crate) async fn keep_writing(&self, shop: &Commerce, interval: Duration, phase: &PhaseWatch) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(interval) => self.write(shop).await,
                () = phase.reached(Phase::Draining) => return,
            }
        }
    }

    /// Writes down what was noted. What cannot be written is lost: it only informs.
    pub(crate) async fn write(&self, shop: &Commerce) {
        let tokens = {
            let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
            self.round.fetch_add(1, Ordering::Relaxed);
            std::mem::take(&mut *names)
        };
        if tokens.is_empty() {
            return;
        }
        if let Err(error) = shop.submit(Used { tokens: tokens.into_iter().collect() }).await {
            tracing::info!(%error, "the last use of tokens was not written down");
        }
    }
}
