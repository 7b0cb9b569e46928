//! `order.list`: lists orders, newest first.
//!
//! Orders are numbered in the order of their times. So a range of time is a range of numbers, which a binary search finds,
//! and a cursor is the end of a range. The orders of one user form a linked list; a page of it starts at a waypoint near
//! the end of the range. So every page costs the same, wherever it begins.

use serde::Serialize;

use super::rows::{NUMBERS, numbered_orders_of_page, orders, orders_of_page};
use super::until::last_until_sql;
use super::{Order, Status};
use crate::access::Access;
use crate::error::Error;
use crate::id::UserId;
use crate::input::Fields;
use crate::number::OrderId;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::row::{Statement, Value};
use crate::time::Time;
use crate::user;

/// Lists orders, newest first. If many orders were cancelled, a page of paid orders may hold fewer than `limit`, or
/// none, and still have a `next_cursor`.
#[derive(Clone, Debug, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct List {
    /// Return only orders of this user.
    pub user: Option<UserId>,
    /// Return only orders with this status.
    pub status: Option<Status>,
    /// Return only orders placed at this time or later. A date is the start of that day in UTC.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::end"))]
    pub from: Option<Time>,
    /// Return only orders placed at this time or earlier. A date is the end of that day in UTC.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::end"))]
    pub to: Option<Time>,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

/// The maximum number of orders that a page of paid orders reads.
pub(crate) const SCAN_LIMIT: i64 = 4_096;

impl Query for List {
    const NAME: &'static str = "order.list";
    const ACCESS: Access = Access::OwnUser;
    type Answer = Listing<Order>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (user, status) = (fields.optional("user"), fields.optional("status"));
        let (from, to, page) = (fields.period_from(), fields.period_to(), Page::parse(fields));
        Some(Self { user: user?, status: status?, from: from?, to: to?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<Order>, Error> {
        let list = Page::list_id(Self::NAME, &(&self.user, self.status, self.from, self.to));
        let before = self.page.position(&list)?.map_or(i64::MAX, OrderId::get);
        let user = self.user.clone().map(|user| user::Get { user });
        let mut found = None;
        let rows = match (&view.id_caches, &user) {
            (Some(_), _) => {
                view.rows_with_ids(&self.statement(before, &numbered_orders_of_page()), NUMBERS)?
            }
            (None, Some(user)) if view.snapshot.is_remote() => {
                let statement = self.statement(before, &orders_of_page());
                let [rows, read] = view.final_batch([statement, user.statement()])?;
                found = Some(read);
                rows
            }
            (None, _) => view.final_rows(&self.statement(before, &orders_of_page()))?,
        };
        let mut orders = orders(&rows)?;
        if let (Some(user), true) = (user, orders.is_empty()) {
            found.map_or_else(|| user.answer(view), |found| user.read(&found))?;
        }
        let unwanted = |order: &Order| self.status.is_some_and(|status| order.status != status);
        Ok(match orders.iter().position(unwanted) {
            Some(index) => {
                let end = orders[index].order;
                orders.truncate(index);
                self.page.partial(&list, orders, end)
            }
            None => self.page.listing(&list, orders, |order: &Order| order.order),
        })
    }
}

impl Paged for List {
    type Item = Order;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}

impl List {
    /// The statement that selects the numbers of the page and reads these `orders`.
    fn statement(&self, before: i64, orders: &str) -> Statement {
        let mut values: Vec<Value> = vec![before.into(), self.page.fetch_limit().into()];
        let mut bind = |value: Value| {
            values.push(value);
            format!("?{}", values.len())
        };
        let mut until = |time: i64| last_until_sql(&bind(time.into()));
        let low = self.from.map_or("1".into(), |from| until(from.millis() - 1) + " + 1");
        let high = self.to.map_or("(SELECT last_order FROM store)".into(), |to| until(to.millis()));
        let user = self.user.as_ref().map(|user| {
            format!("user_no = (SELECT user_no FROM users WHERE user = {})", bind(user.shared().into()))
        });
        let page = match (user, self.status) {
            (Some(user), Some(Status::Cancelled)) => select_cancelled(&format!("{user} AND")),
            (None, Some(Status::Cancelled)) => select_cancelled(""),
            (Some(user), status) => select_of_user(&user, status.is_some()),
            (None, Some(Status::Paid)) => select_paid(),
            (None, None) => select_all(),
        };
        let sql = format!(
            "WITH RECURSIVE span (low, high) AS MATERIALIZED (SELECT {low}, min(?1 - 1, {high})), {page} {orders}"
        );
        Statement::new(sql, values)
    }
}

const IN_SPAN: &str = "order_id BETWEEN (SELECT low FROM span) AND (SELECT high FROM span)";
const NOT_CANCELLED: &str = "NOT EXISTS (SELECT 1 FROM cancellations c WHERE c.order_id = o.order_id)";

fn select_all() -> String {
    format!(
        "page (order_id) AS (SELECT order_id FROM orders WHERE {IN_SPAN} ORDER BY order_id DESC LIMIT ?2)"
    )
}

/// After [`SCAN_LIMIT`] orders the filter ends, and the first cancelled order ends the page.
fn select_paid() -> String {
    format!(
        "page (order_id) AS (SELECT o.order_id FROM orders o WHERE o.{IN_SPAN}
            AND ({NOT_CANCELLED} OR o.order_id <= (SELECT high FROM span) - {SCAN_LIMIT})
            ORDER BY o.order_id DESC LIMIT ?2)"
    )
}

fn select_cancelled(user: &str) -> String {
    format!(
        "page (order_id) AS (SELECT order_id FROM cancellations WHERE {user} {IN_SPAN}
            ORDER BY order_id DESC LIMIT ?2)"
    )
}

/// Follows the list of a user from the next waypoint after the range, or from the newest order, to the end of the page.
/// `NOT MATERIALIZED` keeps SQLite from following it to the end. Paid orders are filtered as in [`select_paid`].
fn select_of_user(user: &str, paid: bool) -> String {
    let wanted =
        if paid { format!("AND ({NOT_CANCELLED} OR o.looked_at >= {SCAN_LIMIT})") } else { String::new() };
    format!(
        "walk (order_id, looked_at) AS NOT MATERIALIZED (
            SELECT coalesce(
                (SELECT min(order_id) FROM orders
                    WHERE {user} AND order_id >= (SELECT high FROM span) AND {WAYPOINT}),
                (SELECT last_order FROM wallets WHERE {user})), 0
            UNION ALL
            SELECT o.previous_order, looked_at + (order_id <= (SELECT high FROM span))
            FROM walk JOIN orders o USING (order_id) WHERE order_id > (SELECT low FROM span)),
        page (order_id) AS (SELECT o.order_id FROM walk o WHERE o.{IN_SPAN} {wanted} LIMIT ?2)"
    )
}

/// The condition of the index `waypoints`, as the schema writes it.
const WAYPOINT: &str = "order_id % 1000003 * (order_id % 1000003) % 1000003
    * (order_id % 1000003) % 1000003 % 64 = 0";
