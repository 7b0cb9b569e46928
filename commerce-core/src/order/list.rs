//! `order.list`: orders, newest first, of one user along the list that they form, or of all.

use super::{Order, Status};
use crate::error::Error;
use crate::id::{OrderId, UserId};
use crate::input::{Fields, FromJson};
use crate::query::{Listing, Page, Query, View};
use crate::store::{Statement, Value, load};
use crate::time::{End, Time};
use crate::user;

/// Asks for a page of orders.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Only this user's.
    pub user: Option<UserId>,
    /// Only those that stand so.
    pub status: Option<Status>,
    /// Only those placed at this time or later; a date is the beginning of its day, in UTC.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::end"))]
    pub from: Option<Time>,
    /// Only those placed at this time or before; a date is the end of its day, in UTC.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::end"))]
    pub to: Option<Time>,
    /// Which page.
    #[cfg_attr(feature = "schema", schemars(flatten))]
    pub page: Page,
}

impl FromJson for Status {
    fn from_json(value: &serde_json::Value) -> Result<Self, String> {
        match value.as_str() {
            Some("paid") => Ok(Self::Paid),
            Some("cancelled") => Ok(Self::Cancelled),
            _ => Err("must be paid or cancelled".into()),
        }
    }
}

impl Query for List {
    const NAME: &'static str = "order.list";
    type Answer = Listing<Order>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, status) = (fields.optional("user"), fields.optional("status"));
        let (from, to, page) =
            (fields.end("from", End::From), fields.end("to", End::To), Page::parse(fields));
        Some(Self { user: user?, status: status?, from: from?, to: to?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Order>, Error> {
        let list = Page::list(Self::NAME, &(&self.user, self.status, self.from, self.to));
        let before: OrderId = self.page.place(&list)?.unwrap_or(i64::MAX);
        let ids = match &self.user {
            Some(user) => {
                user::Get { user: user.clone() }.answer(view)?;
                view.rows(&self.of_user(user, before))?
            }
            None => view.rows(&self.of_all(before))?,
        };
        let ids: Vec<OrderId> = ids.iter().map(|row| row[0].int()).collect();
        let mut items = load::orders(&view.last(&load::orders_of(&ids))?)?;
        items.reverse();
        Ok(self.page.listing(&list, items, |order: &Order| order.order))
    }
}

impl List {
    fn of_user(&self, user: &UserId, before: OrderId) -> Statement {
        let sql = format!(
            "WITH RECURSIVE list (order_id) AS (
                SELECT w.last_order FROM users u JOIN wallets w USING (user_no) WHERE u.user = ?6
                UNION ALL
                SELECT o.previous_order FROM list JOIN orders o USING (order_id))
            SELECT o.order_id FROM list CROSS JOIN orders o USING (order_id) WHERE {WANTED} LIMIT ?5"
        );
        let mut values = self.wanted(before);
        values.push(user.shared().into());
        Statement::new(sql, values)
    }

    // Orders stand in the order of their times, so a span of time is a span of numbers.
    fn of_all(&self, before: OrderId) -> Statement {
        let source = match self.status {
            Some(Status::Cancelled) => "cancellations c JOIN orders o USING (order_id)",
            Some(Status::Paid) | None => "orders o",
        };
        let sql = format!("SELECT o.order_id FROM {source} WHERE {WANTED} ORDER BY o.order_id DESC LIMIT ?5");
        Statement::new(sql, self.wanted(before))
    }

    fn wanted(&self, before: OrderId) -> Vec<Value> {
        let cancelled = self.status.map(|status| status == Status::Cancelled);
        vec![
            before.into(),
            cancelled.into(),
            self.from.map_or(0, Time::millis).into(),
            self.to.map_or(i64::MAX, Time::millis).into(),
            self.page.reach().into(),
        ]
    }
}

const WANTED: &str = "o.order_id < ?1 AND o.at BETWEEN ?3 AND ?4
    AND (?2 IS NULL OR ?2 = EXISTS (SELECT 1 FROM cancellations c WHERE c.order_id = o.order_id))";
