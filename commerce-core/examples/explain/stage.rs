//! A shop on which every query and operation can run, and how to run them.

use std::fs::File;
use std::path::Path;

use commerce_core::outbox::sink::{Failure, Message};
use commerce_core::outbox::{Relay, Sink, relay};
use commerce_core::token::{Create, Digest, TokenName};
use commerce_core::{AnyOperation, Commerce, Submission, registry};
use serde_json::{Value, json};

use super::works::{Act, Work};

/// A shop. Its users and products are numbered from 0.
pub struct Shop<'a> {
    pub commerce: &'a Commerce,
    /// The path of its file, unless it is on a server.
    pub file: Option<&'a Path>,
    pub users: usize,
    pub orders: usize,
    /// Called when the measurement begins.
    pub begin: &'a dyn Fn(),
}

/// A receiver that refuses the events up to this one.
pub struct Refusing(pub i64);

/// Users with carts, and tokens: enough for a group of operations on each.
const CARTS: usize = 350;
const TOKENS: usize = 70;

/// Pages that are read first to get far into a list.
const FAR: usize = 100;

impl Shop<'_> {
    pub fn ask(&self, name: &str, fields: &Value) -> Value {
        let query = registry::parse_query(name, fields).unwrap_or_else(|e| panic!("{name}: {e}"));
        self.commerce.query(&query).unwrap_or_else(|e| panic!("{name} {fields}: {e}"))
    }

    /// Performs operations, in one group if the store is a file.
    pub fn submit(&self, operations: impl IntoIterator<Item = Submission<AnyOperation>>) {
        let turn = self.file.map(|file| {
            let mut name = file.as_os_str().to_owned();
            name.push("-turn");
            let turn = File::open(name).expect("a lock file");
            turn.lock().expect("the turn");
            turn
        });
        let tickets: Vec<_> = operations.into_iter().map(|one| self.commerce.submit(one)).collect();
        drop(turn);
        tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap_or_else(|e| panic!("{e}"))));
    }

    /// Adds carts and tokens to the shop, and makes events dead: those of the first charges of a quarter of its users.
    pub fn stage(&self) {
        let items = |n: usize| [0, 1, 2].map(|item| json!({ "product": product(n + item), "quantity": 1 }));
        let add = |n| json!({ "op": "cart.add", "user": user(n), "items": items(n) });
        self.submit((0..CARTS).map(|n| line(&add(n))));
        self.submit((0..TOKENS).map(|n| token(&format!("token-{n}"))));
        self.relay(Refusing(self.users as i64 / 4));
    }

    /// Delivers all pending events.
    pub fn relay(&self, sink: Refusing) {
        let options = relay::Options::default().attempts(1);
        let relay = Relay::once(self.commerce, Box::new(sink), options).expect("a thread");
        relay.wait();
        assert!(relay.failure().is_none(), "{:?}", relay.failure());
    }

    /// The fields of a query for a page far into a list.
    pub fn far(&self, name: &str, mut fields: Value) -> Value {
        fields["limit"] = 100.into();
        let mut next = fields.clone();
        for _ in 0..FAR {
            let cursor = self.ask(name, &next)["next_cursor"].take();
            // The last page may not be a full one.
            if cursor.is_null() {
                break;
            }
            fields = next.clone();
            next["cursor"] = cursor;
        }
        fields["limit"] = 20.into();
        fields
    }

    /// The number of the newest event.
    pub fn newest(&self) -> i64 {
        self.ask("event.newest", &json!({}))["event"].as_i64().expect("a number")
    }

    /// The number of the dead event at a position.
    pub fn dead(&self, place: usize) -> Value {
        self.ask("event.list", &json!({ "status": "dead", "limit": 100 }))["items"][place]["event"].clone()
    }

    /// The number of the paid order at a position.
    pub fn paid(&self, place: usize) -> Value {
        self.ask("order.list", &json!({ "status": "paid", "limit": 100 }))["items"][place]["order"].clone()
    }

    /// Runs a query or operation. Operations run as a group of `count`, from number `first`.
    pub fn act(&self, work: &Work, first: usize, count: usize) {
        match work.act {
            Act::Ask(fields) => {
                let fields = fields(self);
                (self.begin)();
                self.ask(work.name, &fields);
            }
            Act::AskAgain(fields) => {
                let fields = fields(self);
                self.ask(work.name, &fields);
                (self.begin)();
                self.ask(work.name, &fields);
            }
            Act::Do(operation) => {
                let operations: Vec<_> = (first..first + count).map(|n| operation(self, n)).collect();
                (self.begin)();
                self.submit(operations);
            }
            Act::Run(run) => {
                (self.begin)();
                run(self);
            }
        }
    }
}

impl Sink for Refusing {
    fn deliver(&self, messages: &[Message]) -> Result<(), Failure> {
        match messages.iter().any(|message| message.event.get() <= self.0) {
            true => Err(Failure::refused("this event is meant to die")),
            false => Ok(()),
        }
    }

    fn batch(&self) -> usize {
        256
    }

    fn parallel(&self) -> usize {
        4
    }
}

pub fn user(number: usize) -> String {
    format!("user-{number}")
}

pub fn product(number: usize) -> String {
    format!("product-{number}")
}

/// Parses the operation of a line.
pub fn line(line: &Value) -> Submission<AnyOperation> {
    registry::parse_operation(line).unwrap_or_else(|e| panic!("{line}: {e}"))
}

/// The operation that creates a token. Lines have no such operation.
pub fn token(name: &str) -> Submission<AnyOperation> {
    let name = TokenName::try_from(name).expect("a name");
    let digest = Digest::of(name.as_str());
    Submission::new(AnyOperation::new(Create::operator(name, digest)))
}

/// A statement on one line. Inserts of one row and of several become the same text, as do pragmas of all tables.
pub fn text(sql: &str) -> String {
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let part = if line.starts_with("INSERT") { line.split_once(" VALUES ") } else { None };
    let part = if line.starts_with("PRAGMA") { line.split_once('(') } else { part };
    part.map_or(line.clone(), |(part, _)| part.into())
}
