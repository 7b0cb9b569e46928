//! What an operation is.
//!
//! An operation is a value. It names the rows it will look at ([`Operation::needs`]) and is then decided
//! over them, purely ([`Operation::decide`]): first every test, in the contract's order, then, when nothing
//! can fail any more, the changes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::error::{Cause, Error};
use crate::facts::{Facts, Kept, KeptReply, Keys};
use crate::id::{Key, UserId};
use crate::input::{Fields, Invalid};
use crate::number::OrderId;
use crate::refusal::Refusal;
use crate::time::Time;

/// One atomic, durable decision.
pub trait Operation: Serialize + Send + 'static {
    /// The name, used alike everywhere.
    const NAME: &'static str;
    /// What is answered when it is done.
    type Reply: Reply;

    /// Reads the fields of a JSON object; faults are reported to `fields`.
    fn parse(fields: &mut Fields<'_>) -> Option<Self>
    where
        Self: Sized;

    /// The user in whose name it is done, for whom an idempotency key is unique.
    fn user(&self) -> Option<&UserId> {
        None
    }

    /// The order that it is about, where it names no user: it is done in the name of whoever placed that.
    fn order(&self) -> Option<OrderId> {
        None
    }

    /// The same content in the one form in which contents under a key are compared, where it is not in that form.
    fn canonical(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }

    /// Names the rows to load.
    fn needs(&self, keys: &mut Keys);

    /// Tests what no door may let through, where a value of this type can be made that has no meaning.
    ///
    /// # Errors
    /// [`Invalid`] with one entry per fault.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Decides over the loaded rows.
    ///
    /// # Errors
    /// The first refusal that holds; the facts are then untouched.
    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Self::Reply, Refusal>;
}

/// What an operation answers. It can be kept under an idempotency key and answered again.
pub trait Reply: Serialize + serde::de::DeserializeOwned + Clone + Send + 'static {
    /// What to keep of it.
    fn kept(&self) -> KeptReply {
        KeptReply::Json(serde_json::to_string(self).unwrap_or_default())
    }

    /// The reply of the operation `name` from what was kept.
    fn recall(kept: &KeptReply, _name: &str, _facts: &Facts) -> Option<Self> {
        match kept {
            KeptReply::Json(json) => serde_json::from_str(json).ok(),
            KeptReply::Order(_) => None,
        }
    }
}

/// A reply, and whether it is the one of an earlier submission under the same key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer<R> {
    /// The reply.
    #[serde(flatten)]
    pub reply: R,
    /// Whether it was given before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// An operation with what may go with it.
#[derive(Clone, Debug)]
pub struct Submission<O> {
    /// The operation.
    pub operation: O,
    /// Its idempotency key.
    pub key: Option<Key>,
    /// When it took place, for history that is imported; otherwise the engine gives the time.
    pub at: Option<Time>,
    pub(crate) chain: Option<Chain>,
}

/// Operations of which those that come after a certain one are not attempted: after the first that is not done, or
/// only after the first at which the store failed.
#[derive(Clone, Debug)]
pub struct Chain {
    broken: Arc<AtomicBool>,
    /// Whether a refusal or invalid input breaks it too.
    strict: bool,
}

/// Any operation, known by its name only at run time.
pub struct AnyOperation(Box<dyn Decide>);

/// What can be submitted: an operation, or any operation.
pub trait Submit: Sized {
    /// What is answered.
    type Reply;

    #[doc(hidden)]
    fn erase(self) -> AnyOperation;

    #[doc(hidden)]
    fn reply(reply: AnyReply) -> Result<Self::Reply, Error>;
}

impl<O: Operation> Submit for O {
    type Reply = O::Reply;

    fn erase(self) -> AnyOperation {
        AnyOperation::new(self)
    }

    fn reply(reply: AnyReply) -> Result<O::Reply, Error> {
        let reply = reply.into_any().downcast::<O::Reply>();
        reply.map(|reply| *reply).map_err(|_| Error::Store("the reply is of another operation".into()))
    }
}

impl Submit for AnyOperation {
    type Reply = Value;

    fn erase(self) -> Self {
        self
    }

    fn reply(reply: AnyReply) -> Result<Value, Error> {
        reply.json()
    }
}

/// An operation without its type, as the writer queues it.
pub(crate) trait Decide: Send {
    fn needs(&self, keys: &mut Keys);

    /// Decides once per key; a reply given before needs no time.
    fn decide(&self, key: Option<&Key>, facts: &mut Facts, when: When<'_>)
    -> Result<Answer<AnyReply>, Error>;
}

/// Tells the time of a decision.
pub(crate) type When<'a> = &'a dyn Fn(&Facts) -> Result<Time, Invalid>;

/// A reply without its type.
#[doc(hidden)]
pub type AnyReply = Box<dyn ErasedReply>;

#[doc(hidden)]
pub trait ErasedReply: Send {
    fn json(&self) -> Result<Value, Error>;
    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any>;
}

impl<R: Reply> ErasedReply for R {
    fn json(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|e| Error::Store(Cause::of(e)))
    }

