//! The rows that a group of operations reads and changes.
//!
//! A group loads its rows once. Its operations read and change them here, in memory, and what differs at the end is
//! saved once. The methods that change anything cannot fail. They are grouped under the heading "Changes", and a rule
//! calls them only after its last test.
//!
//! Users and products are kept for the next group, and stay valid while no other process writes. When one has
//! written, balances and stocks are read again. What rarely changes stays valid until the store's count of such
//! changes grows ([`Edition`]).

mod actor;
mod delivery;
mod keep;
pub(crate) mod load;
mod save;
mod sums;
mod tokens;
mod tracked;
mod violation;

use std::sync::Arc;

use foldhash::HashMap;

use crate::id::{Actor, Key, Name, ProductId, UserId};
use crate::money::{Amount, Quantity, Stock};
use crate::number::{EntryId, EventId, Number, OrderId};
use crate::order::{Item, Order, Status};
use crate::outbox::{Delivery, EventKind, RelayState};
use crate::refusal::Refusal;
use crate::row::{Change, Kind, Table, Value, table};
use crate::sales::Period;
use crate::time::Time;
use crate::token::{Digest, Token, TokenName};
use crate::wallet::EntryKind;
use tracked::Tracked;

/// The rows that an operation needs.
#[derive(Debug, Default)]
pub struct Keys {
    pub(crate) users: Vec<UserId>,
    pub(crate) products: Vec<ProductId>,
    /// Users whose cart is needed, with its products.
    pub(crate) carts: Vec<UserId>,
    /// Orders, with their users and products.
    pub(crate) orders: Vec<OrderId>,
    pub(crate) events: Vec<EventId>,
    /// Whether the state of the relay is needed.
    pub(crate) relay: bool,
    pub(crate) keys: Vec<Key>,
    pub(crate) tokens: Vec<TokenName>,
    pub(crate) digests: Vec<Digest>,
    pub(crate) actors: Vec<Actor>,
    pub(crate) sums: Vec<(Period, i64)>,
}

/// A user with its wallet.
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) no: i64,
    pub(crate) wallet: Wallet,
}

/// The part of a user that payments change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    pub(crate) balance: Amount,
    pub(crate) last_entry: Option<EntryId>,
    pub(crate) last_order: Option<OrderId>,
}

/// A product with its stock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    pub(crate) no: i64,
    pub(crate) name: Name,
    pub(crate) price: Amount,
    pub(crate) active: bool,
    pub(crate) stock: Stock,
}

/// A line of a cart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CartLine {
    pub(crate) product: ProductId,
    pub(crate) position: i64,
    pub(crate) quantity: Quantity,
    pub(crate) price: Amount,
}

/// A token with the columns that only the store uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredToken {
    pub(crate) no: i64,
    pub(crate) user_no: Option<i64>,
    pub(crate) digest: Digest,
    pub(crate) token: Token,
}

/// The answer that is kept under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptAnswer {
    pub(crate) digest: i64,
    pub(crate) reply: KeptReply,
}

/// A kept reply: the number of an order, which never changes, or any other reply as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptReply {
    /// The order of this number.
    Order(OrderId),
    /// The reply as JSON.
    Json(String),
}

/// The last number of each kind, and the newest time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LastNumbers {
    pub(crate) at: Time,
    pub(crate) user: i64,
    pub(crate) product: i64,
    pub(crate) movement: i64,
    pub(crate) charge: i64,
    pub(crate) entry: i64,
    pub(crate) order: i64,
    pub(crate) event: i64,
    /// Counts created and revoked tokens.
    pub(crate) token: i64,
    pub(crate) probe: i64,
    pub(crate) actor: i64,
}

/// The edition of users and products, apart from their balances and stocks: the store, and the number of changes to
/// them. A trigger counts, so that changes by any program count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) store: Arc<str>,
    pub(crate) changes: i64,
}

/// The rows of a group.
#[derive(Debug, Default)]
pub struct Facts {
    /// The stored numbers; none before they are loaded.
    stored_last: Option<LastNumbers>,
    /// The edition of the known users and products, stale or not.
    edition: Option<Edition>,
    /// Whether the last load relied on an outdated edition.
    edition_changed: bool,
    pub(crate) last: LastNumbers,
    users: Tracked<UserId, User>,
    products: Tracked<ProductId, Product>,
    carts: Tracked<UserId, Vec<CartLine>>,
    orders: HashMap<OrderId, Order>,
    /// Events, with their row in `deliveries` if there is one.
    events: Tracked<EventId, Option<Delivery>>,
    relay: Tracked<(), RelayState>,
    keys: HashMap<(Key, i64), KeptAnswer>,
    /// Keys that are loaded to check their age, in the order of the table.
    aged_keys: Vec<(Arc<str>, i64, Time)>,
    tokens: Tracked<TokenName, StoredToken>,
    /// The numbers of operators' names. They never change.
    actors: HashMap<Actor, i64>,
    /// Who acts at present.
    actor: Option<Actor>,
    /// The stored sums of sales, with the last ledger entry that each includes.
    sums: HashMap<(Period, i64), i64>,
    /// The time of the clock, which can differ from the time of an operation.
    pub(crate) clock_time: Time,
    /// Changes that are final for this group.
    finished: Vec<Change>,
    /// The first violated invariant. With one, nothing of the group is stored.
    violation: Option<String>,
}

