//! The queries of a server for each request: which token has this digest, and whether any token has changed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::rows::token;
use super::{Digest, Token};
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::query::{Query, View};
use crate::row::{Rows, Statement};

/// Finds the token with this digest. Only the SHA-256 of a secret is looked up, so the time of the comparison does not
/// depend on the secret.
#[derive(Clone, Debug, Serialize)]
pub struct Find {
    /// The digest of the secret that was presented.
    pub digest: Digest,
}

/// Returns the state of all tokens, to notice changes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Version;

/// A state of all tokens. While two of them are equal, no token was created or revoked between them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenVersion {
    changes: i64,
    store: Arc<str>,
}

impl TokenVersion {
    /// Reads the state of all tokens.
    pub(crate) fn statement() -> Statement {
        Statement::new("SELECT last_token, uuid FROM store", [])
    }

    /// The state of all tokens, from what the statement read.
    pub(crate) fn of(rows: &Rows) -> Result<Self, Error> {
        let none = || Error::Store("the store's own row is missing".into());
        rows.first().map(|row| Self { changes: row[0].int(), store: row[1].text() }).ok_or_else(none)
    }

    /// Whether no token was ever created.
    pub fn is_initial(&self) -> bool {
        self.changes == 0
    }
}

impl Query for Find {
    const NAME: &'static str = "token.find";
    const ACCESS: Access = Access::Operator;
    type Answer = Option<Token>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { digest: fields.required("digest")? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Option<Token>, Error> {
        let sql = "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.expires_at, t.used_at
            FROM tokens t LEFT JOIN users u USING (user_no)
            WHERE t.digest = ?1";
        let rows = view.final_rows(&Statement::new(sql, [self.digest.as_str().into()]))?;
        Ok(rows.first().map(token))
    }
}

impl Query for Version {
    const NAME: &'static str = "token.changes";
    const ACCESS: Access = Access::Operator;
    type Answer = TokenVersion;

    fn parse(_: &mut Fields<'_>) -> Option<Self> {
        Some(Self)
    }

    fn answer(&self, view: &mut View<'_>) -> Result<TokenVersion, Error> {
        TokenVersion::of(&view.final_rows(&TokenVersion::statement())?)
    }
}
