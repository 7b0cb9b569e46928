//! The rows that a group of operations reads and changes.
//!
//! A group loads its rows once, every operation of it reads and changes them here, in memory, and what
//! differs at the end is saved once. Reading is for everyone; the methods that change anything cannot
//! fail and stand together under the heading "Changes": a rule calls them only after its last test.

mod delivery;

use std::collections::HashMap;

use crate::id::{ChargeId, EntryId, EventId, Key, Name, OrderId, ProductId, UserId};
use crate::money::{Amount, Quantity, Stock};
use crate::order::{Item, Order, Status};
use crate::outbox::{Delivery, EventKind, Standing};
use crate::refusal::Refusal;
use crate::store::{Change, Kind, Table, Value, table};
use crate::time::Time;
use crate::wallet::EntryKind;

/// Which rows an operation will look at.
#[derive(Debug, Default)]
pub struct Keys {
    pub(crate) users: Vec<UserId>,
    pub(crate) products: Vec<ProductId>,
    /// Users whose cart is needed, with the products in it.
    pub(crate) carts: Vec<UserId>,
    /// Orders, with their users and products.
    pub(crate) orders: Vec<OrderId>,
    pub(crate) events: Vec<EventId>,
    /// How far the events were told.
    pub(crate) relay: bool,
    pub(crate) keys: Vec<Key>,
}

/// A user with the wallet.
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) no: i64,
    pub(crate) wallet: Wallet,
}

/// The part of a user that money changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    pub(crate) balance: Amount,
    pub(crate) last_entry: EntryId,
    pub(crate) last_order: OrderId,
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

/// What was answered under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub(crate) digest: i64,
    pub(crate) reply: KeptReply,
}

/// An order is referred to (it never changes); any other reply is kept as JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptReply {
    /// The order of this number.
    Order(OrderId),
    /// The reply as JSON.
    Json(String),
}

/// The numbers last given out, and the newest time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Last {
    pub(crate) at: Time,
    pub(crate) user: i64,
    pub(crate) product: i64,
    pub(crate) movement: i64,
    pub(crate) charge: ChargeId,
    pub(crate) entry: EntryId,
    pub(crate) order: OrderId,
    pub(crate) event: EventId,
}

/// A row as it is in the store, and as it is now.
#[derive(Clone, Debug)]
struct Tracked<T> {
    stored: Option<T>,
    now: T,
}

/// The rows of a group.
#[derive(Debug, Default)]
pub struct Facts {
    stored_last: Last,
    pub(crate) last: Last,
    users: HashMap<UserId, Tracked<User>>,
    products: HashMap<ProductId, Tracked<Product>>,
    carts: HashMap<UserId, Tracked<Vec<CartLine>>>,
    orders: HashMap<OrderId, Order>,
    /// Events, with what was kept of their delivery.
    events: HashMap<EventId, Tracked<Option<Delivery>>>,
    relay: Option<Tracked<Standing>>,
    keys: HashMap<(Key, i64), Kept>,
    /// Rows that nothing in the group changes again.
    settled: Vec<Change>,
}

/// What an operation may ask.
impl Facts {
    pub(crate) fn user(&self, id: &UserId) -> Result<&User, Refusal> {
        self.find_user(id).ok_or_else(|| Refusal::UserNotFound { user: id.clone() })
    }

    pub(crate) fn find_user(&self, id: &UserId) -> Option<&User> {
        self.users.get(id).map(|row| &row.now)
    }

    pub(crate) fn product(&self, id: &ProductId) -> Result<&Product, Refusal> {
        self.find_product(id).ok_or_else(|| Refusal::ProductNotFound { products: vec![id.clone()] })
    }

    pub(crate) fn find_product(&self, id: &ProductId) -> Option<&Product> {
        self.products.get(id).map(|row| &row.now)
    }

    pub(crate) fn cart(&self, user: &UserId) -> &[CartLine] {
        self.carts.get(user).map_or(&[], |cart| &cart.now)
    }

