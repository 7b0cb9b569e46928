//! Loading: the statements that read what a group needs, one per table, and their rows as facts.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Serialize;

use super::row::{Rows, Statement, Value};
use super::table::LINES;
use crate::error::Error;
use crate::facts::{Bearer, CartLine, Edition, Facts, Kept, KeptReply, Keys, Last, Product, User, Wallet};
use crate::id::{Key, Name, ProductId, UserId};
use crate::money::{Amount, Quantity};
use crate::number::{EventId, OrderId};
use crate::order::{Item, Order, Status};
use crate::outbox::{Delivery, Standing};
use crate::sales::Period;
use crate::time::Time;
use crate::token::{self, Digest};

/// A statement, and what its rows are.
pub(crate) struct Load {
    pub(crate) statement: Statement,
    take: Take,
}

type Take = fn(&mut Facts, &Rows) -> Result<(), Error>;

impl Load {
    /// Rows that are no facts: whoever loads them reads them.
    pub(crate) fn plain(statement: Statement) -> Self {
        Self { statement, take: |_, _| Ok(()) }
    }
}

/// Takes what the statements answered into the facts.
///
/// # Errors
/// [`Error::Store`] where a row holds what cannot be: nothing may be decided over it.
pub(crate) fn take(facts: &mut Facts, loads: &[Load], answers: &[Rows]) -> Result<(), Error> {
    loads.iter().zip(answers).try_for_each(|(load, rows)| (load.take)(facts, rows))
}

/// What a group needs and is not known: the numbers last given out, and the rows that its keys name.
pub(crate) fn loads(keys: &Keys, facts: &Facts) -> Vec<Load> {
    let mut loads = Vec::new();
    if facts.unknown() {
        loads.push(Load { statement: Statement::new(LAST, []), take: take_last });
    }
    loads.extend(named(keys, facts));
    let mut add = |sql: &'static str, list: String, take| {
        if list != "[]" {
            loads.push(Load { statement: Statement::new(sql, [list.into()]), take });
        }
    };
    add(CART_PRODUCTS, list(&keys.carts), take_products);
    add(CART_LINES, list(&keys.carts), take_carts);
    add(EVENTS, list(&keys.events), take_events);
    add(KEYS, list(&keys.keys), take_keys);
    add(TOKENS_NAMED, list(&keys.tokens), take_tokens);
    add(TOKENS_OF, list(&keys.digests), take_tokens);
    let sums =
        |of: Period| list(keys.sums.iter().filter(|(period, _)| *period == of).map(|(_, number)| number));
    add(HOURS, sums(Period::Hour), |facts, rows| take_sums(facts, rows, Period::Hour));
    add(DAYS, sums(Period::Day), |facts, rows| take_sums(facts, rows, Period::Day));
    let orders = list(&keys.orders);
    add(ORDER_USERS, orders.clone(), take_users);
    add(ORDER_PRODUCTS, orders, take_products);
    if !keys.orders.is_empty() {
        loads.extend(order_loads(&keys.orders));
    }
    if keys.relay {
        loads.push(Load { statement: Statement::new(RELAY, []), take: take_relay });
    }
    loads
}

/// The users and products that the keys name and that are not known: in full, or what may have changed of them.
pub(crate) fn named(keys: &Keys, facts: &Facts) -> Vec<Load> {
    let users = keys.users.iter().filter(|user| facts.find_user(user).is_none());
    let (doubted, unknown): (Vec<_>, Vec<_>) =
        users.map(|user| (user, facts.doubted_user(user))).partition(|(_, number)| number.is_some());
    let wallets = (WALLETS, numbers(doubted), take_wallets as Take);
    let users = (USERS, list(unknown.into_iter().map(|(user, _)| user)), take_users as Take);
    let products = keys.products.iter().filter(|product| facts.find_product(product).is_none());
    let (doubted, unknown): (Vec<_>, Vec<_>) = products
        .map(|product| (product, facts.doubted_product(product)))
        .partition(|(_, number)| number.is_some());
    let stocks = (STOCKS, numbers(doubted), take_stocks as Take);
    let products = (PRODUCTS, list(unknown.into_iter().map(|(product, _)| product)), take_products as Take);
    [wallets, users, stocks, products]
        .into_iter()
        .filter(|(_, list, _)| list != "[]" && list != "{}")
        .map(|(sql, list, take)| Load { statement: Statement::new(sql, [list.into()]), take })
        .collect()
}

/// The keys that come next in the table, to see how old they are.
pub(crate) fn aged_keys(after: Arc<str>, scope: i64, most: usize) -> Load {
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    Load {
        statement: Statement::new(AGED_KEYS, [after.into(), scope.into(), most.into()]),
        take: take_aged_keys,
    }
}

/// Orders alone, for replies that are answered again.
pub(crate) fn order_loads(orders: &[OrderId]) -> Vec<Load> {
    vec![Load { statement: orders_of(orders), take: take_orders }]
}