/// Reading.
impl Facts {
    pub(crate) fn user(&self, id: &UserId) -> Result<&User, Refusal> {
        self.find_user(id).ok_or_else(|| Refusal::UserNotFound { user: id.clone() })
    }

    pub(crate) fn find_user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id)
    }

    pub(crate) fn product(&self, id: &ProductId) -> Result<&Product, Refusal> {
        self.find_product(id).ok_or_else(|| Refusal::ProductNotFound { products: vec![id.clone()] })
    }

    pub(crate) fn find_product(&self, id: &ProductId) -> Option<&Product> {
        self.products.get(id)
    }

    pub(crate) fn cart(&self, user: &UserId) -> &[CartLine] {
        self.carts.get(user).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn order(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.orders.get(&id).ok_or(Refusal::OrderNotFound { order: id })
    }

    /// The answer kept under this key in a scope: the number of a user, or 0 for the store.
    pub(crate) fn kept_answer(&self, key: &Key, scope: i64) -> Option<&KeptAnswer> {
        self.keys.get(&(key.clone(), scope))
    }
}

/// Changes. These methods cannot fail: a rule has tested their conditions. A condition that does not hold is a bug or
/// a damaged store, and fails the whole group.
impl Facts {
    pub(crate) fn add_user(&mut self, id: UserId, name: Option<Name>, at: Time) {
        self.last.user += 1;
        let no = self.last.user;
        let wallet = Wallet { balance: Amount::ZERO, last_entry: None, last_order: None };
        let name = name.as_ref().map(Name::shared);
        self.insert(&table::USERS, [no.into(), id.shared().into(), name.into(), at.millis().into()]);
        self.users.set(id, User { no, wallet });
    }

    pub(crate) fn add_product(&mut self, id: ProductId, name: Name, price: Amount, stock: Stock, at: Time) {
        self.last.product += 1;
        let no = self.last.product;
        self.record_movement(no, stock.get(), stock, None, at);
        self.products.set(id, Product { no, name, price, active: true, stock });
    }

    pub(crate) fn set_product(&mut self, id: &ProductId, name: Name, price: Amount, active: bool) {
        let Some(product) = self.products.change(id) else { return self.record_unloaded("product", id) };
        *product = Product { name, price, active, ..*product };
    }

    /// Sets a stock for a reason other than an order.
    pub(crate) fn adjust_stock(&mut self, id: &ProductId, stock: Stock, reason: Option<&Name>, at: Time) {
        let Some(product) = self.products.change(id) else { return self.record_unloaded("product", id) };
        let (no, delta) = (product.no, stock.get() - product.stock.get());
        product.stock = stock;
        self.record_movement(no, delta, stock, reason, at);
    }

    pub(crate) fn set_cart(&mut self, user: &UserId, lines: Vec<CartLine>) {
        self.carts.set(user.clone(), lines);
    }

    /// Sets a balance and writes the entry that explains it.
    pub(crate) fn post(
        &mut self,
        user: &UserId,
        kind: EntryKind,
        balance: Amount,
        source: i64,
        at: Time,
    ) -> EntryId {
        self.last.entry += 1;
        let entry = EntryId::stored(self.last.entry);
        let actor = self.actor_no();
        let Some(user) = self.users.change(user) else {
            self.record_unloaded("the wallet of user", user);
            return entry;
        };
        let (no, wallet) = (user.no, &mut user.wallet);
        let amount = balance.get() - wallet.balance.get();
        let previous = wallet.last_entry.replace(entry);
        wallet.balance = balance;
        let row = [
            entry.into(),
            no.into(),
            kind.as_str().into(),
            amount.into(),
            balance.get().into(),
            source.into(),
            Number::or_zero(previous).into(),
            at.millis().into(),
            actor.into(),
        ];
        self.insert(&table::LEDGER, row);
        entry
    }

    /// Adds a paid order and takes its units out of the stocks. The payment is posted separately.
    pub(crate) fn add_order(&mut self, order: Order) {
        let actor = self.actor_no();
        let Some(user) = self.users.change(&order.user) else {
            return self.record_unloaded("the wallet of user", &order.user);
        };
        let (no, id) = (user.no, order.order);
        let previous = user.wallet.last_order.replace(id);
        let row = [
            id.into(),
            no.into(),
            order.total.get().into(),
            order.balance.get().into(),
            Number::or_zero(previous).into(),
            order.at.millis().into(),
            actor.into(),
        ];
        self.insert(&table::ORDERS, row);
        for (line, item) in (id.get() * table::LINES..).zip(&order.items) {
            let Some(product) = self.change_stock(item, -item.quantity.get()) else { return };
            let row = [
                line.into(),
                product.into(),
                item.name.shared().into(),
                item.price.get().into(),
                item.quantity.get().into(),
            ];
            self.insert(&table::ORDER_LINES, row);
        }
        self.orders.insert(id, order);
    }

