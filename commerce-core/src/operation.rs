//! What an operation is.
//!
//! An operation is a value. It names the rows that it needs ([`Operation::needs`]). Its decision over these rows is a
//! pure function ([`Operation::decide`]), which first tests every rule, in the contract's order, and makes changes only
//! when nothing can fail any more.

use std::sync::Arc;
#[cfg(feature = "served")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::access::{Access, Caller};
use crate::error::Error;
use crate::facts::{Facts, KeptReply, Keys};
use crate::id::{Key, UserId};
use crate::input::{Fields, Invalid, json_object};
use crate::number::OrderId;
use crate::refusal::Refusal;
use crate::time::Time;

/// One atomic, durable decision. All operations are in this crate: what an operation reads and changes is not public, so
/// that each rule can rely on the invariants that the others keep.
pub trait Operation: Serialize + Send + 'static {
    /// The name in lines, events and routes, such as `order.place`.
    const NAME: &'static str;
    /// Who may perform it.
    const ACCESS: Access;
    /// The reply when it is done.
    type Reply: Reply;

    /// Reads the operation from its fields. It reports faults to `fields`, and then returns `None`.
    fn parse(fields: &mut Fields<'_>) -> Option<Self>
    where
        Self: Sized;

    /// The user on whose behalf it is done. An idempotency key is unique for this user.
    fn user(&self) -> Option<&UserId> {
        None
    }

    /// The order that it changes, where it names no user: it is done on behalf of the user who placed the order.
    fn order(&self) -> Option<OrderId> {
        None
    }

    /// The form in which contents under an idempotency key are compared; `None` if this is already in that form.
    #[doc(hidden)]
    fn canonical(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// The fields as a JSON object, from which [`Operation::parse`] reads the same operation.
    ///
    /// # Errors
    /// [`Error::Store`] when they cannot be written as JSON.
    #[doc(hidden)]
    fn fields(&self) -> Result<Vec<u8>, Error> {
        json_object(self)
    }

    /// Names the rows to load.
    #[doc(hidden)]
    fn needs(&self, keys: &mut Keys);

    /// Tests the rules for input that the types of the fields do not enforce, such as reserved identifiers.
    ///
    /// # Errors
    /// [`Invalid`] with one entry per fault.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Decides over the loaded rows.
    ///
    /// # Errors
    /// The first refusal that applies; the facts are then unchanged.
    #[doc(hidden)]
    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Self::Reply, Refusal>;
}

/// The reply of an operation. It can be kept under an idempotency key and given again.
pub trait Reply: Serialize + serde::de::DeserializeOwned + Clone + Send + 'static {
    /// What to keep under an idempotency key.
    #[doc(hidden)]
    fn kept(&self) -> KeptReply {
        KeptReply::Json(serde_json::to_string(self).unwrap_or_default())
    }

    /// The reply of the operation `name` from what was kept.
    #[doc(hidden)]
    fn recall(kept: &KeptReply, _name: &str, _facts: &Facts) -> Option<Self> {
        match kept {
            KeptReply::Json(json) => serde_json::from_str(json).ok(),
            KeptReply::Order(_) => None,
        }
    }
}

/// The reply to a submission. In JSON, its fields are those of the reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer<R> {
    /// The reply.
    #[serde(flatten)]
    pub reply: R,
    /// Whether this is the reply of an earlier submission with the same key.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// An operation to submit, with an idempotency key, a time or a chain where it has one.
#[derive(Clone, Debug)]
pub struct Submission<O> {
    /// The operation.
    pub operation: O,
    /// Its idempotency key.
    pub key: Option<Key>,
    /// The time of the operation, to import history. Without it, the operation has the present time.
    pub at: Option<Time>,
    /// Who submits it; by default a caller who may touch everything.
    pub caller: Caller,
    pub(crate) chain: Option<Chain>,
}

/// A sequence of operations that stops at a failure. Operations that were not decided by then fail with
/// [`Error::Skipped`].
#[derive(Clone, Debug)]
pub struct Chain {
    state: Arc<ChainState>,
    /// Whether a refusal or invalid input stops it too.
    strict: bool,
}

#[derive(Debug, Default)]
struct ChainState {
    ended: AtomicBool,
    /// The place of the thread that submitted first, by which a served shop keeps the order.
    #[cfg(feature = "served")]
    place: OnceLock<usize>,
}

impl Chain {
    /// A chain that stops at the first operation that is not done.
    pub fn new() -> Self {
        Self { state: Arc::default(), strict: true }
    }

    /// A chain that stops when the store fails, but not at refused or invalid operations.
    pub fn until_store_fails() -> Self {
        Self { strict: false, ..Self::new() }
    }

    /// Stops the chain: operations that are not decided yet are not attempted.
    pub fn end(&self) {
        self.state.ended.store(true, Ordering::Release);
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.state.ended.load(Ordering::Acquire)
    }

    pub(crate) fn is_strict(&self) -> bool {
        self.strict
    }

    /// The place of the thread that submitted first, which is `mine` if none has.
    #[cfg(feature = "served")]
    pub(crate) fn place(&self, mine: usize) -> usize {
        *self.state.place.get_or_init(|| mine)
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }
}

impl<O> Submission<O> {
    /// An operation without a key, a time or a chain.
    pub fn new(operation: O) -> Self {
        Self { operation, key: None, at: None, caller: Caller::unrestricted(), chain: None }
    }

    /// Sets an idempotency key: the operation is done once, however often it is submitted.
    #[must_use]
    pub fn key(self, key: Key) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Sets the time, which must be in the past and not before the newest stored time.
    #[must_use]
    pub fn at(self, at: Time) -> Self {
        Self { at: Some(at), ..self }
    }

    /// Sets who submits it.
    #[must_use]
    pub fn caller(self, caller: Caller) -> Self {
        Self { caller, ..self }
    }

    /// Makes the operation a part of a chain.
    #[must_use]
    pub fn chain(self, chain: &Chain) -> Self {
        Self { chain: Some(chain.clone()), ..self }
    }
}

impl<O: Operation> From<O> for Submission<O> {
    fn from(operation: O) -> Self {
        Self::new(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_ends_for_all_who_have_it_and_for_no_other() {
        let (strict, lenient) = (Chain::new(), Chain::until_store_fails());
        assert!(strict.is_strict() && !lenient.is_strict());
        assert!(strict == strict.clone() && strict != lenient);
        strict.clone().end();
        assert!(strict.is_ended() && !lenient.is_ended());
    }

    #[test]
    fn a_submission_has_what_was_given_with_it() {
        let (key, at, chain) = (Key::stored("k".into()), Time::from_millis(7), Chain::new());
        let alone = Submission::new(1);
        assert!(alone.key.is_none() && alone.at.is_none() && alone.chain.is_none());
        let whole = alone.key(key.clone()).at(at).chain(&chain);
        assert_eq!((whole.key, whole.at, whole.chain), (Some(key), Some(at), Some(chain)));
    }
}
