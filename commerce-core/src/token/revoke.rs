//! `token.revoke`: revokes a token permanently.

use serde::Serialize;

use super::{Token, TokenName};
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::input::Fields;
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::time::Time;

/// Revokes a token permanently. A token that is already revoked stays as it is.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Revoke {
    /// The token's name.
    pub name: TokenName,
}

impl Operation for Revoke {
    const NAME: &'static str = "token.revoke";
    const ACCESS: Access = Access::Operator;
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Revoke;
    use crate::testing::{check, keys, refusals, shop};

    #[test]
    fn a_revoked_token_is_counted_once() {
        let shop = shop().token("desk", "first").token("door", "second");
        check::<Revoke>(
            &shop,
            json!({ "name": "door" }),
            r#"
            {"name":"door","role":"operator","at":"1970-01-01T00:00:00.500Z","revoked_at":"1970-01-01T00:00:01.000Z"}
            update tokens token_no=2 token=door role=operator digest=16367aacb67a4a017c8da8ab95682ccb390863780f7114dda0a0e0c55644c7c4 at=500 revoked_at=1000
            update store last_at=1000 last_token=61
            "#,
        );
        check::<Revoke>(
            &shop.revoked(),
            json!({ "name": "door" }),
            r#"
            {"name":"door","role":"operator","at":"1970-01-01T00:00:00.500Z","revoked_at":"1970-01-01T00:00:00.600Z"}
            update store last_at=1000
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Revoke>(
            shop().token("door", "first"),
            json!({ "name": "door" }),
            &[(|case| case.operation["name"] = "no".into(), r#"token_not_found {"name":"no"}"#)],
        );
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        let shop = shop().token("desk", "first").token("door", "second");
        keys::<Revoke>(&shop, 0, &[json!({ "name": "door" })], &[json!({ "name": "desk" })]);
    }
}
