//! `token.list`: lists tokens, sorted by name, including revoked ones.

use serde::Serialize;

use super::Token;
use super::rows::token;
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::row::Statement;

/// Lists tokens, sorted by name, including revoked ones.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

impl Query for List {
    const NAME: &'static str = "token.list";
    const ACCESS: Access = Access::Operator;
    type Answer = Listing<Token>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { page: Page::parse(fields)? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Token>, Error> {
        let after: String = self.page.position(Self::NAME)?.unwrap_or_default();
        let sql = "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.expires_at, t.used_at
            FROM tokens t LEFT JOIN users u USING (user_no)
            WHERE t.token > ?1 ORDER BY t.token LIMIT ?2";
        let rows = view.final_rows(&Statement::new(sql, [after.into(), self.page.fetch_limit().into()]))?;
        let items = rows.iter().map(token).collect();
        Ok(self.page.listing(Self::NAME, items, |token: &Token| token.name.clone()))
    }
}

impl Paged for List {
    type Item = Token;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}
