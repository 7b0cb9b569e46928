//! What requests do where each question to the store is a round trip: no thread of the runtime waits for one, and requests
//! in flight share the questions they have in common.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::request::Parts;
use commerce_core::token::Find;
use commerce_core::{Commerce, Error};

use crate::access::{Authenticator, Caller, Identity};
use crate::cache::AnswerCache;
use crate::client::{Client, ClientKey};
use crate::health::Readiness;
use crate::pool::FairPool;
use crate::problem::Problem;
use crate::read::Read;
use crate::response::Representation;
use crate::shared_question::SharedQuestion;
use crate::single_flight::SingleFlight;

/// The ways to a remote store.
pub(crate) struct Remote {
    shop: Commerce,
    question: SharedQuestion,
    /// For queries by key.
    pub(crate) light_queries: FairPool,
    /// For looking up tokens that are not known.
    tokens: FairPool,
    /// Reading what metrics tell of the store.
    reading: SingleFlight<()>,
    /// What was last read of it.
    last_state: Arc<Mutex<Option<Arc<Readiness>>>>,
    /// Whether reads go to a replica. It may be behind the primary unless the primary was asked first.
    replica: bool,
    /// How long a request waits for the store.
    timeout: Duration,
}

/// How old the state of the tokens may be by which a request is authenticated. A token that another process revokes is
/// refused after this time at the latest; the same holds for local access without a token when the first one is made. On a
/// file both hold at once.
const MAX_TOKEN_AGE: Duration = Duration::from_secs(1);

/// Threads for queries by key. They mostly wait, and what they ask at the same time travels together.
const LIGHT_THREADS: usize = 128;

/// Threads for looking up tokens. Strangers can present any number of them, so this is all of the store that they get.
const TOKEN_THREADS: usize = 8;

/// How many jobs of one client may wait for a pool of a remote store.
pub(crate) const WAITING_PER_CLIENT: usize = 1_024;

/// How long metrics repeat what they read, and how long they wait for the store.
const STATE_VALID_FOR: Duration = Duration::from_secs(1);
const STATE_TIMEOUT: Duration = Duration::from_millis(500);

/// The state of the tokens by which a request is authenticated.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tokens {
    /// At most [`MAX_TOKEN_AGE`] old.
    Recent,
    /// However old it is.
    AsLastKnown,
}

impl Remote {
    /// Starts the threads. `on_version` is called with each version of the store that is seen.
    ///
    /// # Errors
    /// When the system cannot start a thread.
    pub(crate) fn start(
        shop: Commerce,
        on_version: impl Fn(i64) + Send + Sync + 'static,
    ) -> std::io::Result<Self> {
        Ok(Self {
            question: SharedQuestion::start(shop.clone(), on_version)?,
            light_queries: FairPool::new("reads", LIGHT_THREADS, WAITING_PER_CLIENT)?,
            tokens: FairPool::new("tokens", TOKEN_THREADS, WAITING_PER_CLIENT)?,
            reading: SingleFlight::default(),
            last_state: Arc::default(),
            replica: shop.location().reads_from_replica(),
            timeout: shop.busy_timeout(),
            shop,
        })
    }

    /// The caller of a request.
    ///
    /// # Errors
    /// A problem when a header is ambiguous, or the store fails or does not answer in time.
    pub(crate) async fn authenticate(
        &self,
        access: &Authenticator,
        parts: &Parts,
        client: &Client,
        tokens: Tokens,
    ) -> Result<Caller, Problem> {
        let known = match tokens {
            Tokens::Recent => self.question.recent(MAX_TOKEN_AGE),
            Tokens::AsLastKnown => self.question.newest(),
        };
        let known = match known {
            Some(known) => known,
            None => self.question.join(self.timeout).await?,
        };
        access.advance_to(&known.tokens);
        match access.identify(parts, client.is_local, &known.tokens)? {
            Identity::Known(caller) => Ok(caller),
            Identity::Unknown(digest) => {
                let find = Find { digest: digest.clone() };
                let token = self.run(&self.tokens, client, move |shop| shop.query(&find)).await?;
                Ok(access.remember(digest, token, &known.tokens))
            }
        }
    }

    /// The version of the store, which shows every commit that was acknowledged before this call.
    ///
    /// # Errors
    /// The store's failure, or [`Error::Busy`] when it does not answer in time.
    pub(crate) async fn version(&self) -> Result<i64, Error> {
        Ok(self.question.join(self.timeout).await?.version)
    }

    /// Answers a query in one round trip, or from the cache if the store's version has not changed since. The answer is at
    /// least as new as the newest commit that was acknowledged when the request came; a replica takes a round trip to the
    /// primary for that.
    ///
    /// # Errors
    /// The query's refusal, or the store's failure.
    pub(crate) async fn answer(
        &self,
        cache: &AnswerCache,
        pool: &FairPool,
        client: &Client,
        read: Read,
    ) -> Result<Representation, Error> {
        let answer = async {
            let key = read.cache_key();
            let is_cached = |key| self.shop.known_version().is_ok_and(|newest| cache.contains(key, newest));
            if self.replica || key.as_deref().is_some_and(is_cached) {
                let version = self.question.join(self.timeout).await?.version;
                if let Some(hit) = key.as_deref().and_then(|key| cache.get(key, version)) {
                    return Ok(read.of_cached(hit));
                }
            }
            let ask = move |shop: &Commerce| read.answer_with_version(shop);
            let (representation, version) = self.run(pool, client, ask).await?;
            if let Some(key) = key {
                cache.insert(key, version, representation.without_gzip());
            }
            Ok(representation)
        };
        self.in_time(answer).await
    }

    /// Runs blocking work with the shop in a pool, for at most as long as a request waits.
    ///
    /// # Errors
    /// [`Error::Busy`] when too much waits for the pool or it takes too long, or the error of the work.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        pool: &FairPool,
        client: &Client,
        work: impl FnOnce(&Commerce) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (shop, key) = (self.shop.clone(), client.key());
        self.in_time(pool.run(&key, move || work(&shop))).await
    }

    /// How long ago the newest question was sent that the store has answered. It is asked all the time.
    pub(crate) fn silence(&self) -> Option<Duration> {
        Some(self.question.newest()?.asked_at.elapsed())
    }

    /// What metrics tell of the store: as of now if it answers soon, or as it was last known.
    pub(crate) async fn state(&self, thread: &FairPool) -> Option<Arc<Readiness>> {
        let (shop, thread, last) = (self.shop.clone(), thread.clone(), self.last_state.clone());
        let read = async move {
            let state =
                thread.run(&ClientKey::this_server(), move || Readiness::read(&shop)).await.map(Arc::new)?;
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
            Ok(())
        };
        // A failure, or no answer in time, leaves what was known.
        let _ = self.reading.join(STATE_VALID_FOR, read).result(STATE_TIMEOUT).await;
        self.last_state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let done = tokio::time::timeout(self.timeout, work).await;
        done.unwrap_or(Err(Error::Busy("the store does not answer".into())))
    }
}
