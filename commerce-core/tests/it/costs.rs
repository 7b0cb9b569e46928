//! Tests the cost of the engine's statements as SQLite counts it. The counts are the same on every machine, so the tests
//! need no clock. The table of `works` lists every query and operation, and how its cost may grow with the shop.

#[path = "../../examples/explain/stage.rs"]
mod stage;
#[path = "../../examples/explain/works.rs"]
mod works;

use std::cell::Cell;
use std::collections::BTreeSet;

use commerce_core::registry;
use commerce_core::{AnyOperation, Clock, Commerce, Cost, Options, Submission, SystemClock, Time};
use serde_json::json;

use crate::proxy::Proxy;
use crate::shop::{On, Shop, submit};
use stage::{line, product, text, user};
use works::{Act, Growth, Work, works};

/// Users, as many products, and orders of the smaller shop. The other shop is `TIMES` times as large.
const USERS: usize = 400;
const ORDERS: usize = 600;
const TIMES: usize = 10;

/// Operations of a group.
const GROUP: usize = 64;

/// A counter of a statement.
type Figure = fn(&Cost) -> u64;

/// Queries and operations that have no name in `apply`.
const TYPED: [&str; 4] = ["token.find", "token.changes", "token.create", "token.revoke"];

#[test]
fn every_query_and_operation_has_its_row() {
    let rows: BTreeSet<_> = works().iter().map(|work| work.name).collect();
    let missing: Vec<_> = registry::query_names()
        .chain(registry::operation_names())
        .chain(TYPED)
        .filter(|name| !rows.contains(name))
        .collect();
    assert_eq!(missing, [""; 0], "give them rows in commerce-core/examples/explain/works.rs");
}

