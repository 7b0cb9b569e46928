//! Everything that the engine is asked and does, as one table: how to have it done, and how its cost may grow with the
//! shop. A test holds the engine to it, and `explain` measures by it.

use commerce_core::token::{Changes, Digest, Find, Revoke, TokenName};
use commerce_core::{AnyOperation, Clock, Error, Probe, Submission, SystemClock, catalog, order};
use serde_json::{Value, json};

use super::stage::{Refusing, Shop, line, product, token, user};

/// One thing that is asked or done.
pub struct Work {
    /// The operation or query, or what is done in the background.
    pub name: &'static str,
    /// Which case of it.
    pub case: &'static str,
    /// How to have it done.
    pub act: Act,
    /// How its cost may grow with the shop.
    pub growth: Growth,
    /// Why it goes through a table or index from its beginning, if it does.
    pub scans: Option<&'static str>,
    /// Why it sorts, if it does.
    pub sorts: Option<&'static str>,
    /// Requests to a server, where the store is on one. 0 where that depends on how long it takes.
    pub requests: usize,
}

/// How to have something done, by a process that has just opened the store.
pub enum Act {
    /// A query with these fields.
    Ask(fn(&Shop<'_>) -> Value),
    /// The same for the second time.
    AskAgain(fn(&Shop<'_>) -> Value),
    /// An operation: a first, a second, and so on, each on rows of its own.
    Do(fn(&Shop<'_>, usize) -> Submission<AnyOperation>),
    /// Anything else.
    Run(fn(&Shop<'_>)),
}

/// How a cost may grow when all tables grow tenfold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Not at all: rows by their keys, or a page of an index.
    Constant,
    /// To the double at most, for this reason.
    Little(&'static str),
    /// As the rows do, for this reason.
    Rows(&'static str),
}

const INDEX: &str = "a page from the beginning of its index";
const PAGE: &str = "the rows of a page, in their order";
const LINES: &str = "the orders asked for, in the order of their numbers";
const CANDIDATES: &str = "candidates that the index tells";
const HALVES: &str = "the numbers that were halved";
const HALVING: Growth = Growth::Little("a time is found among the orders by halving");
const WAYPOINT: Growth =
    Growth::Little("as many orders are passed over as there are to the next waypoint, 64 on average");
const CART: &str = "a cart, in the order of adding";
const PASSED: &str = "events that were not accepted yet, or given up";
const DEAD: Growth = Growth::Rows("events that were given up are counted, or passed over");

/// Every query, every operation, and what is done in the background.
pub fn works() -> Vec<Work> {
    [queries(), operations(), background()].into_iter().flatten().collect()
}

fn queries() -> Vec<Work> {
    vec![
        ask("user.get", "", |_| json!({ "user": user(1) })),
        ask("user.list", "", |_| json!({})),
        ask("user.list", "far in", |shop| shop.far("user.list", json!({}))),
        ask("user.list", "searched in vain", |_| json!({ "search": "nobody at all" }))
            .grows(Growth::Rows("all users are looked at: part of a name has no index")),
        ask("wallet.balance", "", |_| json!({ "user": user(1) })),
        ask("wallet.history", "", |_| json!({ "user": user(0) })).sorts(PAGE).requests(2),
        ask("wallet.history", "far in", |shop| shop.far("wallet.history", json!({ "user": user(0) })))
            .sorts(PAGE)
            .requests(2),
        ask("product.get", "", |_| json!({ "product": product(1) })),
        ask("product.list", "by id", |_| json!({})).scans(INDEX),
        ask("product.list", "by id, far in", |shop| shop.far("product.list", json!({}))),
        ask("product.list", "by name", |_| json!({ "sort": "name" })).scans(INDEX),
        ask("product.list", "by name, far in", |shop| shop.far("product.list", json!({ "sort": "name" }))),
        ask("product.list", "by price", |_| json!({ "sort": "price" })).scans(INDEX),
        ask("product.list", "by price, far in", |shop| shop.far("product.list", json!({ "sort": "price" }))),
        ask("product.list", "dearest first", |_| json!({ "sort": "-price" })).scans(INDEX),
        ask("product.list", "dearest first, far in", |shop| {
            shop.far("product.list", json!({ "sort": "-price" }))
        }),
        ask("product.list", "none of which is on sale", |_| json!({ "active": false })).sorts(CANDIDATES),
        ask("product.list", "by stock", |_| json!({ "sort": "stock" }))
            .grows(Growth::Rows("the catalogue: an index on stock would change with every order"))
            .scans("the catalogue")
            .sorts("the catalogue by stock"),
        ask("product.list", "searched in vain", |_| json!({ "search": "no such thing" })).sorts(CANDIDATES),
        ask("cart.get", "", |_| json!({ "user": user(1) })).sorts(CART),
        ask("order.get", "", |shop| json!({ "order": shop.orders / 2 })).sorts(LINES),
        ask("order.list", "", |_| json!({})).sorts(PAGE),
        ask("order.list", "far in", |shop| shop.far("order.list", json!({}))).sorts(PAGE),
        ask("order.list", "up to 5 days ago", |_| json!({ "to": days_ago(5) }))
            .grows(HALVING)
            .scans(HALVES)
            .sorts(PAGE),
        ask("order.list", "paid", |_| json!({ "status": "paid" })).sorts(PAGE),
        ask("order.list", "cancelled", |_| json!({ "status": "cancelled" })).sorts(PAGE),
        ask("order.list", "of a user", |_| json!({ "user": user(0) })).sorts(PAGE),
        ask("order.list", "of a user, far in", |shop| shop.far("order.list", json!({ "user": user(0) })))
            .grows(WAYPOINT)
            .sorts(PAGE),
        ask("order.list", "of a user, up to 5 days ago", |_| json!({ "user": user(0), "to": days_ago(5) }))
            .grows(WAYPOINT)
            .sorts(PAGE),
        ask("order.list", "of a user, cancelled", |_| json!({ "user": user(0), "status": "cancelled" }))
            .sorts(PAGE),
        ask("sales.top", "3 days, the first time", |_| json!({ "days": 3 }))
            .grows(Growth::Rows("the lines of the window"))
            .requests(9),
        ask_again("sales.top", "3 days, again", |_| json!({ "days": 3 }))
            .grows(Growth::Rows("the cancellations of the window are looked at each time"))
            .requests(8),
        ask("sales.series", "60 hours", |_| json!({ "step": "hour", "count": 60 }))
            .grows(Growth::Rows("the orders of these hours"))
            .requests(3),
        ask("event.list", "", |_| json!({})).requests(3),
        ask("event.list", "pending", |_| json!({ "status": "pending" })).requests(3),
        ask("event.list", "dead", |_| json!({ "status": "dead" })).requests(3),
        ask("event.list", "delivered", |_| json!({ "status": "delivered" })).grows(DEAD).requests(3),
        ask("event.since", "the newest 100", |shop| json!({ "after": shop.newest() - 100 }))
            .sorts(LINES)
            .requests(4),
        ask("event.newest", "", |_| json!({})),
        ask("event.lag", "", |_| json!({})).grows(DEAD).scans(PASSED).requests(5),
        ask("token.list", "", |_| json!({})),
        run("token.find", "", |shop| {
            assert!(
                shop.commerce.query(&Find { digest: Digest::of("token-0") }).expect("an answer").is_some()
            );
        })
        .requests(1),
        run("token.changes", "", |shop| drop(shop.commerce.query(&Changes).expect("an answer"))).requests(1),
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
        act("order.place", "three products, under a key", |_, n| place("key", n, 3)),
        run("order.place", "by a process that knows these rows", |shop| {
            shop.submit([place("known", 0, 3)]);
            (shop.begin)();
            shop.submit([place("now", 0, 3)]);
        })
        .requests(2),
        act("order.place", "again, under the same key", |_, n| place("key", n, 3)).sorts(LINES).requests(3),
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
        run("sweep of old keys", "with 256 orders under keys", |shop| {
            shop.submit((0..256).map(|n| place("sweep", n, 1)));
        }),
        run("readyz", "a write, the backlog, the clock", |shop| {
            shop.commerce.perform(Probe).expect("a write");
            shop.ask("event.lag", &json!({}));
            shop.commerce.ahead().expect("the clock");
        })
        .grows(DEAD)
        .scans(PASSED),
        run("every product", "by stock, as export and --all do", |shop| {
            let list = catalog::List { sort: catalog::Sort::Stock, ..catalog::List::default() };
            shop.commerce.each(list, |_| Ok::<(), Error>(())).expect("a list");
        })
        .grows(Growth::Rows("every product is told"))
        .scans("the catalogue")
        .sorts("the catalogue by stock"),
        run("every order", "as --all does", |shop| {
            shop.commerce.each(order::List::default(), |_| Ok::<(), Error>(())).expect("a list");
        })
        .grows(Growth::Rows("every order is told"))
        .sorts(PAGE),
        run("relay", "100 charges, and their events once", |shop| {
            let charge = |n| line(&json!({ "op": "wallet.charge", "user": user(n), "amount": 1 }));
            shop.submit((0..100).map(charge));
            shop.relay(Refusing(0));
        })
        .grows(Growth::Little("how often it looks depends on its threads"))
        .scans(PASSED)
        .sorts(LINES),
        run("verify", "", |shop| assert_eq!(shop.commerce.verify().expect("an audit"), []))
            .grows(Growth::Rows("every figure is computed once more"))
            .scans("the list of tables")
            .sorts("the columns of a table's key"),
        run("verify --repair", "", |shop| shop.commerce.repair().expect("a repair"))
            .grows(Growth::Rows("every balance and stock is summed up from its history"))
            .scans("every history")
            .sorts("histories by user and by product"),
    ]
}

/// The time so many days ago.
fn days_ago(days: u16) -> String {
    SystemClock.now().minus_days(days).to_string()
}

/// An order of so many products, under a key.
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

/// An operation: its group begins and loads with one request, saves and commits with another.
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

    fn scans(self, because: &'static str) -> Self {
        Self { scans: Some(because), ..self }
    }

    fn sorts(self, because: &'static str) -> Self {
        Self { sorts: Some(because), ..self }
    }

    fn requests(self, requests: usize) -> Self {
        Self { requests, ..self }
    }
}
