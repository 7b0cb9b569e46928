//! Loading: the statements that read what a group needs, one per table, and how their rows become facts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::{
    CartLine, Edition, Facts, KeptAnswer, KeptReply, Keys, LastNumbers, Product, StoredToken, User, Wallet,
};
use crate::error::Error;
use crate::id::{Actor, Digest, Key, Name, ProductId, UserId};
use crate::number::{EventId, OrderId};
use crate::order::rows::{orders, orders_of};
use crate::outbox::state::{Delivery, RELAY, RelayState};
use crate::row::{Rows, Statement, Value, list};
use crate::sales::Period;
use crate::token::rows::token;

/// Statements to run together, each with the function that turns its rows into facts.
#[derive(Default)]
pub(crate) struct Loads {
    statements: Vec<Statement>,
    readers: Vec<ReadRows>,
}

type ReadRows = fn(&mut Facts, &Rows) -> Result<(), Error>;

impl Loads {
    /// Loads what a group needs and the facts do not have: the last numbers, and the rows that its keys name.
    pub(crate) fn missing(keys: &Keys, facts: &Facts) -> Self {
        let mut loads = Self::default();
        if facts.is_unloaded() {
            loads.push(Statement::new(LAST, []), read_last);
        }
        loads.add_users_and_products(keys, facts);
        loads.add(CART_PRODUCTS, &keys.carts, read_products);
        loads.add(CART_LINES, &keys.carts, read_carts);
        loads.add(ACTORS, keys.actors.iter().filter(|actor| !facts.knows_actor(actor)), read_actors);
        loads.add(EVENTS, &keys.events, read_events);
        loads.add(KEYS, &keys.keys, read_keys);
        loads.add(TOKENS_BY_NAME, &keys.tokens, read_tokens);
        loads.add(TOKENS_BY_DIGEST, &keys.digests, read_tokens);
        let sums =
            |of: Period| keys.sums.iter().filter(move |(period, _)| *period == of).map(|(_, number)| number);
        loads.add(HOURS, sums(Period::Hour), |facts, rows| read_sums(facts, rows, Period::Hour));
        loads.add(DAYS, sums(Period::Day), |facts, rows| read_sums(facts, rows, Period::Day));
        loads.add(ORDER_USERS, &keys.orders, read_users);
        loads.add(ORDER_PRODUCTS, &keys.orders, read_products);
        loads.add_orders(&keys.orders);
        if keys.relay {
            loads.push(Statement::new(RELAY, []), read_relay);
        }
        loads
    }

    /// Loads the users and products that the keys name and the facts do not have.
    pub(crate) fn users_and_products(keys: &Keys, facts: &Facts) -> Self {
        let mut loads = Self::default();
        loads.add_users_and_products(keys, facts);
        loads
    }

    /// Loads orders, for replies that are repeated.
    pub(crate) fn orders(orders: &[OrderId]) -> Self {
        let mut loads = Self::default();
        loads.add_orders(orders);
        loads
    }

    /// Adds the next `limit` idempotency keys that follow this one in the table, to check their age.
    pub(crate) fn add_aged_keys(&mut self, after: Arc<str>, scope: i64, limit: usize) {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.push(Statement::new(AGED_KEYS, [after.into(), scope.into(), limit.into()]), read_aged_keys);
    }

    /// The statements, in order.
    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// Turns the rows of the statements into facts.
    ///
    /// # Errors
    /// [`Error::Store`] when a row holds an impossible value: nothing may be decided over it.
    pub(crate) fn read(&self, facts: &mut Facts, answers: &[Rows]) -> Result<(), Error> {
        self.readers.iter().zip(answers).try_for_each(|(read, rows)| read(facts, rows))
    }

    /// Of stale rows, only the columns that change often are loaded.
    fn add_users_and_products(&mut self, keys: &Keys, facts: &Facts) {
        let users = keys.users.iter().filter(|user| facts.find_user(user).is_none());
        let (stale, unknown): (Vec<_>, Vec<_>) =
            users.map(|user| (user, facts.stale_user(user))).partition(|(_, number)| number.is_some());
        self.add_numbers(WALLETS, stale, read_wallets);
        self.add(USERS, unknown.into_iter().map(|(user, _)| user), read_users);
        let products = keys.products.iter().filter(|product| facts.find_product(product).is_none());
        let (stale, unknown): (Vec<_>, Vec<_>) = products
            .map(|product| (product, facts.stale_product(product)))
            .partition(|(_, number)| number.is_some());
        self.add_numbers(STOCKS, stale, read_stocks);
        self.add(PRODUCTS, unknown.into_iter().map(|(product, _)| product), read_products);
    }

    fn add_orders(&mut self, orders: &[OrderId]) {
        if !orders.is_empty() {
            self.push(orders_of(orders), read_orders);
        }
    }

