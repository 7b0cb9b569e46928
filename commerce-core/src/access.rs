//! Who may do or ask something, for programs that serve several callers. It belongs to the operation or the query, whatever
//! way it comes.

use crate::id::UserId;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The only user whose wallet, cart and orders the operation may touch.
    pub(crate) own: Option<UserId>,
}

impl Caller {
    /// A caller who may touch everything.
    pub fn unrestricted() -> Self {
        Self::default()
    }

    /// A shopper, who may touch only what is this user's.
    pub fn shopper(user: UserId) -> Self {
        Self { own: Some(user) }
    }
}
