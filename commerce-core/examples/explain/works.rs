//! One table of every query, operation and background job: how to run it, and how its cost may grow with the shop. A test
//! asserts this table, and `explain` prints it with measured costs.

use commerce_core::token::{Digest, Find, Revoke, TokenName, Version};
use commerce_core::{AnyOperation, Clock, Error, Probe, Submission, SystemClock, catalog, order};
use serde_json::{Value, json};

use super::stage::{Refusing, Shop, line, product, token, user};

/// A query, operation or background job.
pub struct Work {
    /// The name of the operation, query or background job.
    pub name: &'static str,
    /// The case, if there are several.
    pub case: &'static str,
    /// How to run it.
    pub act: Act,
    /// How its cost may grow with the shop.
    pub growth: Growth,
    /// Why it scans a table or index from its beginning, if it does.
    pub scans: Option<&'static str>,
    /// Why it sorts, if it does.
    pub sorts: Option<&'static str>,
    /// Requests to a server. 0 if the number depends on timing.
    pub requests: usize,
}

/// How a process that has just opened the store runs a query or operation.
pub enum Act {
    /// A query with these fields.
    Ask(fn(&Shop<'_>) -> Value),
    /// The same query for the second time.
    AskAgain(fn(&Shop<'_>) -> Value),
    /// An operation. Each number gives one on rows of its own.
    Do(fn(&Shop<'_>, usize) -> Submission<AnyOperation>),
    /// Anything else.
    Run(fn(&Shop<'_>)),
}

/// How a cost may grow when all tables grow tenfold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// No growth: rows by their keys, or a page of an index.
    Constant,
    /// At most double, for this reason.
    Little(&'static str),
    /// In proportion to the rows, for this reason.
    Rows(&'static str),
}

const INDEX: &str = "a page at the start of its index";
const PAGE: &str = "the rows of a page, in order";
const LINES: &str = "the requested orders, by number";
const CANDIDATES: &str = "candidates from the index";
const HALVES: &str = "the steps of the binary search";
const HALVING: Growth = Growth::Little("a binary search finds a time among the orders");
const WAYPOINT: Growth = Growth::Little("the walk skips the orders up to the next waypoint, 64 on average");
const HISTORY: Growth =
    Growth::Rows("looks through the lines of at most 32,768 orders, which are all of a small shop");
const CART: &str = "the lines of a cart, in the order of adding";
const PASSED: &str = "events not yet accepted, or dead";
const DEAD: Growth = Growth::Rows("dead events are counted or skipped");

/// Every query, operation and background job.
pub fn works() -> Vec<Work> {
    [queries(), operations(), background()].into_iter().flatten().collect()
}

fn queries() -> Vec<Work> {
    vec![
        ask("user.get", "", |_| json!({ "user": user(1) })),
        ask("user.list", "", |_| json!({})),
        ask("user.list", "far in", |shop| shop.far("user.list", json!({}))),
        ask("user.list", "search without a match", |_| json!({ "search": "nobody at all" }))
            .grows(Growth::Rows("reads all users: a part of a name has no index")),
        ask("wallet.balance", "", |_| json!({ "user": user(1) })),
        ask("wallet.history", "", |_| json!({ "user": user(0) })).sorts(PAGE),
        ask("wallet.history", "far in", |shop| shop.far("wallet.history", json!({ "user": user(0) })))
            .sorts(PAGE),
        ask("product.get", "", |_| json!({ "product": product(1) })),
        ask("product.list", "by id", |_| json!({})).scans(INDEX),
        ask("product.list", "by id, far in", |shop| shop.far("product.list", json!({}))),
        ask("product.list", "by name", |_| json!({ "sort": "name" })).scans(INDEX),
        ask("product.list", "by name, far in", |shop| shop.far("product.list", json!({ "sort": "name" }))),
        ask("product.list", "by price", |_| json!({ "sort": "price" })).scans(INDEX),
        ask("product.list", "by price, far in", |shop| shop.far("product.list", json!({ "sort": "price" }))),
        ask("product.list", "by -price", |_| json!({ "sort": "-price" })).scans(INDEX),
        ask("product.list", "by -price, far in", |shop| {
            shop.far("product.list", json!({ "sort": "-price" }))
        }),
        ask("product.list", "off sale", |_| json!({ "active": false })).sorts(CANDIDATES),
        ask("product.list", "by stock", |_| json!({ "sort": "stock" }))
            .grows(Growth::Rows("reads the catalogue: an index on stock would change with every order"))
            .scans("the catalogue")
            .sorts("the catalogue by stock"),
        ask("product.list", "search without a match", |_| json!({ "search": "no such thing" }))
            .sorts(CANDIDATES),
        ask("stock.history", "", |_| json!({ "product": product(0) })).grows(HISTORY),
        ask("cart.get", "", |_| json!({ "user": user(1) })).sorts(CART),
        ask("order.get", "", |shop| json!({ "order": shop.orders / 2 })).sorts(LINES),
        ask("order.list", "", |_| json!({})).sorts(PAGE),
        ask("order.list", "far in", |shop| shop.far("order.list", json!({}))).sorts(PAGE),
        ask("order.list", "until 5 days ago", |_| json!({ "to": days_ago(5) }))
            .grows(HALVING)
            .scans(HALVES)
            .sorts(PAGE),
        ask("order.list", "paid", |_| json!({ "status": "paid" })).sorts(PAGE),
        ask("order.list", "cancelled", |_| json!({ "status": "cancelled" })).sorts(PAGE),
        ask("order.list", "of a user", |_| json!({ "user": user(0) })).sorts(PAGE),
        ask("order.list", "of a user, far in", |shop| shop.far("order.list", json!({ "user": user(0) })))
            .grows(WAYPOINT)
            .sorts(PAGE),
        ask("order.list", "of a user, until 5 days ago", |_| json!({ "user": user(0), "to": days_ago(5) }))
            .grows(WAYPOINT)
            .sorts(PAGE),
        ask("order.list", "of a user, cancelled", |_| json!({ "user": user(0), "status": "cancelled" }))
            .sorts(PAGE),
        ask("sales.top", "3 days, first run", |_| json!({ "days": 3 }))
            .grows(Growth::Rows("reads the lines of the window"))
            .requests(2),
        ask_again("sales.top", "3 days, again", |_| json!({ "days": 3 }))
            .grows(Growth::Rows("reads the cancellations of the window each time")),
        ask("sales.series", "60 hours", |_| json!({ "step": "hour", "count": 60 }))
            .grows(Growth::Rows("reads the orders of these hours"))
            .requests(2),
        ask("event.list", "", |_| json!({})),
        ask("event.list", "pending", |_| json!({ "status": "pending" })),
        ask("event.list", "dead", |_| json!({ "status": "dead" })),
        ask("event.list", "delivered", |_| json!({ "status": "delivered" })).grows(DEAD),
        ask("event.since", "the newest 100", |shop| json!({ "after": shop.newest() - 100 }))
            .sorts(LINES)
            .requests(2),
        ask("event.newest", "", |_| json!({})),
        ask("event.lag", "", |_| json!({})).grows(DEAD).scans(PASSED),
        ask("token.list", "", |_| json!({})),
        run("token.find", "", |shop| {
            assert!(
                shop.commerce.query(&Find { digest: Digest::of("token-0") }).expect("an answer").is_some()
            );
        })
        .requests(1),
        run("token.changes", "", |shop| drop(shop.commerce.query(&Version).expect("an answer"))).requests(1),
    ]
}

fn operations() -> Vec<Work> {
    vec![
        act("user.add", "", |_, n| {
            line(&json!({ "op": "user.add", "user": format!("new-{n}"), "name": "새 New" }))
        }),
        act("wallet.charge", "", |_, n| {
            line(&json!({ "op": "wallet.charge", "user": user(n), "amount": 5 }))
        }),
        act("product.add", "", |_, n| {
            let id = format!("new-{n}");
            line(&json!({ "op": "product.add", "product": id, "name": "새 New", "price": n, "stock": 5 }))
        }),
        act("product.update", "name and price", |_, n| {
            let name = format!("또 Other {n}");
            line(&json!({ "op": "product.update", "product": product(n), "name": name, "price": n + 7 }))
        }),
        act("stock.adjust", "", |_, n| {
            line(&json!({ "op": "stock.adjust", "product": product(n), "delta": 5 }))
        }),
        act("cart.add", "", |_, n| {
            line(&json!({ "op": "cart.add", "user": user(n), "product": product(n + 9), "quantity": 2 }))
        })
        .sorts(CART),
        act("cart.set", "", |_, n| {
            line(
                &json!({ "op": "cart.set", "user": user(70 + n), "product": product(70 + n), "quantity": 3 }),
            )
        })
        .sorts(CART),
        act("cart.remove", "", |_, n| {
            line(&json!({ "op": "cart.remove", "user": user(140 + n), "products": [product(140 + n)] }))
        })
        .sorts(CART),
        act("cart.clear", "", |_, n| line(&json!({ "op": "cart.clear", "user": user(210 + n) }))).sorts(CART),
        act("cart.checkout", "", |_, n| line(&json!({ "op": "cart.checkout", "user": user(280 + n) })))
            .sorts(CART),
        act("order.place", "three products, with a key", |_, n| place("key", n, 3)),
        run("order.place", "by a process that has cached these rows", |shop| {
            shop.submit([place("known", 0, 3)]);
            (shop.begin)();
            shop.submit([place("now", 0, 3)]);
        })
        .requests(2),
        act("order.place", "again, with the same key", |_, n| place("key", n, 3)).sorts(LINES).requests(3),
        act("order.cancel", "", |shop, n| line(&json!({ "op": "order.cancel", "order": shop.paid(n) })))
            .sorts(LINES),
        act("event.retry", "", |shop, n| line(&json!({ "op": "event.retry", "events": [shop.dead(n)] }))),
        act("token.create", "", |_, n| token(&format!("new-{n}"))),
        act("token.revoke", "", |_, n| {
            let name = TokenName::try_from(format!("token-{n}")).expect("a name");
            Submission::new(AnyOperation::new(Revoke { name }))
        }),
    ]
}

fn background() -> Vec<Work> {
    vec![
        run("sweep of old keys", "with 256 orders with keys", |shop| {
            shop.submit((0..256).map(|n| place("sweep", n, 1)));
        }),
        run("readyz", "a write, the backlog, the clock", |shop| {
            shop.commerce.perform(Probe).expect("a write");
            shop.ask("event.lag", &json!({}));
            shop.commerce.clock_skew().expect("the clock");
        })
        .grows(DEAD)
        .scans(PASSED),
        run("every product", "by stock, as export and --all do", |shop| {
            let list = catalog::List { sort: catalog::Sort::Stock, ..catalog::List::default() };
            shop.commerce.each(list, |_| Ok::<(), Error>(())).expect("a list");
        })
        .grows(Growth::Rows("returns every product"))
        .scans("the catalogue")
        .sorts("the catalogue by stock"),
        run("every order", "as --all does", |shop| {
            shop.commerce.each(order::List::default(), |_| Ok::<(), Error>(())).expect("a list");
        })
        .grows(Growth::Rows("returns every order"))
        .sorts(PAGE),
        run("relay", "100 charges and the delivery of their events", |shop| {
            let charge = |n| line(&json!({ "op": "wallet.charge", "user": user(n), "amount": 1 }));
            shop.submit((0..100).map(charge));
            shop.relay(Refusing(0));
        })
        .grows(Growth::Little("the number of checks depends on its threads"))
        .scans(PASSED)
        .sorts(LINES),
        run("verify", "", |shop| assert_eq!(shop.commerce.verify().expect("an audit"), []))
            .grows(Growth::Rows("recomputes every figure"))
            .scans("the list of tables")
            .sorts("the columns of a table's key"),
        run("verify --repair", "", |shop| shop.commerce.repair().expect("a repair"))
            .grows(Growth::Rows("sums every balance and stock from its history"))
            .scans("every history")
            .sorts("histories by user and by product"),
    ]
}

/// The time `days` days ago.
fn days_ago(days: u16) -> String {
    SystemClock.now().minus_days(days).to_string()
}

/// An order of `products` products, with an idempotency key.
fn place(key: &str, n: usize, products: usize) -> Submission<AnyOperation> {
    let item = |item| json!({ "product": product(n * products + item), "quantity": 1 });
    let items: Vec<_> = (0..products).map(item).collect();
    let key = format!("{key}-{n:05}");
    line(&json!({ "op": "order.place", "user": user(n + 1), "items": items, "key": key }))
}

fn ask(name: &'static str, case: &'static str, fields: fn(&Shop<'_>) -> Value) -> Work {
    work(name, case, Act::Ask(fields), 1)
}

fn ask_again(name: &'static str, case: &'static str, fields: fn(&Shop<'_>) -> Value) -> Work {
    work(name, case, Act::AskAgain(fields), 1)
}

/// An operation. Its group begins and loads with one request, and saves and commits with another.
fn act(
    name: &'static str,
    case: &'static str,
    one: fn(&Shop<'_>, usize) -> Submission<AnyOperation>,
) -> Work {
    work(name, case, Act::Do(one), 2)
}

fn run(name: &'static str, case: &'static str, run: fn(&Shop<'_>)) -> Work {
    work(name, case, Act::Run(run), 0)
}

fn work(name: &'static str, case: &'static str, act: Act, requests: usize) -> Work {
    Work { name, case, act, growth: Growth::Constant, scans: None, sorts: None, requests }
}

impl Work {
    fn grows(self, growth: Growth) -> Self {
        Self { growth, ..self }
    }

    fn scans(self, reason: &'static str) -> Self {
        Self { scans: Some(reason), ..self }
    }

    fn sorts(self, reason: &'static str) -> Self {
        Self { sorts: Some(reason), ..self }
    }

    fn requests(self, requests: usize) -> Self {
        Self { requests, ..self }
    }
}