    /// Adds a statement over a list of keys, unless it is empty.
    fn add<'a, T: Serialize + Ord + 'a>(
        &mut self,
        sql: &'static str,
        keys: impl IntoIterator<Item = &'a T>,
        read: ReadRows,
    ) {
        let mut keys = keys.into_iter().peekable();
        if keys.peek().is_some() {
            self.push(Statement::new(sql, [list(keys).into()]), read);
        }
    }

    /// Adds a statement over numbers by their identifiers, unless there are none.
    fn add_numbers<T: Serialize + Ord>(
        &mut self,
        sql: &'static str,
        keys: Vec<(&T, Option<i64>)>,
        read: ReadRows,
    ) {
        if !keys.is_empty() {
            self.push(Statement::new(sql, [numbers(keys).into()]), read);
        }
    }

    fn push(&mut self, statement: Statement, read: ReadRows) {
        self.statements.push(statement);
        self.readers.push(read);
    }
}

/// A JSON object of numbers by their identifiers, to pass as one value.
fn numbers<T: Serialize + Ord>(numbers: Vec<(&T, Option<i64>)>) -> String {
    let numbers: BTreeMap<&T, i64> = numbers.into_iter().filter_map(|(id, no)| Some((id, no?))).collect();
    serde_json::to_string(&numbers).unwrap_or_else(|_| "{}".into())
}

// `CROSS JOIN` makes SQLite walk the list and look up each key. `IN` would first copy the list into a table. `LEFT
// JOIN` keeps a row whose other half is missing, so that it is reported as damage and not as unknown.

const LAST: &str =
    "SELECT last_at, last_user, last_product, last_movement, last_charge, last_entry, last_order,
    last_event, last_token, last_probe, last_actor, uuid, last_change FROM store";

const USERS: &str = "SELECT u.user, u.user_no, w.balance, w.last_entry, w.last_order
    FROM json_each(?1) CROSS JOIN users u ON u.user = value LEFT JOIN wallets w USING (user_no)";

const WALLETS: &str = "SELECT key, w.balance, w.last_entry, w.last_order
    FROM json_each(?1) LEFT JOIN wallets w ON w.user_no = value";

const STOCKS: &str = "SELECT key, s.stock FROM json_each(?1) LEFT JOIN stocks s ON s.product_no = value";

const ORDER_USERS: &str = "SELECT u.user, u.user_no, w.balance, w.last_entry, w.last_order
    FROM users u LEFT JOIN wallets w USING (user_no) WHERE u.user_no IN
    (SELECT user_no FROM orders WHERE order_id IN (SELECT value FROM json_each(?1)))";

const PRODUCTS: &str = "SELECT p.product, p.product_no, p.name, p.price, p.active, s.stock
    FROM json_each(?1) CROSS JOIN products p ON p.product = value LEFT JOIN stocks s USING (product_no)";

const CART_PRODUCTS: &str = "SELECT p.product, p.product_no, p.name, p.price, p.active, s.stock
    FROM products p LEFT JOIN stocks s USING (product_no) WHERE p.product_no IN
    (SELECT product_no FROM cart_lines WHERE user_no IN
        (SELECT user_no FROM users WHERE user IN (SELECT value FROM json_each(?1))))";

const ORDER_PRODUCTS: &str = "SELECT p.product, p.product_no, p.name, p.price, p.active, s.stock
    FROM products p LEFT JOIN stocks s USING (product_no) WHERE p.product_no IN
    (SELECT l.product_no FROM json_each(?1) JOIN order_lines l
        ON l.line BETWEEN value * 1024 AND value * 1024 + 1023)";

const CART_LINES: &str = "SELECT u.user, p.product, c.position, c.quantity, c.price
    FROM users u JOIN cart_lines c USING (user_no) JOIN products p USING (product_no)
    WHERE u.user IN (SELECT value FROM json_each(?1)) ORDER BY c.user_no, c.position";

const AGED_KEYS: &str = "SELECT key, user_no, at FROM keys WHERE (key, user_no) > (?1, ?2)
    ORDER BY key, user_no LIMIT ?3";

const KEYS: &str = "SELECT k.key, k.user_no, k.digest, k.order_id, k.reply
    FROM json_each(?1) CROSS JOIN keys k ON k.key = value";

const TOKENS_BY_NAME: &str = "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.expires_at, t.used_at,
    t.token_no, t.user_no, t.digest
    FROM tokens t LEFT JOIN users u USING (user_no) WHERE t.token IN (SELECT value FROM json_each(?1))";

const TOKENS_BY_DIGEST: &str = "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.expires_at, t.used_at,
    t.token_no, t.user_no, t.digest
    FROM tokens t LEFT JOIN users u USING (user_no) WHERE t.digest IN (SELECT value FROM json_each(?1))";

const ACTORS: &str = "SELECT a.actor, a.actor_no FROM json_each(?1) CROSS JOIN actors a ON a.actor = value";

const EVENTS: &str = "SELECT o.event, d.event, d.attempts, d.error, d.next_at, d.dead
    FROM outbox o LEFT JOIN deliveries d USING (event)
    WHERE o.event IN (SELECT value FROM json_each(?1))";