/// Reads these orders, by number, in the form that [`orders`] takes.
pub(crate) fn orders_of(orders: &[OrderId]) -> Statement {
    let sql = format!(
        "SELECT {ORDER_COLUMNS} FROM json_each(?1) wanted CROSS JOIN orders o ON o.order_id = wanted.value
        {ORDER_JOINS} ORDER BY o.order_id, l.line"
    );
    Statement::new(sql, [list(orders).into()])
}

/// Reads the orders that a table `page` of numbers names, newest first, in the form that [`orders`] takes. (It comes
/// first in a join, since SQLite would compute a list behind `IN` to its end, whatever its limit.)
pub(crate) fn orders_of_page() -> String {
    format!(
        "SELECT {ORDER_COLUMNS} FROM page CROSS JOIN orders o ON o.order_id = page.order_id {ORDER_JOINS}
        ORDER BY o.order_id DESC, l.line"
    )
}

/// The same with the numbers of users and products, of which [`NUMBERS`] tells the columns.
pub(crate) fn numbered_orders_of_page() -> String {
    "SELECT o.order_id, o.user_no, o.total, o.balance, o.at, c.at, c.reason, c.order_id,
        l.product_no, l.name, l.price, l.quantity
    FROM page CROSS JOIN orders o ON o.order_id = page.order_id
    LEFT JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
    LEFT JOIN cancellations c ON c.order_id = o.order_id ORDER BY o.order_id DESC, l.line"
        .into()
}

/// Where users and products stand in a row of an order.
pub(crate) const NUMBERS: [usize; 2] = [1, 8];

/// A list of keys as one value: a JSON array, each key once.
pub(crate) fn list<'a, T: Serialize + Ord + 'a>(keys: impl IntoIterator<Item = &'a T>) -> String {
    let mut keys: Vec<&T> = keys.into_iter().collect();
    keys.sort_unstable();
    keys.dedup();
    serde_json::to_string(&keys).unwrap_or_else(|_| "[]".into())
}

/// Numbers by their identifiers as one value: a JSON object.
fn numbers<T: Serialize + Ord>(numbers: Vec<(&T, Option<i64>)>) -> String {
    let numbers: BTreeMap<&T, i64> = numbers.into_iter().filter_map(|(id, no)| Some((id, no?))).collect();
    serde_json::to_string(&numbers).unwrap_or_else(|_| "{}".into())
}

/// Orders with their lines, one row per line, from rows of [`ORDER_COLUMNS`]' columns.
pub(crate) fn orders(rows: &Rows) -> Result<Vec<Order>, Error> {
    let mut orders: Vec<Order> = Vec::new();
    for row in rows.iter() {
        let number = row[0].read(format_args!("the number of an order"))?;
        if orders.last().is_none_or(|order| order.order != number) {
            orders.push(order(number, row)?);
        }
        if let Some(order) = orders.last_mut() {
            order.items.push(item(number, &row[8..])?);
        }
    }
    Ok(orders)
}

// `CROSS JOIN` makes SQLite walk the list and look each key up, where `IN` would first copy the list into a table.
// `LEFT JOIN` keeps a row whose other half is missing, so that it is told as damage and not taken for unknown.

const ORDER_COLUMNS: &str = "o.order_id, u.user, o.total, o.balance, o.at, c.at, c.reason, c.order_id,
    p.product, l.name, l.price, l.quantity";
const ORDER_JOINS: &str = "LEFT JOIN users u ON u.user_no = o.user_no
    LEFT JOIN order_lines l ON l.line BETWEEN o.order_id * 1024 AND o.order_id * 1024 + 1023
    LEFT JOIN products p ON p.product_no = l.product_no
    LEFT JOIN cancellations c ON c.order_id = o.order_id";
const _: () = assert!(LINES == 1024);

const LAST: &str =
    "SELECT last_at, last_user, last_product, last_movement, last_charge, last_entry, last_order,
    last_event, last_token, last_probe, uuid, last_change FROM store";

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

const TOKENS_NAMED: &str =
    "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.token_no, t.user_no, t.digest
    FROM tokens t LEFT JOIN users u USING (user_no) WHERE t.token IN (SELECT value FROM json_each(?1))";

const TOKENS_OF: &str = "SELECT t.token, t.role, u.user, t.at, t.revoked_at, t.token_no, t.user_no, t.digest
    FROM tokens t LEFT JOIN users u USING (user_no) WHERE t.digest IN (SELECT value FROM json_each(?1))";

const EVENTS: &str = "SELECT o.event, d.event, d.attempts, d.error, d.next_at, d.dead
    FROM outbox o LEFT JOIN deliveries d USING (event)
    WHERE o.event IN (SELECT value FROM json_each(?1))";

const HOURS: &str = "SELECT h.hour, h.entry FROM json_each(?1) CROSS JOIN sales_by_hour h ON h.hour = value";

const DAYS: &str = "SELECT d.day, d.entry FROM json_each(?1) CROSS JOIN sales_by_day d ON d.day = value";

