//! `user.add`: a new user with an empty wallet.

use serde::{Deserialize, Serialize};

use super::User;
use crate::facts::{Facts, Keys};
use crate::id::{Name, UserId};
use crate::input::{Fields, Invalid};
use crate::money::Amount;
use crate::operation::{Operation, Reply};
use crate::refusal::Refusal;
use crate::time::Time;

/// Adds a user.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Add {
    /// The new identifier.
    #[cfg_attr(feature = "schema", schemars(with = "crate::schema::NewId"))]
    pub user: UserId,
    /// What people call the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<crate::schema::NewName>"))]
    pub name: Option<Name>,
}

impl Operation for Add {
    const NAME: &'static str = "user.add";
    type Reply = User;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, name) = (fields.new_id("user"), fields.optional("name"));
        Some(Self { user: user?, name: name? })
    }

    fn user(&self) -> Option<&UserId> {
        Some(&self.user)
    }

    fn check(&self) -> Result<(), Invalid> {
        self.user.for_new().map_err(|bad| Invalid::at("/user", bad.to_string()))
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
