//! What `GET /v1/version` answers.

use commerce_core::{Currency, Time};
use schemars::JsonSchema;
use serde::Serialize;

/// The version of the store, and who asks.
#[derive(Serialize, JsonSchema)]
pub(crate) struct VersionAnswer<'a> {
    /// A number that changes with every commit.
    pub(crate) version: i64,
    /// Identifies the process that serves the store. Versions of different instances cannot be compared.
    pub(crate) instance: &'a str,
    /// The store's currency.
    #[schemars(with = "String")]
    pub(crate) currency: Currency,
    /// The time by the clock that the store goes by.
    pub(crate) time: Time,
    /// The role of the token. Without any token in the store, this machine is an operator.
    pub(crate) role: &'a str,
    /// The name of the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<&'a str>,
    /// The user as whom a shopper acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<&'a str>,
    /// Whether a commit is on disk when it is acknowledged.
    pub(crate) synced: bool,
    /// What the operator of the store should know at once. Shoppers are not told.
    pub(crate) warnings: Vec<String>,
}
