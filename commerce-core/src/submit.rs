//! What can be submitted to the writer: an operation, or any operation that was read by its name. Each is decided once per
//! idempotency key.

use std::marker::PhantomData;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::access::{Access, Caller};
use crate::error::{Cause, Error};
use crate::facts::{Facts, KeptAnswer, Keys};
use crate::id::{Key, UserId};
use crate::input::Invalid;
use crate::operation::{Answer, Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// What can be submitted: an [`Operation`], an [`AnyOperation`], or a [`Probe`](crate::Probe).
pub trait Submit: Send + 'static {
    /// What the caller receives.
    type Reply: Receive;

    /// Names the rows to load.
    #[doc(hidden)]
    fn needs(&self, keys: &mut Keys);

    /// Decides once per key. A replayed reply needs no time.
    #[doc(hidden)]
    fn decide(
        &self,
        caller: &Caller,
        key: Option<&Key>,
        facts: &mut Facts,
        when: When<'_>,
    ) -> Decided<Self::Reply>;

    /// The name of the operation and its fields as a JSON object, to be performed by the engine of another machine. None
    /// for what only an engine itself submits.
    ///
    /// # Errors
    /// [`Error::Store`] when they cannot be written as JSON.
    #[doc(hidden)]
    fn as_json(&self) -> Result<Option<(&'static str, Vec<u8>)>, Error> {
        Ok(None)
    }
}

/// What a caller receives, converted from what the writer sends. JSON is made on the caller's thread, so that the writer's
/// does not spend time on it.
pub trait Receive: Sized {
    /// What the writer sends.
    #[doc(hidden)]
    type Sent: Send + 'static;

    /// Converts what was sent.
    ///
    /// # Errors
    /// [`Error::Store`] for a reply that cannot be shown as JSON.
    #[doc(hidden)]
    fn receive(sent: Self::Sent) -> Result<Self, Error>;

    /// Reads a reply that the engine of another machine gave as JSON.
    ///
    /// # Errors
    /// [`Error::Store`] for anything else.
    #[doc(hidden)]
    fn read_sent(json: &[u8]) -> Result<Self::Sent, Error>;
}

/// The outcome of a decision, as the writer sends it to a caller who receives an `R`.
pub type Decided<R> = Result<Answer<<R as Receive>::Sent>, Error>;

/// Returns the time of a decision.
pub type When<'a> = &'a dyn Fn(&Facts) -> Result<Time, Invalid>;

impl<R: Reply> Receive for R {
    type Sent = R;

    fn receive(sent: R) -> Result<R, Error> {
        Ok(sent)
    }

    fn read_sent(json: &[u8]) -> Result<R, Error> {
        serde_json::from_slice(json).map_err(|e| Error::Store(Cause::of(e)))
    }
}

impl Receive for Value {
    type Sent = Box<dyn ToJson>;

    fn receive(sent: Box<dyn ToJson>) -> Result<Value, Error> {
        sent.to_json()
    }

    fn read_sent(json: &[u8]) -> Result<Box<dyn ToJson>, Error> {
        let json = serde_json::from_slice(json).map_err(|e| Error::Store(Cause::of(e)))?;
        Ok(Box::new(AsJson(json)))
    }
}

/// A reply of any type, which can be shown as JSON.
#[doc(hidden)]
pub trait ToJson: Send {
    fn to_json(&self) -> Result<Value, Error>;

    /// Appends the reply as text.
    fn write_json(&self, text: &mut Vec<u8>) -> Result<(), Error>;
}

impl<R: Reply> ToJson for R {
    fn to_json(&self) -> Result<Value, Error> {
        serde_json::to_value(self).map_err(|e| Error::Store(Cause::of(e)))
    }

    fn write_json(&self, text: &mut Vec<u8>) -> Result<(), Error> {
        serde_json::to_writer(text, self).map_err(|e| Error::Store(Cause::of(e)))
    }
}

/// A reply that is JSON already.
struct AsJson(Value);

impl ToJson for AsJson {
    fn to_json(&self) -> Result<Value, Error> {
        Ok(self.0.clone())
    }

    fn write_json(&self, text: &mut Vec<u8>) -> Result<(), Error> {
        serde_json::to_writer(text, &self.0).map_err(|e| Error::Store(Cause::of(e)))
    }
}

/// Any operation, known by its name only at run time. Its reply is JSON: a [`Value`], or a
/// [`TextReply`](crate::TextReply).
pub struct AnyOperation<R = Value>(Box<dyn Decide>, PhantomData<fn() -> R>);

impl AnyOperation {
    /// Any operation, from an operation of a known type.
    pub fn new<O: Operation>(operation: O) -> Self {
        Self(Box::new(operation), PhantomData)
    }
}

impl<R> AnyOperation<R> {
    /// Who may perform it.
    pub fn access(&self) -> Access {
        self.0.access()
    }

    /// The same operation, with another form of reply.
    pub(crate) fn with_reply<S>(self) -> AnyOperation<S> {
        AnyOperation(self.0, PhantomData)
    }
}

