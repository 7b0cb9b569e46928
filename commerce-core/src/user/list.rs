//! `user.list`: all users by identifier.

use super::User;
use super::get::user;
use crate::error::Error;
use crate::input::Fields;
use crate::query::{Listing, Page, Query, View};
use crate::store::Statement;

/// Asks for a page of users.
#[derive(Clone, Debug, Default)]
pub struct List {
    /// Which page.
    pub page: Page,
}

impl Query for List {
    const NAME: &'static str = "user.list";
    type Answer = Listing<User>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self { page: Page::parse(fields)? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<User>, Error> {
        let after: String = self.page.place(Self::NAME)?.unwrap_or_default();
        let sql = "SELECT u.user, u.name, w.balance, u.at FROM users u JOIN wallets w USING (user_no)
            WHERE u.user > ?1 ORDER BY u.user LIMIT ?2";
        let rows = view.last(&Statement::new(sql, [after.into(), self.page.reach().into()]))?;
        let items = rows.iter().map(user).collect();
        Ok(self.page.listing(Self::NAME, items, |user: &User| user.user.clone()))
    }
}