const HOURS: &str = "SELECT h.hour, h.entry FROM json_each(?1) CROSS JOIN sales_by_hour h ON h.hour = value";

const DAYS: &str = "SELECT d.day, d.entry FROM json_each(?1) CROSS JOIN sales_by_day d ON d.day = value";

fn read_last(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    let row =
        rows.first().ok_or_else(|| Error::Store("the store is damaged: its own row is missing".into()))?;
    let number = |column: usize| row[column].read(format_args!("a number last given out"));
    facts.set_last(LastNumbers {
        at: row[0].read(format_args!("the newest time"))?,
        user: number(1)?,
        product: number(2)?,
        movement: number(3)?,
        charge: number(4)?,
        entry: number(5)?,
        order: number(6)?,
        event: number(7)?,
        token: number(8)?,
        probe: number(9)?,
        actor: number(10)?,
    });
    let store = row[11].read(format_args!("the identifier of the store"))?;
    facts.set_edition(Edition { store, changes: number(12)? });
    Ok(())
}

fn read_users(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = row[0].text();
        let wallet = wallet(&id, &row[2..])?;
        facts.load_user(UserId::stored(id), User { no: row[1].int(), wallet });
    }
    Ok(())
}

// Stale rows of another edition were dropped: their numbers can belong to other users.
fn read_wallets(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = UserId::stored(row[0].text());
        if facts.stale_user(&id).is_some() {
            let wallet = wallet(id.as_str(), &row[1..])?;
            facts.load_wallet(&id, wallet);
        }
    }
    Ok(())
}

fn read_stocks(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = ProductId::stored(row[0].text());
        if facts.stale_product(&id).is_some() {
            let stock = row[1].read(format_args!("the stock of product {id}"))?;
            facts.load_stock(&id, stock);
        }
    }
    Ok(())
}

fn read_products(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = row[0].text();
        let product = Product {
            no: row[1].int(),
            name: Name::stored(row[2].text()),
            price: row[3].read(format_args!("the price of product {id}"))?,
            active: row[4].int() != 0,
            stock: row[5].read(format_args!("the stock of product {id}"))?,
        };
        facts.load_product(ProductId::stored(id), product);
    }
    Ok(())
}

fn read_carts(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    let mut carts: HashMap<UserId, Vec<CartLine>> = HashMap::new();
    for row in rows.iter() {
        let (user, product) = (row[0].text(), row[1].text());
        let line = CartLine {
            position: row[2].int(),
            quantity: row[3].read(format_args!("the quantity of {product} in the cart of {user}"))?,
            price: row[4].read(format_args!("the price of {product} in the cart of {user}"))?,
            product: ProductId::stored(product),
        };
        carts.entry(UserId::stored(user)).or_default().push(line);
    }
    for (user, lines) in carts {
        facts.load_cart(user, lines);
    }
    Ok(())
}

fn read_orders(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for order in orders(rows)? {
        facts.load_order(order);
    }
    Ok(())
}

fn read_aged_keys(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_aged_key(row[0].text(), row[1].int(), row[2].read(format_args!("the age of a key"))?);
    }
    Ok(())
}

fn read_keys(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let reply = match row[3].optional_int() {
            Some(order) => KeptReply::Order(OrderId::stored(order)),
            None => {
                let reply: Arc<str> =
                    row[4].read(format_args!("the reply kept under key {}", row[0].text()))?;
                KeptReply::Json(reply.as_ref().into())
            }
        };
        facts.load_key(Key::stored(row[0].text()), row[1].int(), KeptAnswer { digest: row[2].int(), reply });
    }
    Ok(())
}

fn read_tokens(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_token(StoredToken {
            no: row[7].int(),
            user_no: row[8].optional_int(),
            digest: Digest::stored(row[9].text()),
            token: token(row),
        });
    }
    Ok(())
}

fn read_actors(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_actor(Actor::stored(row[0].text()), row[1].int());
    }
    Ok(())
}

fn read_events(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let delivery = row[1].optional_int().map(|_| Delivery::stored(&row[2..]));
        facts.load_event(EventId::stored(row[0].int()), delivery);
    }
    Ok(())
}

fn read_sums(facts: &mut Facts, rows: &Rows, period: Period) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_sum(period, row[0].int(), row[1].int());
    }
    Ok(())
}

fn read_relay(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    let row = rows
        .first()
        .ok_or_else(|| Error::Store("the store is damaged: the row of the relay is missing".into()))?;
    facts.load_relay(RelayState::stored(row));
    Ok(())
}

fn wallet(id: &str, row: &[Value]) -> Result<Wallet, Error> {
    Ok(Wallet {
        balance: row[0].read(format_args!("the balance of user {id}"))?,
        last_entry: row[1].read(format_args!("the last ledger entry of user {id}"))?,
        last_order: row[2].read(format_args!("the last order of user {id}"))?,
    })
}

#[cfg(test)]
mod tests;