/// The state of the relay, in the form that [`Standing`] takes.
pub(crate) const RELAY: &str =
    "SELECT owner, term, until, settled, pruned, revived, marked, error, next_at FROM relay";

fn take_last(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    let row =
        rows.first().ok_or_else(|| Error::Store("the store is damaged: its own row is missing".into()))?;
    let number = |place: usize| row[place].read(format_args!("a number last given out"));
    facts.set_last(Last {
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
    });
    let store = row[10].read(format_args!("the identifier of the store"))?;
    facts.set_edition(Edition { store, changes: number(11)? });
    Ok(())
}

fn take_users(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = row[0].text();
        let wallet = wallet(&id, &row[2..])?;
        facts.load_user(UserId::stored(id), User { no: row[1].int(), wallet });
    }
    Ok(())
}

// Nobody is in doubt once it is known that the store is of another edition: its numbers may be somebody else's.
fn take_wallets(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = UserId::stored(row[0].text());
        if facts.doubted_user(&id).is_some() {
            let wallet = wallet(id.as_str(), &row[1..])?;
            facts.load_wallet(&id, wallet);
        }
    }
    Ok(())
}

fn take_stocks(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let id = ProductId::stored(row[0].text());
        if facts.doubted_product(&id).is_some() {
            let stock = row[1].read(format_args!("the stock of product {id}"))?;
            facts.load_stock(&id, stock);
        }
    }
    Ok(())
}

fn take_products(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
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

fn take_carts(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
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

fn take_orders(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for order in orders(rows)? {
        facts.load_order(order);
    }
    Ok(())
}

fn take_aged_keys(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_aged_key(row[0].text(), row[1].int(), row[2].read(format_args!("the age of a key"))?);
    }
    Ok(())
}

fn take_keys(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let reply = match row[3].optional_int() {
            Some(order) => KeptReply::Order(OrderId::stored(order)),
            None => {
                let reply: Arc<str> =
                    row[4].read(format_args!("the reply kept under key {}", row[0].text()))?;
                KeptReply::Json(reply.as_ref().into())
            }
        };
        facts.load_key(Key::stored(row[0].text()), row[1].int(), Kept { digest: row[2].int(), reply });
    }
    Ok(())
}

fn take_tokens(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_token(Bearer {
            no: row[5].int(),
            user_no: row[6].optional_int(),
            digest: Digest::stored(&row[7].text()),
            token: token::token(row),
        });
    }
    Ok(())
}

fn take_events(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    for row in rows.iter() {
        let tried = row[1].optional_int().map(|_| Delivery::stored(&row[2..]));
        facts.load_event(EventId::stored(row[0].int()), tried);
    }
    Ok(())
}

fn take_sums(facts: &mut Facts, rows: &Rows, period: Period) -> Result<(), Error> {
    for row in rows.iter() {
        facts.load_sum(period, row[0].int(), row[1].int());
    }
    Ok(())
}

fn take_relay(facts: &mut Facts, rows: &Rows) -> Result<(), Error> {
    let row = rows
        .first()
        .ok_or_else(|| Error::Store("the store is damaged: the row of the relay is missing".into()))?;
    facts.load_relay(Standing::stored(row));
    Ok(())
}

fn wallet(id: &str, row: &[Value]) -> Result<Wallet, Error> {
    Ok(Wallet {
        balance: row[0].read(format_args!("the balance of user {id}"))?,
        last_entry: row[1].read(format_args!("the last ledger entry of user {id}"))?,
        last_order: row[2].read(format_args!("the last order of user {id}"))?,
    })
}

fn order(number: OrderId, row: &[Value]) -> Result<Order, Error> {
    Ok(Order {
        order: number,
        user: UserId::stored(row[1].read(format_args!("the user of order {number}"))?),
        status: if row[7] == Value::Null { Status::Paid } else { Status::Cancelled },
        items: Vec::new(),
        total: row[2].read(format_args!("the total of order {number}"))?,
        balance: row[3].read(format_args!("the balance after order {number}"))?,
        at: row[4].read(format_args!("the time of order {number}"))?,
        cancelled_at: row[5].optional_int().map(Time::from_millis),
        reason: row[6].optional_text().map(Name::stored),
    })
}

fn item(number: OrderId, row: &[Value]) -> Result<Item, Error> {
    let product: Arc<str> = row[0].read(format_args!("a product of order {number}"))?;
    let price: Amount = row[2].read(format_args!("the price of {product} in order {number}"))?;
    let quantity: Quantity = row[3].read(format_args!("the quantity of {product} in order {number}"))?;
    let over =
        || Error::Store(format!("the store is damaged: order {number} has {quantity} {product} at {price}"));
    let amount = price.times(quantity).ok_or_else(over)?;
    Ok(Item {
        product: ProductId::stored(product),
        name: Name::stored(row[1].text()),
        price,
        quantity,
        amount,
    })
}
