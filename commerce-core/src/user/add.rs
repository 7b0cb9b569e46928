//! `user.add`: adds a user with an empty wallet.

use serde::{Deserialize, Serialize};

use super::User;
use crate::access::Access;
use crate::facts::{Facts, Keys};
use crate::id::{Name, UserId};
use crate::input::{Fields, Invalid};
use crate::money::Amount;
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// Adds a user with an empty wallet.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Add {
    /// The id of the new user.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::NewId"))]
    pub user: UserId,
    /// The user's display name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::NewName>"))]
    pub name: Option<Name>,
}

impl Operation for Add {
    const NAME: &'static str = "user.add";
    const ACCESS: Access = Access::Operator;
    type Reply = User;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, name) = (fields.new_id("user"), fields.optional("name"));
        Some(Self { user: user?, name: name? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.user.check_new().map_err(|error| Invalid::at("/user", error.to_string()))
    }

    fn needs(&self, _: &mut Keys) {}

    fn decide(&self, facts: &mut Facts, now: Time) -> Result<User, Refusal> {
        if facts.find_user(&self.user).is_some() {
            return Err(Refusal::UserExists { user: self.user.clone() });
        }
        // From here on nothing can fail.
        facts.add_user(self.user.clone(), self.name.clone(), now);
        Ok(User { user: self.user.clone(), name: self.name.clone(), balance: Amount::ZERO, at: now })
    }
}

impl Reply for User {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Add;
    use crate::testing::{check, id, keys, refusal, refusals, shop};

    #[test]
    fn a_new_user_has_an_empty_wallet() {
        check::<Add>(
            &shop().user("lee", 100),
            json!({ "user": "kim", "name": "Kim" }),
            r#"
            {"user":"kim","name":"Kim","balance":0,"at":"1970-01-01T00:00:01.000Z"}
            insert users user_no=2 user=kim name=Kim at=1000
            insert wallets user_no=2 balance=0 last_entry=0 last_order=0
            update store last_at=1000 last_user=2
            "#,
        );
    }

    #[test]
    fn refusals_in_their_order() {
        refusals::<Add>(
            shop().user("lee", 100),
            json!({ "user": "kim" }),
            &[(|case| case.operation["user"] = "lee".into(), r#"user_exists {"user":"lee"}"#)],
        );
    }

    #[test]
    fn not_every_identifier_is_for_somebody_new() {
        assert_eq!(refusal(&shop(), &Add { user: id(".."), name: None }), "invalid_request /user");
    }

    #[test]
    fn once_under_a_key() {
        keys::<Add>(&shop(), 1, &[json!({ "user": "kim" })], &[json!({ "user": "kim", "name": "Kim" })]);
    }
}
