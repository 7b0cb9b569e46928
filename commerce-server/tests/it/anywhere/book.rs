//! What callers were told of their orders, and the check that the shop agrees.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Error, registry};
use serde_json::{Value, json};

use crate::library::{ask, submit};

/// How much later than its deadline an answer may come, on a busy machine.
const LATE: Duration = Duration::from_secs(5);

/// Callers order one pen each time, at this price.
pub const PRICE: i64 = 300;

/// What callers were told of their orders.
#[derive(Default)]
pub struct Book {
    /// Each order that was acknowledged, with its operation.
    done: Mutex<BTreeMap<u64, Value>>,
    /// The operations whose outcome is unknown, each with the key that was told.
    unknown: Mutex<Vec<Value>>,
    /// How many operations were told not to be done.
    not_done: Mutex<usize>,
    deadline: Duration,
}

/// An order that was submitted.
pub struct Sent {
    operation: Value,
    begun: Instant,
    ticket: commerce_core::Ticket<Value>,
}

impl Book {
    /// The book of callers whose handles have this deadline.
    pub fn new(deadline: Duration) -> Self {
        Self { deadline, ..Self::default() }
    }

    /// Adds the product and the users of the callers to a shop.
    pub fn fill(shop: &Commerce, users: usize) {
        let pen = json!({ "op": "product.add", "product": "book-pen", "name": "Pen", "price": PRICE, "stock": STOCK });
        submit(shop, &pen).unwrap();
        for user in 0..users {
            submit(shop, &json!({ "op": "user.add", "user": user_name(user) })).unwrap();
            let charge = json!({ "op": "wallet.charge", "user": user_name(user), "amount": MONEY });
            submit(shop, &charge).unwrap();
        }
    }

    /// Submits an order, with a key if one is given.
    pub fn send(shop: &Commerce, user: usize, key: Option<String>) -> Sent {
        let items = json!([{ "product": "book-pen", "quantity": 1 }]);
        let mut operation = json!({ "op": "order.place", "user": user_name(user), "items": items });
        if let Some(key) = key {
            operation["key"] = key.into();
        }
        let submission = registry::parse_operation(&operation).unwrap();
        Sent { begun: Instant::now(), ticket: shop.submit(submission), operation }
    }

    /// Waits for the answer and writes it down. Returns the number of the order if it is done.
    pub fn receive(&self, sent: Sent) -> Option<u64> {
        let Sent { mut operation, begun, ticket } = sent;
        let outcome = ticket.wait();
        let took = begun.elapsed();
        assert!(took < self.deadline + LATE, "an answer took {took:?}: {outcome:?}");
        match outcome {
            Ok(answer) => {
                let own = operation.get("key").is_some();
                assert!(
                    own || !answer.replayed,
                    "a reply to a key that the client made is not told as replayed"
                );
                let order = answer.reply["order"].as_u64().unwrap();
                let other = self.done.lock().unwrap().insert(order, operation);
                assert_eq!(other, None, "order {order} was acknowledged twice");
                return Some(order);
            }
            Err(error @ Error::Unknown(_)) => {
                let told =
                    error.unanswered_key().unwrap_or_else(|| panic!("no key is told: {error}")).to_string();
                assert!(error.to_string().contains(&told), "{error}");
                assert!(operation["key"].as_str().is_none_or(|own| own == told), "{error}");
                operation["key"] = told.into();
                self.unknown.lock().unwrap().push(operation);
            }
            Err(Error::Busy(_)) => *self.not_done.lock().unwrap() += 1,
            Err(other) => panic!("{operation}: {other}"),
        }
        None
    }

    /// Asks again, through a handle, for each order whose outcome is unknown, and then compares the book with the shop as
    /// the engine of the server sees it in the store at this path. Returns how many orders were acknowledged, unknown and
    /// not done.
    pub fn check(&self, handle: &Commerce, engine: &Commerce, store: &Path, users: usize) -> [usize; 3] {
        let unknown = std::mem::take(&mut *self.unknown.lock().unwrap());
        let mut done = self.done.lock().unwrap();
        let counts = [done.len(), unknown.len(), *self.not_done.lock().unwrap()];
        for operation in unknown {
            let [first, again] = [0, 1].map(|_| submit(handle, &operation).unwrap());
            assert_eq!(first["order"], again["order"], "{operation}");
            assert_eq!(again["replayed"], true, "{operation}: {again}");
            let other = done.insert(first["order"].as_u64().unwrap(), operation);
            assert_eq!(other, None, "{first} is two orders");
        }
        // What was acknowledged is there, under its key and in the name of its user.
        for (order, operation) in done.iter() {
            let found = ask(engine, "order.get", &json!({ "order": order }));
            assert_eq!((&found["user"], &found["total"]), (&operation["user"], &json!(PRICE)), "{operation}");
            if operation.get("key").is_some() {
                let again = submit(engine, operation).unwrap();
                assert_eq!(
                    (&again["order"], &again["replayed"]),
                    (&json!(order), &json!(true)),
                    "{operation}"
                );
            }
        }
        // And nothing else is.
        let known: BTreeSet<u64> = done.keys().copied().collect();
        assert_eq!(known, orders(engine), "the orders of the shop are those of the book");
        let left = ask(engine, "product.get", &json!({ "product": "book-pen" }));
        assert_eq!(left["stock"], STOCK - known.len() as i64);
        let balances = (0..users).map(|user| {
            ask(engine, "wallet.balance", &json!({ "user": user_name(user) }))["balance"].as_i64().unwrap()
        });
        assert_eq!(balances.sum::<i64>(), users as i64 * MONEY - PRICE * known.len() as i64);
        assert_eq!(engine.verify().unwrap(), []);
        assert_eq!(keys(store), known.len() as i64, "each order has one key");
        counts
    }
}

const STOCK: i64 = 100_000_000;
const MONEY: i64 = 1_000_000_000;

fn user_name(number: usize) -> String {
    format!("book-{number}")
}

/// The number of keys in a store.
fn keys(store: &Path) -> i64 {
    let connection = rusqlite::Connection::open(store).unwrap();
    connection.query_row("SELECT count(*) FROM keys", [], |row| row.get(0)).unwrap()
}

/// The numbers of all orders of the shop.
fn orders(shop: &Commerce) -> BTreeSet<u64> {
    let (mut orders, mut cursor) = (BTreeSet::new(), Value::Null);
    loop {
        let mut with = json!({ "limit": 100 });
        if cursor.is_string() {
            with["cursor"] = cursor;
        }
        let page = ask(shop, "order.list", &with);
        orders.extend(page["items"].as_array().unwrap().iter().map(|order| order["order"].as_u64().unwrap()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            return orders;
        }
    }
}
