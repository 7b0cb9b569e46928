//! `user.list`: lists users, sorted by id.

use serde::Serialize;

use super::User;
use super::get::user;
use crate::access::Access;
use crate::error::Error;
use crate::input::Fields;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::row::{Statement, Value};

/// Lists users, sorted by id.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Return only users whose id or name contains this text, ignoring the case of ASCII letters.
    pub search: Option<String>,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

impl Query for List {
    const NAME: &'static str = "user.list";
    const ACCESS: Access = Access::Operator;
    type Answer = Listing<User>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (search, page) = (fields.optional("search"), Page::parse(fields));
        Some(Self { search: search?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<User>, Error> {
        let search = self.search.as_ref().map(|text| text.to_ascii_lowercase());
        let list = Page::list_id(Self::NAME, &search);
        let after: String = self.page.position(&list)?.unwrap_or_default();
        let sql = "SELECT u.user, u.name, w.balance, u.at FROM users u LEFT JOIN wallets w USING (user_no)
            WHERE u.user > ?1 AND (?3 IS NULL OR instr(lower(u.user), ?3) > 0 OR instr(lower(u.name), ?3) > 0)
            ORDER BY u.user LIMIT ?2";
        let values = [after.into(), self.page.fetch_limit().into(), search.map_or(Value::Null, Value::from)];
        let rows = view.final_rows(&Statement::new(sql, values))?;
        let items = rows.iter().map(user).collect::<Result<_, _>>()?;
        Ok(self.page.listing(&list, items, |user: &User| user.user.clone()))
    }
}

impl Paged for List {
    type Item = User;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}
