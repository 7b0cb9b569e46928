//! `token.create`: creates a token. The store keeps only the digest of its secret.

use serde::Serialize;

use super::{Digest, Role, Token, TokenName};
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::UserId;
use crate::input::{Fields, Invalid};
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::text::ValueError;
use crate::time::Time;

/// Creates a token.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Create {
    /// The name of the new token.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::NewId"))]
    name: TokenName,
    /// What the token permits.
    role: Role,
    /// The user as whom a shopper acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    /// The SHA-256 of the secret.
    digest: Digest,
    /// The time from which the token is no longer accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<Time>,
}

impl Create {
    /// A token with this role. A shopper acts as `user`.
    ///
    /// # Errors
    /// [`ValueError`] for a shopper without a user, and for an operator or a viewer with one.
    pub fn new(
        name: TokenName,
        role: Role,
        user: Option<UserId>,
        digest: Digest,
    ) -> Result<Self, ValueError> {
        check_user(role, user.as_ref())?;
        Ok(Self { name, role, user, digest, expires: None })
    }

    /// Ends the token: from this time on it is not accepted. A time in the past makes a token that is never accepted.
    #[must_use]
    pub fn expires(self, at: Time) -> Self {
        Self { expires: Some(at), ..self }
    }

    /// A token for an operator.
    pub fn operator(name: TokenName, digest: Digest) -> Self {
        Self { name, role: Role::Operator, user: None, digest, expires: None }
    }

    /// A token for a shopper who acts as `user`.
    pub fn shopper(name: TokenName, user: UserId, digest: Digest) -> Self {
        Self { name, role: Role::Shopper, user: Some(user), digest, expires: None }
    }
}

impl Operation for Create {
    const NAME: &'static str = "token.create";
    const ACCESS: Access = Access::Operator;
    type Reply = Token;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (name, role) = (fields.new_id("name"), fields.required("role"));
        let (user, digest) = (fields.optional::<UserId>("user"), fields.required("digest"));
        let expires = fields.optional("expires");
        if let (Some(role), Some(user)) = (role, &user)
            && let Err(error) = check_user(role, user.as_ref())
        {
            return fields.fault("user", error);
        }
        Some(Self { name: name?, role: role?, user: user?, digest: digest?, expires: expires? })
    }

    fn check(&self) -> Result<(), Invalid> {
        self.name.check_new().map_err(|error| Invalid::at("/name", error.to_string()))
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
        let Self { name, role, user, digest, expires } = self.clone();
        let token = Token { name, role, user, at: now, revoked_at: None, expires, used_at: None };
        facts.add_token(token.clone(), digest);
        Ok(token)
    }
}

impl Reply for Token {}

/// Tests that a shopper has a user, and nobody else has.
fn check_user(role: Role, user: Option<&UserId>) -> Result<(), ValueError> {
    match (role, user) {
        (Role::Shopper, None) => Err(ValueError::new("is missing; a shopper needs a user")),
        (Role::Operator, Some(_)) => Err(ValueError::new("must not be given for an operator")),
        (Role::Viewer, Some(_)) => Err(ValueError::new("must not be given for a viewer")),
        (Role::Shopper, Some(_)) | (Role::Operator | Role::Viewer, None) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Create, Digest};
    use crate::testing::{Shop, check, faults, id, keys, refusal, refusals, shop};

    fn opened() -> Shop {
        shop().user("lee", 0).user("kim", 0).token("door", "first")
    }

    fn shopper(secret: char) -> Value {
        json!({ "name": "phone", "role": "shopper", "user": "kim", "digest": secret.to_string().repeat(64) })
    }

    #[test]
    fn a_token_is_counted_and_known_by_the_digest_of_its_secret() {
        check::<Create>(
            &opened(),
            shopper('a'),
            r#"
            {"name":"phone","role":"shopper","user":"kim","at":"1970-01-01T00:00:01.000Z"}
            insert tokens token_no=61 token=phone role=shopper user_no=2 digest=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa at=1000
            update store last_at=1000 last_token=61
            "#,
        );
        check::<Create>(
            &opened(),
            json!({ "name": "desk", "role": "viewer", "digest": "b".repeat(64), "expires": "1970-01-01T00:00:09Z" }),
            r#"
            {"name":"desk","role":"viewer","at":"1970-01-01T00:00:01.000Z","expires":"1970-01-01T00:00:09.000Z"}
            insert tokens token_no=61 token=desk role=viewer digest=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb at=1000 expires_at=9000
            update store last_at=1000 last_token=61
            "#,
        );
    }

    #[test]
    fn a_shopper_has_a_user_and_nobody_else_has() {
        let token = |role: &str, user: Option<&str>| {
            let mut token = json!({ "name": "phone", "role": role, "digest": "a".repeat(64) });
            user.into_iter().for_each(|user| token["user"] = user.into());
            faults::<Create>(&token)
        };
        let roles = ["shopper", "operator", "viewer"];
        assert_eq!(roles.map(|role| token(role, None)), ["/user", "", ""]);
        assert_eq!(roles.map(|role| token(role, Some("kim"))), ["", "/user", "/user"]);
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Create>(
            opened(),
            shopper('a'),
            &[
                (|case| case.operation["name"] = "door".into(), r#"token_exists {"name":"door"}"#),
                (
                    |case| case.operation["digest"] = Digest::of("first").as_str().into(),
                    r#"token_exists {"name":"phone"}"#,
                ),
                (|case| case.operation["user"] = "no".into(), r#"user_not_found {"user":"no"}"#),
            ],
        );
    }

    #[test]
    fn not_every_name_is_for_a_new_token() {
        let create = Create::operator(id(".."), Digest::of("second"));
        assert_eq!(refusal(&opened(), &create), "invalid_request /name");
    }

    #[test]
    fn once_under_a_key_of_the_store() {
        keys::<Create>(&opened(), 0, &[shopper('a')], &[shopper('b')]);
    }
}