#[test]
fn costs_grow_as_the_table_says() {
    let shops = [1, TIMES].map(|times| {
        let shop = Shop::new();
        grow(&shop, times);
        stage(&shop.commerce, &shop, times, &|| ()).stage();
        (shop, times)
    });
    let told = include_str!("../../QUERIES.md").split_whitespace().collect::<Vec<_>>().join(" ");
    let mut faults = Vec::new();
    for work in works() {
        let of =
            |first, count| shops.each_ref().map(|(shop, times)| measure(shop, *times, &work, first, count));
        let one = of(0, 1);
        faults.extend(check(&work, &one));
        if let Act::Do(_) = work.act {
            let group = of(1, GROUP);
            faults.extend(check(&work, &group));
            faults.extend(shared(&work, &one[0], &group[0]));
        }
        faults.extend(one[1].iter().flat_map(|cost| plan(&shops[1].0, &cost.sql)));
        let missing = one[1].iter().map(|cost| text(&cost.sql)).filter(|sql| !told.contains(sql));
        faults.extend(missing.map(|sql| format!("{}: not in QUERIES.md: {sql}", name(&work))));
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Each request to a server is a round trip.
#[test]
fn requests_to_a_server_are_as_many_as_the_table_says() {
    let shop = Shop::on(On::Server(1));
    let server = shop.server.as_ref().unwrap();
    grow(&shop, 1);
    stage(&shop.commerce, &shop, 1, &|| ()).stage();
    let way = Proxy::to(server.port);
    let before = Cell::new(0);
    let begin = || before.set(way.requests());
    let mut faults = Vec::new();
    for work in works().into_iter().filter(|work| work.requests > 0) {
        let commerce =
            Commerce::open(way.url().parse::<commerce_core::Location>().unwrap(), Options::new(SystemClock))
                .unwrap();
        stage(&commerce, &shop, 1, &begin).act(&work, 0, 1);
        let requests = way.requests() - before.get();
        if requests != work.requests {
            faults.push(format!("{}: {requests} requests, not {}", name(&work), work.requests));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn costs_are_counted_only_on_request() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    assert_eq!(shop.commerce.costs(), []);
    let counted = Commerce::open(shop.at(), Options::new(SystemClock).count_costs()).unwrap();
    submit(&counted, &json!({ "op": "user.add", "user": "bob" })).unwrap();
    let costs = counted.costs();
    let of =
        |part: &str| costs.iter().find(|cost| cost.sql.contains(part)).unwrap_or_else(|| panic!("{costs:?}"));
    let insert = of("INTO users");
    assert_eq!((insert.runs, insert.rows, insert.scanned, insert.sorts), (1, 1, 0, 0));
    assert!(insert.steps > 5, "{insert:?}");
    assert_eq!((of("FROM store").rows, of("json_each").rows), (1, 0));
    assert_eq!(counted.costs(), [], "each cost is reported once");
    counted.query(&commerce_core::user::List::default()).unwrap();
    let [Cost { runs: 1, rows: 2, .. }] = counted.costs()[..] else {
        panic!("one statement that reads two users")
    };
}

/// Fills a shop. Half of the orders are one user's, and all are spread over ten days.
fn grow(shop: &Shop, times: usize) {
    const DAYS: usize = 10 * 86_400_000;
    let (users, orders) = (USERS * times, ORDERS * times);
    let begin = SystemClock.now().minus_days(10).millis();
    let at = |n: usize| Time::from_millis(begin + (n * DAYS / (orders + 1)) as i64);
    let mut waiting = Vec::new();
    let mut submit = |one: Submission<AnyOperation>, n| {
        waiting.push(shop.commerce.submit(one.at(at(n))));
        if waiting.len() == 4_000 {
            waiting.drain(..).for_each(|ticket| drop(ticket.wait().unwrap()));
        }
    };
    for n in 0..users {
        let (name, price) = (format!("머그컵 Mug {n}"), 100 + n % 7);
        submit(line(&json!({ "op": "user.add", "user": user(n), "name": "김민지" })), 0);
        submit(line(&json!({ "op": "wallet.charge", "user": user(n), "amount": 1_000_000_000 })), 0);
        submit(
            line(
                &json!({ "op": "product.add", "product": product(n), "name": name, "price": price, "stock": 1_000_000 }),
            ),
            0,
        );
    }
    for n in 1..=orders {
        let user = user(if n % 2 == 0 { 0 } else { n % users });
        // Seven products sell best, each at a different rate.
        let item = |product, quantity| json!({ "product": product, "quantity": quantity });
        let others = [1, 2].map(|place| item(product((n * 7 + place * 13) % users), 1));
        let items = [&[item(product(n % 7), 1 + n % 7)], &others[..]].concat();
        submit(
            line(&json!({ "op": "order.place", "user": user, "items": items, "key": format!("{n:06}") })),
            n,
        );
        if n % 20 == 0 {
            submit(line(&json!({ "op": "order.cancel", "order": n - 10 })), n);
        }
    }
    waiting.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
}

fn stage<'a>(commerce: &'a Commerce, shop: &'a Shop, times: usize, begin: &'a dyn Fn()) -> stage::Shop<'a> {
    let file = shop.server.is_none().then_some(shop.path.as_path());
    stage::Shop { commerce, file, users: USERS * times, orders: ORDERS * times, begin }
}

/// Measures a query or operation in a process that has just opened the shop.
fn measure(shop: &Shop, times: usize, work: &Work, first: usize, count: usize) -> Vec<Cost> {
    let commerce = Commerce::open(shop.at(), Options::new(SystemClock).count_costs()).unwrap();
    stage(&commerce, shop, times, &|| drop(commerce.costs())).act(work, first, count);
    commerce.costs()
}

fn name(work: &Work) -> String {
    format!("{} {}", work.name, work.case).trim_end().into()
}

fn sum(costs: &[Cost], figure: Figure) -> u64 {
    costs.iter().map(figure).sum()
}

/// Compares the costs in the smaller and in the larger shop with the table.
fn check(work: &Work, [small, large]: &[Vec<Cost>; 2]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{}: {what}", name(work)));
    let figures: [(&str, Figure, u64); 3] = [
        ("statements", |cost| cost.runs, 2),
        ("rows", |cost| cost.rows, 5),
        ("steps", |cost| cost.steps, 100),
    ];
    for (what, figure, slack) in figures {
        let (before, after) = (sum(small, figure), sum(large, figure));
        let most = match work.growth {
            Growth::Constant => before + before / 20,
            Growth::Little(_) => before * 2,
            Growth::Rows(_) => before * TIMES as u64,
        };
        if after > most + slack {
            fault(format!("{before} {what} became {after}, which is not {:?}", work.growth));
        }
        if what == "steps" && matches!(work.growth, Growth::Rows(_)) && after * 2 < before * 3 {
            fault(format!("{before} {what} became {after}, which is less than the table says"));
        }
    }
    let figures: [(&str, Figure, Option<&str>); 3] = [
        ("steps of a scan", |cost| cost.scanned, work.scans),
        ("sorts", |cost| cost.sorts, work.sorts),
        ("rows of automatic indexes", |cost| cost.indexed, None),
    ];
    for (what, figure, named) in figures {
        let found = sum(large, figure);
        if (found > 0) != named.is_some() {
            let of: Vec<_> =
                large.iter().filter(|cost| figure(cost) > 0).map(|cost| text(&cost.sql)).collect();
            fault(format!("{found} {what}, of which the table says {named:?}: {of:?}"));
        }
    }
    faults
}

/// A plan that depends on the bound values could change with them. Even with no values bound, SQLite must not plan an
/// automatic index.
fn plan(shop: &Shop, sql: &str) -> Vec<String> {
    if sql.starts_with("PRAGMA") {
        return Vec::new();
    }
    let connection = rusqlite::Connection::open(&shop.path).unwrap();
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let none = vec![rusqlite::types::Null; statement.parameter_count()];
    let plan = statement.query_map(rusqlite::params_from_iter(none), |row| row.get("detail")).unwrap();
    let automatic = plan.map(Result::unwrap).filter(|step: &String| step.contains("AUTOMATIC"));
    automatic.map(|step| format!("{step}: {}", text(sql))).collect()
}

/// Checks that a group loads once for all its operations, runs the same statements as a single operation, and takes no
/// more steps for each.
fn shared(work: &Work, one: &[Cost], group: &[Cost]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut fault = |what: String| faults.push(format!("{}: {what}", name(work)));
    let texts = |costs: &[Cost]| costs.iter().map(|cost| text(&cost.sql)).collect::<BTreeSet<_>>();
    if texts(one) != texts(group) {
        fault(format!("alone it runs {:#?}, in a group {:#?}", texts(one), texts(group)));
    }
    for cost in group.iter().filter(|cost| cost.sql.starts_with("SELECT") && cost.runs > 1) {
        fault(format!("a group of {GROUP} reads {} times: {}", cost.runs, text(&cost.sql)));
    }
    let (alone, together) = (sum(one, |cost| cost.steps), sum(group, |cost| cost.steps));
    if together > alone * GROUP as u64 {
        fault(format!("{alone} steps alone, {together} in a group of {GROUP}"));
    }
    faults
}
