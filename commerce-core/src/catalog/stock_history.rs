//! `stock.history`: lists what moved the stock of a product, newest first.
//!
//! Movements of a product have an index. Lines of orders have none, since every order would change it in as many places as
//! it has lines. So a page looks through the lines of a span of orders, newest first, and may end early. Where in the
//! sequence of orders a movement or a cancellation took place is stored with it. Stocks after the changes are computed
//! backwards from the present stock; a cursor carries the one at its place.

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::error::Error;
use crate::id::{Actor, Name, ProductId};
use crate::input::Fields;
use crate::number::OrderId;
use crate::page::{Listing, Page};
use crate::query::{Paged, Query, View};
use crate::refusal::Refusal;
use crate::row::{Rows, Statement, Value};
use crate::time::Time;

/// Lists what moved the stock of a product, newest first. Where others are ordered more, a page may hold fewer changes than
/// `limit`, or none, and still have a `next_cursor`.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockHistory {
    /// The product's id.
    pub product: ProductId,
    /// The page to return.
    #[serde(flatten)]
    pub page: Page,
}

/// A change of a stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockChange {
    /// The reason for the change.
    pub kind: StockChangeKind,
    /// The units that came, negative for units that left.
    pub delta: i64,
    /// The stock after the change, in units.
    pub stock: i64,
    /// The id of the order, if the kind is `ordered` or `cancelled`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<OrderId>,
    /// The reason that was given for an adjustment or a cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Name>,
    /// The operator who changed it; none for a shopper's own order or cancellation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// When the stock changed.
    pub at: Time,
}

/// The reason for a change of a stock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum StockChangeKind {
    /// The product was added.
    Added,
    /// The stock was adjusted.
    Adjusted,
    /// Units were ordered.
    Ordered,
    /// An order was cancelled and its units returned.
    Cancelled,
}

/// The most orders whose lines a page looks through.
const ORDERS: i64 = 32_768;

/// The most cancellations whose orders a page looks through.
const CANCELLATIONS: i64 = 4_096;

impl StockChangeKind {
    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Adjusted => "adjusted",
            Self::Ordered => "ordered",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Query for StockHistory {
    const NAME: &'static str = "stock.history";
    const ACCESS: Access = Access::Operator;
    type Answer = Listing<StockChange>;

    fn parse(fields: &mut Fields<'_>) -> Option<Self> {
        let (product, page) = (fields.required("product"), Page::parse(fields));
        Some(Self { product: product?, page: page? })
    }

    fn answer(&self, view: &mut View<'_>) -> Result<Listing<StockChange>, Error> {
        let list = Page::list_id(Self::NAME, &self.product);
        let start: Option<(Place, i64)> = self.page.position(&list)?;
        let [span, changes @ ..] = view.final_batch(self.statements(start.map(|(place, _)| place)))?;
        let span =
            span.first().ok_or_else(|| Refusal::ProductNotFound { products: vec![self.product.clone()] })?;
        let present = || span[0].read(format_args!("the stock of product {}", self.product));
        let mut stock = start.map_or_else(present, |(_, stock)| Ok(stock))?;
        let mut changes: Vec<Row> = changes.iter().flat_map(Rows::iter).map(Row::read).collect();
        changes.sort_unstable_by_key(|change| std::cmp::Reverse(change.place));
        let end = end(span);
        changes.retain(|change| change.place >= end);
        let limit = usize::from(self.page.limit());
        let is_last = end == START && changes.len() <= limit;
        changes.truncate(limit);
        let next = if changes.len() < limit { end } else { changes.last().map_or(end, |last| last.place) };
        let items = changes.into_iter().map(|Row { mut change, .. }| {
            change.stock = stock;
            // The stock of a cursor is whatever its sender made of it.
            stock = stock.saturating_sub(change.delta);
            change
        });
        let items = items.collect();
        if is_last {
            return Ok(Listing { items, next_cursor: None });
        }
        Ok(self.page.partial(&list, items, (next, stock)))
    }
}

impl Paged for StockHistory {
    type Item = StockChange;

