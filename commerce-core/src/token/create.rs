//! `token.create`: a new token, known by the digest of its secret.

use serde::Serialize;

use super::{Digest, Role, Token, TokenName};
use crate::error::Invalid;
use crate::facts::{Facts, Keys};
use crate::id::{BadText, UserId};
use crate::input::Fields;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Makes a token.
#[derive(Clone, Debug, Serialize)]
pub struct Create {
    name: TokenName,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    digest: Digest,
}

impl Create {
    /// A token for this role, who acts as `user`.
    ///
    /// # Errors
    /// [`BadText`] for a shopper without a user, and for an operator with one.
    pub fn new(name: TokenName, role: Role, user: Option<UserId>, digest: Digest) -> Result<Self, BadText> {
        suits(role, user.as_ref())?;
        Ok(Self { name, role, user, digest })
    }

    /// A token for an operator.
    pub fn operator(name: TokenName, digest: Digest) -> Self {
        Self { name, role: Role::Operator, user: None, digest }
    }

    /// A token for a shopper, who acts as `user`.
    pub fn shopper(name: TokenName, user: UserId, digest: Digest) -> Self {
        Self { name, role: Role::Shopper, user: Some(user), digest }
    }
}

impl Operation for Create {
    const NAME: &'static str = "token.create";
    type Reply = Token;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, role) = (fields.new_id("name"), fields.required("role"));
        let (user, digest) = (fields.optional::<UserId>("user"), fields.required("digest"));
        if let (Some(role), Some(user)) = (role, &user)
            && let Err(bad) = suits(role, user.as_ref())
        {
            return fields.fault("user", bad.0);
        }
        Some(Self { name: name?, role: role?, user: user?, digest: digest? })
    }

    fn check(&self) -> Result<(), Invalid> {
        self.name.for_new().map_err(|bad| Invalid::at("/name", bad.to_string()))
    }

    fn needs(&self, keys: &mut Keys) {
        keys.tokens.push(self.name.clone());
        keys.digests.push(self.digest.clone());
        keys.users.extend(self.user.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Token, Refusal> {
        if facts.find_token(&self.name).is_some() || facts.knows_digest(&self.digest) {
            return Err(Refusal::TokenExists { name: self.name.clone() });
        }
        if let Some(user) = &self.user {
            facts.user(user)?;
        }
        // From here on nothing can fail.
        let Self { name, role, user, digest } = self.clone();
        let token = Token { name, role, user, at: now, revoked_at: None };
        facts.add_token(token.clone(), digest);
        Ok(token)
    }
}

/// Whether the bearer of a token of this role may act as this user, or as none.
fn suits(role: Role, user: Option<&UserId>) -> Result<(), BadText> {
    match (role, user) {
        (Role::Shopper, None) => Err(BadText("is missing: a shopper acts as a user".into())),
        (Role::Operator, Some(_)) => Err(BadText("is not for an operator, who acts as nobody".into())),
        _ => Ok(()),
    }
}