    pub(crate) fn order(&self, id: OrderId) -> Result<&Order, Refusal> {
        self.orders.get(&id).ok_or(Refusal::OrderNotFound { order: id })
    }

    /// What was answered under this key of this user (or, without one, of the store).
    pub(crate) fn kept(&self, key: &Key, user: Option<&UserId>) -> Option<&Kept> {
        self.keys.get(&(key.clone(), self.scope(user)?))
    }

    /// The number under which keys are unique: the user's, or 0 for the store. A new user has none yet.
    fn scope(&self, user: Option<&UserId>) -> Option<i64> {
        user.map_or(Some(0), |user| self.find_user(user).map(|user| user.no))
    }
}

/// Changes. None of these can fail: what could stand in the way was tested before.
impl Facts {
    pub(crate) fn add_user(&mut self, id: UserId, name: Option<Name>, at: Time) {
        self.last.user += 1;
        let no = self.last.user;
        let wallet = Wallet { balance: Amount::ZERO, last_entry: 0, last_order: 0 };
        let shown = name.as_ref().map(Name::shared);
        self.insert(&table::USERS, [no.into(), id.shared().into(), shown.into(), at.millis().into()]);
        self.users.insert(id, Tracked { stored: None, now: User { no, wallet } });
    }

    pub(crate) fn add_product(&mut self, id: ProductId, name: Name, price: Amount, stock: Stock, at: Time) {
        self.last.product += 1;
        let no = self.last.product;
        self.move_stock(no, stock.get(), stock, None, at);
        let product = Product { no, name, price, active: true, stock };
        self.products.insert(id, Tracked { stored: None, now: product });
    }

    pub(crate) fn set_product(&mut self, id: &ProductId, name: Name, price: Amount, active: bool) {
        if let Some(row) = self.products.get_mut(id) {
            row.now = Product { name, price, active, ..row.now };
        }
    }

    /// Sets a stock for a reason other than an order.
    pub(crate) fn adjust_stock(&mut self, id: &ProductId, stock: Stock, reason: Option<&Name>, at: Time) {
        if let Some(row) = self.products.get_mut(id) {
            let (no, delta) = (row.now.no, stock.get() - row.now.stock.get());
            row.now.stock = stock;
            self.move_stock(no, delta, stock, reason, at);
        }
    }

    pub(crate) fn set_cart(&mut self, user: &UserId, lines: Vec<CartLine>) {
        match self.carts.get_mut(user) {
            Some(row) => row.now = lines,
            None => drop(self.carts.insert(user.clone(), Tracked { stored: None, now: lines })),
        }
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
        let Some(row) = self.users.get_mut(user) else { return 0 };
        self.last.entry += 1;
        let (entry, no, wallet) = (self.last.entry, row.now.no, &mut row.now.wallet);
        let amount = balance.get() - wallet.balance.get();
        let previous = std::mem::replace(&mut wallet.last_entry, entry);
        wallet.balance = balance;
        let row = [
            entry.into(),
            no.into(),
            kind.as_str().into(),
            amount.into(),
            balance.get().into(),
            source.into(),
            previous.into(),
            at.millis().into(),
        ];
        self.insert(&table::LEDGER, row);
        entry
    }

    /// Writes a paid order and takes its units out of the stocks. The payment is posted apart.
    pub(crate) fn add_order(&mut self, order: Order) {
        let Some(row) = self.users.get_mut(&order.user) else { return };
        let (no, id) = (row.now.no, order.order);
        let previous = std::mem::replace(&mut row.now.wallet.last_order, id);
        let row = [
            id.into(),
            no.into(),
            order.total.get().into(),
            order.balance.get().into(),
            previous.into(),
            order.at.millis().into(),
        ];
        self.insert(&table::ORDERS, row);
        for (place, item) in (id * table::LINES..).zip(&order.items) {
            let Some(product) = self.shift_stock(item, -item.quantity.get()) else { continue };
            let row = [
                place.into(),
                product.into(),
                item.name.shared().into(),
                item.price.get().into(),
                item.quantity.get().into(),
            ];
            self.insert(&table::ORDER_LINES, row);
        }
        self.orders.insert(id, order);
    }