    fn page(&mut self) -> &mut Page {
        &mut self.page
    }
}

/// A place in the sequence: an order, and after it a ledger entry, and after that a movement. An order itself is at
/// `(order, 0, 0)`, a cancellation at `(order, entry, 0)`.
type Place = (i64, i64, i64);

/// The place before everything.
const START: Place = (0, 0, 0);

/// A change at its place. Its stock is computed later.
struct Row {
    place: Place,
    change: StockChange,
}

impl Row {
    /// From the columns kind, order of the place, entry, movement, order, delta, reason, actor, at.
    fn read(row: &[Value]) -> Self {
        let kind = match row[0].int() {
            0 => StockChangeKind::Ordered,
            1 => StockChangeKind::Cancelled,
            2 => StockChangeKind::Adjusted,
            _ => StockChangeKind::Added,
        };
        let change = StockChange {
            kind,
            delta: row[5].int(),
            stock: 0,
            order: row[4].optional_int().map(OrderId::stored),
            reason: row[6].optional_text().map(Name::stored),
            actor: row[7].optional_text().map(Actor::stored),
            at: Time::from_millis(row[8].int()),
        };
        Self { place: (row[1].int(), row[2].int(), row[3].int()), change }
    }
}

/// The place down to which everything was read, from the columns stock, whether the first order of the span is the first
/// of all that can hold the product, the order before the span, and the place of the last cancellation that was looked at if
/// there may be more.
fn end(span: &[Value]) -> Place {
    let orders = if span[1].int() != 0 { START } else { (span[2].int() + 1, 0, 0) };
    let cancellations = (span[3].int(), span[4].int(), 0);
    orders.max(cancellations)
}

impl StockHistory {
    /// The statements that read the span and the changes before a place.
    fn statements(&self, before: Option<Place>) -> [Statement; 4] {
        let (order, entry, movement) = before.unwrap_or((i64::MAX, i64::MAX, i64::MAX)).max(START);
        // An order is before everything else at its number.
        let last = if (entry, movement) == (0, 0) { order.saturating_sub(1) } else { order };
        // A cancellation is before a movement after the same entry.
        let entry_end = if movement == 0 { entry } else { entry.saturating_add(1) };
        let limit = self.page.fetch_limit();
        let read = |sql: &str| {
            let sql = format!("{SPANS} {sql}");
            let product = self.product.shared().into();
            let [last, order, entry, entry_end] = [last, order, entry, entry_end].map(Value::from);
            Statement::new(
                sql,
                [
                    product,
                    last,
                    order,
                    entry,
                    entry_end,
                    movement.into(),
                    limit.into(),
                    ORDERS.into(),
                    (CANCELLATIONS - 1).into(),
                ],
            )
        };
        [
            read(
                "SELECT s.stock, span.low <= span.birth, span.low, cut.last_order, cut.entry
                FROM span LEFT JOIN stocks s ON s.product_no = span.no LEFT JOIN cut",
            ),
            read(
                "SELECT 0, o.order_id, 0, 0, o.order_id, -l.quantity, NULL, a.actor, o.at
                FROM order_lines l CROSS JOIN orders o ON o.order_id = l.line / 1024
                LEFT JOIN actors a ON a.actor_no = o.actor_no
                WHERE l.line > (SELECT low * 1024 + 1023 FROM span) AND l.line <= (SELECT high * 1024 + 1023 FROM span)
                    AND l.product_no = (SELECT no FROM span) ORDER BY l.line DESC LIMIT ?7",
            ),
            read(
                "SELECT 1, c.last_order, c.entry, 0, c.order_id, l.quantity, c.reason, a.actor, c.at
                FROM cancellations c
                CROSS JOIN order_lines l ON l.line BETWEEN c.order_id * 1024 AND c.order_id * 1024 + 1023
                    AND +l.product_no = (SELECT no FROM span)
                LEFT JOIN actors a ON a.actor_no = c.actor_no
                WHERE (c.last_order, c.entry) < (?3, ?5)
                    AND (c.last_order, c.entry) >= (coalesce((SELECT last_order FROM cut), (SELECT low + 1 FROM span)),
                        coalesce((SELECT entry FROM cut), 0))
                ORDER BY c.last_order DESC, c.entry DESC LIMIT ?7",
            ),
            read(
                "SELECT 2 + (m.movement = (SELECT first FROM span)), m.last_order, m.last_entry, m.movement, NULL, m.delta, m.reason,
                    a.actor, m.at
                FROM movements m LEFT JOIN actors a ON a.actor_no = m.actor_no
                WHERE m.product_no = (SELECT no FROM span) AND (m.last_order, m.last_entry, m.movement) < (?3, ?4, ?6)
                ORDER BY m.last_order DESC, m.last_entry DESC, m.movement DESC LIMIT ?7",
            ),
        ]
    }
}

/// The product, its first movement, the order after which that was, and the orders to look through: those after `low` up to
/// `high`. And the last cancellation to look at, if there may be more.
const SPANS: &str = "WITH span (no, first, birth, low, high) AS MATERIALIZED (
    SELECT p.product_no, m.movement, coalesce(m.last_order, 0), max(coalesce(m.last_order, 0), s.high - ?8), s.high
    FROM (SELECT min(?2, last_order) AS high FROM store) s
    CROSS JOIN (SELECT product_no FROM products WHERE product = ?1) p
    LEFT JOIN movements m ON m.movement = (SELECT movement FROM movements WHERE product_no = p.product_no
        ORDER BY last_order, last_entry, movement LIMIT 1)),
    cut (last_order, entry) AS MATERIALIZED (
    SELECT last_order, entry FROM cancellations
    WHERE (last_order, entry) < (?3, ?5) AND last_order > (SELECT low FROM span)
    ORDER BY last_order DESC, entry DESC LIMIT 1 OFFSET ?9)";
