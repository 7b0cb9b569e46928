//! `token.list`: all tokens by name, also those that were revoked.

use super::{Role, Token, TokenName};
use crate::error::Error;
use crate::id::UserId;
use crate::input::Fields;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::store::{Statement, Value};
use crate::time::Time;

/// Asks for a page of tokens.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Which page.
    pub page: Page,
}

impl Query for List {
    const NAME: &'static str = "token.list";
    type Answer = Listing<Token>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { page: Page::parse(fields)? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Token>, Error> {
        let after: String = self.page.place(Self::NAME)?.unwrap_or_default();
        let sql = "SELECT t.token, t.role, u.user, t.at, t.revoked_at FROM tokens t LEFT JOIN users u USING (user_no)
            WHERE t.token > ?1 ORDER BY t.token LIMIT ?2";
        let rows = view.last(&Statement::new(sql, [after.into(), self.page.reach().into()]))?;
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

/// A token from the columns token, role, user, at, revoked_at.
pub(crate) fn token(row: &[Value]) -> Token {
    Token {
        name: TokenName::stored(row[0].text()),
        role: Role::stored(&row[1].text()),
        user: row[2].optional_text().map(UserId::stored),
        at: Time::from_millis(row[3].int()),
        revoked_at: row[4].optional_int().map(Time::from_millis),
    }
}
