//! Tokens: the credentials of clients of a server. The store keeps only the digest of a secret. The server generates
//! secrets, and decides what each role permits.

mod create;
mod find;
mod list;
mod revoke;
pub(crate) mod rows;
mod used;

pub use create::Create;
pub use find::{Find, TokenVersion, Version};
pub use list::List;
pub use revoke::Revoke;
pub use used::Used;

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::id::UserId;
pub use crate::id::{Digest, OfToken, TokenName};
use crate::input::{FromInput, Input};
use crate::text::{ValueError, one_of};
use crate::time::Time;

/// A token. Its secret is not stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Token {
    /// The token's name.
    pub name: TokenName,
    /// What the token permits.
    pub role: Role,
    /// The id of the user as whom a shopper acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// When the token was created.
    pub at: Time,
    /// When the token was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
    /// The time from which the token is no longer accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
    /// When a server last accepted the token, to a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Time>,
}

/// What a token permits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Role {
    /// Everything.
    Operator,
    /// Reading everything, and changing nothing.
    Viewer,
    /// Reading the catalogue, and acting as one user.
    Shopper,
}

impl Role {
    const ALL: [Self; 3] = [Self::Operator, Self::Viewer, Self::Shopper];

    /// The name in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Viewer => "viewer",
            Self::Shopper => "shopper",
        }
    }

    pub(crate) fn stored(text: &str) -> Self {
        match text {
            "operator" => Self::Operator,
            "viewer" => Self::Viewer,
            _ => Self::Shopper,
        }
    }
}

impl FromStr for Role {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        one_of(text, &Self::ALL.map(|role| (role.as_str(), role)))
    }
}

impl FromInput for Role {
    fn from_input(input: Input<'_>) -> Result<Self, ValueError> {
        input.text()?.parse()
    }
}

#[cfg(feature = "schema")]
crate::schema::inline_schema!(
    Role,
    "Role",
    schemars::json_schema!({ "type": "string", "enum": ["operator", "viewer", "shopper"] })
);
