//! Tokens: who may come through a door that is open to a network. Only the digest of a secret is known here;
//! making secrets, and what each role may do, is for the doors.

mod create;
mod find;
mod list;
mod revoke;

pub use create::Create;
pub use find::{Changes, Find, Mark};
pub use list::List;
pub(crate) use list::token;
pub use revoke::Revoke;

use serde::{Deserialize, Serialize};

use crate::id::{Id, UserId, quoted};
use crate::input::FromJson;
use crate::operation::Reply;
use crate::time::Time;

/// Marks names of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OfToken {}

/// What people call a token. Never used again, also after it was revoked.
pub type TokenName = Id<OfToken>;

/// A token as others see it. The secret is known to its bearer only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Token {
    /// What people call it.
    pub name: TokenName,
    /// What its bearer may do.
    pub role: Role,
    /// As whom a shopper acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<UserId>,
    /// When it was made.
    pub at: Time,
    /// Since when it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Time>,
}

/// What the bearer of a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Operator,
    /// Read the catalogue, and act as one user.
    Shopper,
}

/// The SHA-256 of a secret, as 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Role {
    /// The word used in the store and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Shopper => "shopper",
        }
    }

    pub(crate) fn stored(text: &str) -> Self {
        if text == "operator" { Self::Operator } else { Self::Shopper }
    }
}

impl FromJson for Role {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("operator") => Ok(Self::Operator),
            Some("shopper") => Ok(Self::Shopper),
            _ => Err("must be operator or shopper".into()),
        }
    }
}

impl Digest {
    /// The digest of a secret.
    pub fn of(secret: &str) -> Self {
        use sha2::Digest as _;
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half)]);
        let bytes = sha2::Sha256::digest(secret);
        Self(bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
    }

    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn stored(text: &str) -> Self {
        Self(text.into())
    }
}

impl FromJson for Digest {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        let text = String::from_json(value)?;
        let digit = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() == 64 && text.bytes().all(digit) {
            return Ok(Self(text));
        }
        Err(format!("must be a SHA-256 as 64 hexadecimal digits in lower case, got {}", quoted(&text)))
    }
}

impl Reply for Token {}
