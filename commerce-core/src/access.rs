//! Who may do or ask something, for programs that serve several callers. It belongs to the operation or the query, whatever
//! way it comes.

use crate::id::{Actor, UserId};

/// Who may perform an operation or ask a query. An operator may do everything. A viewer may ask every query and perform no
/// operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody: the products and the best sellers.
    Catalogue,
    /// A shopper, if the field `user` names the shopper's own user.
    OwnUser,
    /// A shopper, if the field `order` names an order of the shopper's own user.
    OwnOrder,
    /// No shopper.
    Operator,
}

/// Who submits an operation.
///
/// ```
/// use commerce_core::{Caller, Submission, user};
/// # fn main() -> Result<(), commerce_core::ValueError> {
/// let caller = Caller::unrestricted().actor("office".parse()?);
/// let add = Submission::new(user::Add { user: "alice".parse()?, name: None }).caller(caller);
/// # drop(add);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The only user whose wallet, cart and orders the operation may touch.
    pub(crate) own: Option<UserId>,
    /// The name that the changes bear; none for a shopper.
    pub(crate) actor: Option<Actor>,
}

impl Caller {
    /// A caller who may touch everything.
    pub fn unrestricted() -> Self {
        Self::default()
    }

    /// A shopper, who may touch only what is this user's.
    pub fn shopper(user: UserId) -> Self {
        Self { own: Some(user), actor: None }
    }

    /// Names the operator. Charges, adjustments, orders and cancellations bear this name as their `actor`. Changes of a
    /// shopper bear none.
    #[must_use]
    pub fn actor(self, actor: Actor) -> Self {
        let actor = self.own.is_none().then_some(actor);
        Self { actor, ..self }
    }
}
