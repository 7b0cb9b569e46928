//! Who uses a shop that is served elsewhere.

use crate::id::{TokenName, UserId};
use crate::token::Role;

/// Whom the server of a shop takes this client for, by its token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What the token permits. Without a token, a server that needs none permits everything.
    pub role: Role,
    /// The name of the token; None without one.
    pub token: Option<TokenName>,
    /// The user as whom a shopper acts.
    pub user: Option<UserId>,
}