/// An operation without its type.
trait Decide: Send {
    fn access(&self) -> Access;
    fn as_json(&self) -> Result<Option<(&'static str, Vec<u8>)>, Error>;
    fn needs(&self, keys: &mut Keys);
    fn decide(&self, caller: &Caller, key: Option<&Key>, facts: &mut Facts, when: When<'_>)
    -> Decided<Value>;
}

impl<O: Operation> Decide for O {
    fn access(&self) -> Access {
        O::ACCESS
    }

    fn as_json(&self) -> Result<Option<(&'static str, Vec<u8>)>, Error> {
        Submit::as_json(self)
    }

    fn needs(&self, keys: &mut Keys) {
        Submit::needs(self, keys);
    }

    fn decide(
        &self,
        caller: &Caller,
        key: Option<&Key>,
        facts: &mut Facts,
        when: When<'_>,
    ) -> Decided<Value> {
        let Answer { reply, replayed } = Submit::decide(self, caller, key, facts, when)?;
        Ok(Answer { reply: Box::new(reply), replayed })
    }
}

impl<R: Receive<Sent = Box<dyn ToJson>> + 'static> Submit for AnyOperation<R> {
    type Reply = R;

    fn needs(&self, keys: &mut Keys) {
        self.0.needs(keys);
    }

    fn decide(&self, caller: &Caller, key: Option<&Key>, facts: &mut Facts, when: When<'_>) -> Decided<R> {
        self.0.decide(caller, key, facts, when)
    }

    fn as_json(&self) -> Result<Option<(&'static str, Vec<u8>)>, Error> {
        self.0.as_json()
    }
}

impl<O: Operation> Submit for O {
    type Reply = O::Reply;

    fn needs(&self, keys: &mut Keys) {
        keys.users.extend(self.user().cloned());
        Operation::needs(self, keys);
    }

    fn as_json(&self) -> Result<Option<(&'static str, Vec<u8>)>, Error> {
        Ok(Some((O::NAME, self.fields()?)))
    }

    fn decide(
        &self,
        caller: &Caller,
        key: Option<&Key>,
        facts: &mut Facts,
        when: When<'_>,
    ) -> Decided<O::Reply> {
        if let Some(own) = &caller.own {
            check_own(self, own, facts)?;
        }
        let keyed = key.map(|key| (key, digest(self.canonical().as_ref().unwrap_or(self))));
        if let Some((key, digest)) = keyed
            && let Some(kept) = kept_answer(self, key, digest, facts)
        {
            let reply = O::Reply::recall(&kept.reply, O::NAME, facts);
            let reply = reply.filter(|_| has_same_content(self, kept, digest));
            let reply = reply.ok_or_else(|| Refusal::KeyReused { key: key.to_string() })?;
            return Ok(Answer { reply, replayed: true });
        }
        self.check()?;
        let now = when(facts)?;
        facts.set_actor(caller.actor.as_ref());
        let reply = Operation::decide(self, facts, now)?;
        if let Some((key, digest)) = keyed {
            facts.keep_answer(key, scope(self, facts), KeptAnswer { digest, reply: reply.kept() });
        }
        facts.raise_newest_time(now);
        Ok(Answer { reply, replayed: false })
    }
}

/// Refuses what belongs to another user as if it did not exist.
fn check_own<O: Operation>(operation: &O, own: &UserId, facts: &Facts) -> Result<(), Refusal> {
    if let Some(user) = operation.user().filter(|&user| user != own) {
        return Err(Refusal::UserNotFound { user: user.clone() });
    }
    match operation.order() {
        Some(order) if facts.order(order)?.user != *own => Err(Refusal::OrderNotFound { order }),
        _ => Ok(()),
    }
}

/// The answer kept under this key. A key of an operation on an order belongs to the order's user. Earlier versions
/// kept keys of cancellations for the store. Such a key still answers its cancellation, but does not block other
/// uses.
fn kept_answer<'a, O: Operation>(
    operation: &O,
    key: &Key,
    digest: i64,
    facts: &'a Facts,
) -> Option<&'a KeptAnswer> {
    let of_the_store = || {
        operation.order()?;
        facts.kept_answer(key, STORE).filter(|kept| kept.digest == digest)
    };
    scope(operation, facts).and_then(|scope| facts.kept_answer(key, scope)).or_else(of_the_store)
}

/// Whether a reply was kept for this content. Earlier versions kept the digest of the content as it was given, not of
/// its canonical form.
fn has_same_content<O: Operation>(operation: &O, kept: &KeptAnswer, canonical: i64) -> bool {
    kept.digest == canonical || kept.digest == digest(operation)
}

/// The scope in which a key is unique: the number of a user, or the store. A new user has no number yet, and an
/// operation on an unknown order is refused anyway.
fn scope<O: Operation>(operation: &O, facts: &Facts) -> Option<i64> {
    let user = match (operation.user(), operation.order()) {
        (Some(user), _) => user,
        (None, Some(order)) => &facts.order(order).ok()?.user,
        (None, None) => return Some(STORE),
    };
    facts.find_user(user).map(|user| user.no)
}

/// The scope of keys that belong to no user.
const STORE: i64 = 0;

/// A digest of an operation's content: the first eight bytes of a SHA-256.
fn digest<O: Operation>(operation: &O) -> i64 {
    let mut hash = Sha256::new();
    hash.update(O::NAME);
    hash.update(serde_json::to_vec(operation).unwrap_or_default());
    let bytes = hash.finalize();
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    i64::from_le_bytes(first)
}

#[cfg(test)]
mod tests;