    /// Cancels an order and puts its units back. The refund is posted apart.
    pub(crate) fn cancel_order(&mut self, id: OrderId, refund: EntryId, reason: Option<Name>, at: Time) {
        let Some(mut order) = self.orders.remove(&id) else { return };
        let shown = reason.as_ref().map(Name::shared);
        self.insert(&table::CANCELLATIONS, [id.into(), refund.into(), shown.into(), at.millis().into()]);
        for item in &order.items {
            self.shift_stock(item, item.quantity.get());
        }
        (order.status, order.cancelled_at, order.reason) = (Status::Cancelled, Some(at), reason);
        self.orders.insert(id, order);
    }

    /// Puts an event into the outbox. It refers to its source, an order or a ledger entry.
    pub(crate) fn emit(&mut self, kind: EventKind, source: i64) {
        self.last.event += 1;
        self.insert(&table::OUTBOX, [self.last.event.into(), kind.as_str().into(), source.into()]);
    }

    /// Keeps a reply under a key.
    pub(crate) fn keep(&mut self, key: &Key, user: Option<&UserId>, kept: Kept, at: Time) {
        let Some(scope) = self.scope(user) else { return };
        let (order, json) = match &kept.reply {
            KeptReply::Order(order) => (Value::Integer(*order), Value::Null),
            KeptReply::Json(json) => (Value::Null, json.as_str().into()),
        };
        let row = [key.shared().into(), scope.into(), kept.digest.into(), order, json, at.millis().into()];
        self.insert(&table::KEYS, row);
        self.keys.insert((key.clone(), scope), kept);
    }

    /// Raises the newest time.
    pub(crate) fn reach(&mut self, at: Time) {
        self.last.at = self.last.at.max(at);
    }

    fn move_stock(&mut self, product: i64, delta: i64, stock: Stock, reason: Option<&Name>, at: Time) {
        self.last.movement += 1;
        let row = [
            self.last.movement.into(),
            product.into(),
            delta.into(),
            stock.get().into(),
            reason.map(Name::shared).into(),
            at.millis().into(),
        ];
        self.insert(&table::MOVEMENTS, row);
    }

    fn shift_stock(&mut self, item: &Item, delta: i64) -> Option<i64> {
        let row = self.products.get_mut(&item.product)?;
        row.now.stock = row.now.stock.adjusted(delta).unwrap_or_default();
        Some(row.now.no)
    }

    fn insert<const N: usize>(&mut self, table: &'static Table, row: [Value; N]) {
        self.change(table, Kind::Insert, row);
    }

    fn change<const N: usize>(&mut self, table: &'static Table, kind: Kind, row: [Value; N]) {
        match self.settled.iter_mut().find(|change| change.kind == kind && change.table == table) {
            Some(change) => change.values.extend(row),
            None => self.settled.push(Change { table, kind, values: row.into() }),
        }
    }
}

/// Loading and saving, for the writer.
impl Facts {
    pub(crate) fn set_last(&mut self, last: Last) {
        (self.stored_last, self.last) = (last, last);
    }

    pub(crate) fn load_user(&mut self, id: UserId, user: User) {
        self.users.entry(id).or_insert_with(|| Tracked { stored: Some(user.clone()), now: user });
    }

    pub(crate) fn load_product(&mut self, id: ProductId, product: Product) {
        self.products.entry(id).or_insert_with(|| Tracked { stored: Some(product.clone()), now: product });
    }

    pub(crate) fn load_cart_line(&mut self, user: UserId, line: CartLine) {
        let cart =
            self.carts.entry(user).or_insert_with(|| Tracked { stored: Some(Vec::new()), now: Vec::new() });
        cart.stored.get_or_insert_default().push(line.clone());
        cart.now.push(line);
    }

    pub(crate) fn load_order(&mut self, order: Order) {
        self.orders.entry(order.order).or_insert(order);
    }

    pub(crate) fn load_key(&mut self, key: Key, scope: i64, kept: Kept) {
        self.keys.insert((key, scope), kept);
    }