    fn into_any(self: Box<Self>) -> Box<dyn std::any::Any> {
        self
    }
}

impl<O: Operation> Decide for O {
    fn needs(&self, keys: &mut Keys) {
        keys.users.extend(self.user().cloned());
        Operation::needs(self, keys);
    }

    fn decide(
        &self,
        key: Option<&Key>,
        facts: &mut Facts,
        when: When<'_>,
    ) -> Result<Answer<AnyReply>, Error> {
        let keyed = key.map(|key| (key, digest(self.canonical().as_ref().unwrap_or(self))));
        if let Some((key, digest)) = keyed
            && let Some(kept) = kept(self, key, digest, facts)
        {
            let reply = O::Reply::recall(&kept.reply, O::NAME, facts);
            let reply = reply.filter(|_| same(self, kept, digest));
            let reply = reply.ok_or_else(|| Refusal::KeyReused { key: key.to_string() })?;
            return Ok(Answer { reply: Box::new(reply), replayed: true });
        }
        self.check()?;
        let now = when(facts)?;
        let reply = Operation::decide(self, facts, now)?;
        if let Some((key, digest)) = keyed {
            facts.keep(key, scope(self, facts), Kept { digest, reply: reply.kept() });
        }
        facts.reach(now);
        Ok(Answer { reply: Box::new(reply), replayed: false })
    }
}

/// What was answered under this key before. On an order it belongs to the order's user. It did not always: keys of
/// cancellations were the store's, and such a one still answers the cancellation that it was kept for, but no longer
/// stands in anyone's way.
fn kept<'a, O: Operation>(operation: &O, key: &Key, digest: i64, facts: &'a Facts) -> Option<&'a Kept> {
    let of_the_store = || {
        operation.order()?;
        facts.kept(key, STORE).filter(|kept| kept.digest == digest)
    };
    scope(operation, facts).and_then(|scope| facts.kept(key, scope)).or_else(of_the_store)
}

/// Whether a reply was kept for this content. What was kept before contents had a canonical form was told apart as it
/// was named.
fn same<O: Operation>(operation: &O, kept: &Kept, canonical: i64) -> bool {
    kept.digest == canonical || kept.digest == digest(operation)
}

/// The number under which keys are unique: the user's, or the store's. A new user has none yet, and what is asked of
/// an order that nobody placed is refused anyway.
fn scope<O: Operation>(operation: &O, facts: &Facts) -> Option<i64> {
    let user = match (operation.user(), operation.order()) {
        (Some(user), _) => user,
        (None, Some(order)) => &facts.order(order).ok()?.user,
        (None, None) => return Some(STORE),
    };
    facts.find_user(user).map(|user| user.no)
}

/// The scope of keys that are nobody's own.
const STORE: i64 = 0;

/// Tells one operation's content from another's: the first eight bytes of a SHA-256.
fn digest<O: Operation>(operation: &O) -> i64 {
    let mut hash = Sha256::new();
    hash.update(O::NAME);
    hash.update(serde_json::to_vec(operation).unwrap_or_default());
    let bytes = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    i64::from_le_bytes(first)
}

impl AnyOperation {
    /// Forgets the type of an operation.
    pub fn new<O: Operation>(operation: O) -> Self {
        Self::of(operation)
    }

    pub(crate) fn of(decision: impl Decide + 'static) -> Self {
        Self(Box::new(decision))
    }

    /// An operation of the relay, which callers cannot name.
    pub(crate) fn of_relay(operation: impl Decide + 'static) -> Self {
        Self(Box::new(operation))
    }

    pub(crate) fn into_inner(self) -> Box<dyn Decide> {
        self.0
    }
}

impl Chain {
    /// A chain that ends with the first operation that is not done.
    pub fn new() -> Self {
        Self { broken: Arc::default(), strict: true }
    }

    /// A chain that goes on after what is refused or invalid, and ends when the store fails.
    pub fn while_stored() -> Self {
        Self { strict: false, ..Self::new() }
    }

    /// Ends it here: what was not decided yet is not attempted.
    pub fn end(&self) {
        self.broken.store(true, Ordering::Release);
    }

    pub(crate) fn ended(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    pub(crate) fn strict(&self) -> bool {
        self.strict
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Chain {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.broken, &other.broken)
    }
}

impl<O> Submission<O> {
    /// An operation alone.
    pub fn new(operation: O) -> Self {
        Self { operation, key: None, at: None, chain: None }
    }

    /// With an idempotency key: done once, however often it is submitted.
    #[must_use]
    pub fn key(self, key: Key) -> Self {
        Self { key: Some(key), ..self }
    }

    /// At a time in the past that is not before the newest stored one.
    #[must_use]
    pub fn at(self, at: Time) -> Self {
        Self { at: Some(at), ..self }
    }

    /// As a part of a chain.
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
mod tests;
