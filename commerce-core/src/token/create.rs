//! `token.create`: a new token, known by the digest of its secret.

use serde::Serialize;

use super::{Digest, Role, Token, TokenName};
use crate::facts::{Facts, Keys};
use crate::id::UserId;
use crate::input::{Fields, Invalid};
use crate::operation::{Operation, Reply};
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
        match (role, &user) {
            (Some(Role::Shopper), Some(None)) => {
                return fields.fault("user", "is missing: a shopper acts as a user");
            }
            (Some(Role::Operator), Some(Some(_))) => {
                return fields.fault("user", "is not for an operator, who acts as nobody");
            }
            _ => {}
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

impl Reply for Token {}