    /// The orders that kept replies refer to and that are not here yet.
    pub(crate) fn replayed_orders(&self) -> Vec<OrderId> {
        let order = |kept: &Kept| match kept.reply {
            KeptReply::Order(order) if !self.orders.contains_key(&order) => Some(order),
            KeptReply::Order(_) | KeptReply::Json(_) => None,
        };
        self.keys.values().filter_map(order).collect()
    }

    /// Everything that differs from the store, in an order that keeps every reference valid.
    pub(crate) fn into_changes(mut self) -> Vec<Change> {
        self.change_users();
        self.change_products();
        self.change_carts();
        self.change_deliveries();
        let last = self.last;
        if last != self.stored_last {
            let row = [
                1,
                last.at.millis(),
                last.user,
                last.product,
                last.movement,
                last.charge,
                last.entry,
                last.order,
                last.event,
            ];
            self.change(&table::STORE, Kind::Update, row.map(Value::Integer));
        }
        let rank = |change: &Change| table::SAVED.iter().position(|table| *table == change.table);
        self.settled.sort_by_key(rank);
        self.settled
    }

    // Sorted by number, so that rows that lie on one page are written one after the other.
    fn change_users(&mut self) {
        let mut changed: Vec<_> = self
            .users
            .values()
            .filter(|row| row.stored.as_ref().map(|user| user.wallet) != Some(row.now.wallet))
            .map(|row| (row.now.no, kind_of(row), row.now.wallet))
            .collect();
        changed.sort_unstable_by_key(|&(no, ..)| no);
        for (no, kind, wallet) in changed {
            let row = [no, wallet.balance.get(), wallet.last_entry, wallet.last_order];
            self.change(&table::WALLETS, kind, row.map(Value::Integer));
        }
    }

    fn change_products(&mut self) {
        let products = std::mem::take(&mut self.products);
        let mut changed: Vec<_> =
            products.iter().filter(|(_, row)| row.stored.as_ref() != Some(&row.now)).collect();
        changed.sort_unstable_by_key(|(_, row)| row.now.no);
        for (id, row) in changed {
            let (now, stored) = (&row.now, row.stored.as_ref());
            if stored.is_none_or(|stored| Product { stock: now.stock, ..stored.clone() } != *now) {
                let search = format!("{id}\n{}", now.name).to_lowercase();
                let details = [
                    now.no.into(),
                    id.shared().into(),
                    now.name.shared().into(),
                    search.into(),
                    now.price.get().into(),
                    now.active.into(),
                ];
                self.change(&table::PRODUCTS, kind_of(row), details);
            }
            if stored.is_none_or(|stored| stored.stock != now.stock) {
                self.change(&table::STOCKS, kind_of(row), [now.no.into(), now.stock.get().into()]);
            }
        }
        self.products = products;
    }

    fn change_carts(&mut self) {
        for (user, cart) in std::mem::take(&mut self.carts) {
            let Some(user) = self.find_user(&user).map(|user| user.no) else { continue };
            let stored = cart.stored.unwrap_or_default();
            let same =
                |a: &CartLine, lines: &[CartLine]| lines.iter().find(|b| b.product == a.product).cloned();
            for line in stored.iter().filter(|line| same(line, &cart.now).is_none()) {
                let Some(product) = self.find_product(&line.product).map(|product| product.no) else {
                    continue;
                };
                self.change(&table::CART_LINES, Kind::Delete, [user.into(), product.into()]);
            }
            for line in &cart.now {
                let Some(product) = self.find_product(&line.product).map(|product| product.no) else {
                    continue;
                };
                let before = same(line, &stored);
                if before.as_ref() == Some(line) {
                    continue;
                }
                let kind = if before.is_some() { Kind::Update } else { Kind::Insert };
                let row = [user, product, line.position, line.quantity.get(), line.price.get()];
                self.change(&table::CART_LINES, kind, row.map(Value::Integer));
            }
        }
    }
}

fn kind_of<T>(row: &Tracked<T>) -> Kind {
    if row.stored.is_some() { Kind::Update } else { Kind::Insert }
}
