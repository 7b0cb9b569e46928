//! `user.get`: retrieves a user with the balance.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Error;
use crate::id::{Name, UserId};
use crate::input::Fields;
use crate::money::Amount;
use crate::query::{Query, View};
use crate::refusal::Refusal;
use crate::row::{Rows, Statement, Value};
use crate::time::Time;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The user's id.
    pub user: UserId,
    /// The user's display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// The balance of the user's wallet, in minor units of the currency.
    pub balance: Amount,
    /// When the user was added.
    pub at: Time,
}

/// Retrieves a user.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Get {
    /// The user's id.
    pub user: UserId,
}

impl Query for Get {
    const NAME: &'static str = "user.get";
    const ACCESS: Access = Access::OwnUser;
    type Answer = User;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { user: fields.required("user")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<User, Error> {
        let rows = view.final_rows(&self.statement())?;
        self.read(&rows)
    }
}

impl Get {
    /// The statement that reads the user, for an answer that reads more along with it.
    pub(crate) fn statement(&self) -> Statement {
        let sql = "SELECT u.user, u.name, w.balance, u.at FROM users u LEFT JOIN wallets w USING (user_no) WHERE u.user = ?1";
        Statement::new(sql, [self.user.shared().into()])
    }

    /// The user from the rows of the statement.
    pub(crate) fn read(&self, rows: &Rows) -> Result<User, Error> {
        let missing = || Refusal::UserNotFound { user: self.user.clone() };
        user(rows.first().ok_or_else(missing)?)
    }
}

/// A user from the columns user, name, balance, at.
pub(super) fn user(row: &[Value]) -> Result<User, Error> {
    let id = row[0].text();
    Ok(User {
        balance: row[2].read(format_args!("the balance of user {id}"))?,
        user: UserId::stored(id),
        name: row[1].optional_text().map(Name::stored),
        at: Time::from_millis(row[3].int()),
    })
}