    /// Cancels an order and returns its units to the stocks. The refund is posted separately.
    pub(crate) fn cancel_order(&mut self, id: OrderId, refund: EntryId, reason: Option<Name>, at: Time) {
        let Some(mut order) = self.orders.remove(&id) else { return self.record_unloaded("order", id) };
        let Some(user) = self.users.get(&order.user) else {
            return self.record_unloaded("user", &order.user);
        };
        let (user, text) = (user.no, reason.as_ref().map(Name::shared));
        let row = [
            id.into(),
            refund.into(),
            text.into(),
            at.millis().into(),
            user.into(),
            self.actor_no().into(),
            self.last.order.into(),
        ];
        self.insert(&table::CANCELLATIONS, row);
        for item in &order.items {
            self.change_stock(item, item.quantity.get());
        }
        (order.status, order.cancelled_at, order.reason) = (Status::Cancelled, Some(at), reason);
        order.cancelled_by = self.actor.clone();
        self.orders.insert(id, order);
    }

    /// Adds an event to the outbox. It refers to its source, an order or a ledger entry.
    pub(crate) fn emit(&mut self, kind: EventKind, source: i64) {
        self.last.event += 1;
        self.insert(&table::OUTBOX, [self.last.event.into(), kind.as_str().into(), source.into()]);
    }

    /// Keeps a reply under a key. Its age counts from the time of the clock, also for an imported history.
    pub(crate) fn keep_answer(&mut self, key: &Key, scope: Option<i64>, kept: KeptAnswer) {
        let Some(scope) = scope else { return self.record_unloaded("the owner of key", key) };
        let (order, json) = match &kept.reply {
            KeptReply::Order(order) => ((*order).into(), Value::Null),
            KeptReply::Json(json) => (Value::Null, json.as_str().into()),
        };
        let row = [
            key.shared().into(),
            scope.into(),
            kept.digest.into(),
            order,
            json,
            self.clock_time.millis().into(),
        ];
        self.insert(&table::KEYS, row);
        self.keys.insert((key.clone(), scope), kept);
    }

    /// Changes as many pages as an order does, to test that the store can be written.
    pub(crate) fn probe(&mut self) {
        self.last.probe += 1;
        for page in 1..=table::PROBE_PAGES {
            self.change(&table::PROBES, Kind::Update, [page, self.last.probe].map(Value::Integer));
        }
    }

    /// Deletes the aged keys that were kept before `limit`. Returns the number of aged keys, and the last of them.
    pub(crate) fn drop_keys_before(&mut self, limit: Time) -> Option<(usize, (Arc<str>, i64))> {
        let aged = std::mem::take(&mut self.aged_keys);
        let (count, last) = (aged.len(), aged.last().map(|(key, scope, _)| (key.clone(), *scope))?);
        for (key, scope, _) in aged.into_iter().filter(|&(.., at)| at < limit) {
            self.change(&table::KEYS, Kind::Delete, [key.into(), scope.into()]);
        }
        Some((count, last))
    }

    /// Raises the newest time.
    pub(crate) fn raise_newest_time(&mut self, at: Time) {
        self.last.at = self.last.at.max(at);
    }

    fn record_movement(&mut self, product: i64, delta: i64, stock: Stock, reason: Option<&Name>, at: Time) {
        self.last.movement += 1;
        let row = [
            self.last.movement.into(),
            product.into(),
            delta.into(),
            stock.get().into(),
            reason.map(Name::shared).into(),
            at.millis().into(),
            self.actor_no().into(),
            self.last.order.into(),
            self.last.entry.into(),
        ];
        self.insert(&table::MOVEMENTS, row);
    }

    fn change_stock(&mut self, item: &Item, delta: i64) -> Option<i64> {
        let Some(product) = self.products.change(&item.product) else {
            self.record_unloaded("product", &item.product);
            return None;
        };
        let Some(stock) = product.stock.adjusted(delta) else {
            let (id, stock) = (&item.product, product.stock);
            self.record_violation(format!("the stock of product {id} would be {stock} with {delta}"));
            return None;
        };
        product.stock = stock;
        Some(product.no)
    }

    fn insert<const N: usize>(&mut self, table: &'static Table, row: [Value; N]) {
        self.change(table, Kind::Insert, row);
    }

    fn change(&mut self, table: &'static Table, kind: Kind, row: impl IntoIterator<Item = Value>) {
        let same = |change: &&mut Change| change.kind == kind && std::ptr::eq(change.table, table);
        match self.finished.iter_mut().find(same) {
            Some(change) => change.values.extend(row),
            None => self.finished.push(Change { table, kind, values: row.into_iter().collect() }),
        }
    }
}
