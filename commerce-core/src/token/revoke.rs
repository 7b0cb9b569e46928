//! `token.revoke`: a token is refused from now on, for good.

use serde::Serialize;

use super::{Token, TokenName};
use crate::facts::{Facts, Keys};
use crate::input::Fields;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Revokes a token. One that was revoked before stays as it is.
#[derive(Clone, Debug, Serialize)]
pub struct Revoke {
    /// Which token.
    pub name: TokenName,
}

impl Operation for Revoke {
    const NAME: &'static str = "token.revoke";
    type Reply = Token;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { name: fields.required("name")? })
    }

    fn needs(&self, keys: &mut Keys) {
        keys.tokens.push(self.name.clone());
    }

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<Token, Refusal> {
        let token = facts.find_token(&self.name);
        let mut token = token.ok_or_else(|| Refusal::TokenNotFound { name: self.name.clone() })?.clone();
        // From here on nothing can fail.
        if token.revoked_at.is_none() {
            token.revoked_at = Some(now);
            facts.revoke_token(&self.name, now);
        }
        Ok(token)
    }
}
