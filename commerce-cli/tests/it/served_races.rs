//! Races of programs at four machines on one served shop: `apply`, single commands and consoles want the same last units,
//! the same keys and the same money. Each effect happens once, and the store agrees with what was acknowledged.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::process::{Process, Server};
use crate::shop::{Shop, lines, stdout};
use crate::terminal::Terminal;

const MACHINES: usize = 4;

/// How often each machine tries.
const TRIES: usize = 50;

/// A served shop, and a token for each machine.
struct Arena {
    shop: Shop,
    server: Server,
    tokens: Vec<String>,
}

impl Arena {
    /// A user for each machine and one for all, 37 units of `rare`, and plenty of `pen`.
    fn new() -> Self {
        let shop = Shop::new();
        for user in (0..MACHINES).map(|machine| format!("user-{machine}")).chain(["shared".into()]) {
            shop.ok(&["user", "add", &user]);
            shop.ok(&["charge", &user, "1000"]);
        }
        for (product, price, stock) in [("rare", "1", "37"), ("pen", "40", "100000")] {
            shop.ok(&["product", "add", product, "--name", product, "--price", price, "--stock", stock]);
        }
        let token = |machine| {
            let made = shop.json(&["token", "create", &format!("machine-{machine}"), "--role", "operator"]);
            made["secret"].as_str().unwrap().to_owned()
        };
        let tokens = (0..MACHINES).map(token).collect();
        let server = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]));
        Self { shop, server, tokens }
    }

    fn location(&self) -> String {
        format!("commerce+http://{}", self.server.address)
    }

    /// A command at one of the machines.
    fn at(&self, machine: usize, arguments: &[&str]) -> Process {
        let mut command = self.shop.program(arguments);
        command.env("COMMERCE_DB", self.location()).env("COMMERCE_TOKEN", &self.tokens[machine]);
        Process::start(command)
    }

    /// Applies lines at every machine at the same time, and returns the results of each machine.
    fn apply(&self, line: impl Fn(usize, usize) -> Value) -> Vec<Vec<Value>> {
        let mut running: Vec<_> = (0..MACHINES).map(|machine| self.at(machine, &["apply", "-"])).collect();
        let inputs: Vec<_> = running.iter_mut().map(Process::input).collect();
        for (machine, mut input) in inputs.into_iter().enumerate() {
            use std::io::Write as _;
            (0..TRIES).for_each(|number| writeln!(input, "{}", line(machine, number)).unwrap());
        }
        running.into_iter().map(|process| lines(&stdout(&process.finish()))).collect()
    }

    fn balance(&self, user: &str) -> i64 {
        self.shop.json(&["balance", user])["balance"].as_i64().unwrap()
    }
}

fn count(results: &[Vec<Value>], is: impl Fn(&Value) -> bool) -> usize {
    results.iter().flatten().filter(|result| is(result)).count()
}

fn is_refused(code: &str) -> impl Fn(&Value) -> bool {
    move |result| result["refused"]["code"] == code
}

fn is_ok(result: &Value) -> bool {
    result["ok"].is_object()
}

#[test]
fn the_last_units_are_sold_once() {
    let arena = Arena::new();
    let results = arena.apply(|machine, _| {
        let items = [json!({ "product": "rare", "quantity": 1 })];
        json!({ "op": "order.place", "user": format!("user-{machine}"), "items": items })
    });
    assert_eq!(
        (count(&results, is_ok), count(&results, is_refused("out_of_stock"))),
        (37, MACHINES * TRIES - 37)
    );
    let orders: HashSet<_> =
        results.iter().flatten().filter_map(|result| result["ok"]["order"].as_i64()).collect();
    assert_eq!(orders.len(), 37, "each order has a number of its own");
    assert_eq!(arena.shop.json(&["product", "show", "rare"])["stock"], 0);
    arena.shop.ok(&["verify"]);
}

#[test]
fn a_key_that_every_machine_uses_has_one_effect() {
    let arena = Arena::new();
    let results = arena.apply(|_, number| {
        let key = format!("key-{}", number % 10);
        json!({ "op": "wallet.charge", "user": "shared", "amount": 3, "key": key })
    });
    assert_eq!(count(&results, is_ok), MACHINES * TRIES);
    assert_eq!(count(&results, |result| result["ok"]["replayed"] != true), 10);
    let charges: HashSet<_> =
        results.iter().flatten().filter_map(|result| result["ok"]["charge"].as_i64()).collect();
    assert_eq!(charges.len(), 10);
    assert_eq!(arena.balance("shared"), 1_000 + 10 * 3);
    arena.shop.ok(&["verify"]);
}

#[test]
fn one_wallet_is_never_overdrawn() {
    let arena = Arena::new();
    let results = arena.apply(|_, _| {
        let items = [json!({ "product": "pen", "quantity": 1 })];
        json!({ "op": "order.place", "user": "shared", "items": items })
    });
    assert_eq!(count(&results, is_ok), 25);
    assert_eq!(count(&results, is_refused("insufficient_balance")), MACHINES * TRIES - 25);
    assert_eq!(arena.balance("shared"), 0);
    arena.shop.ok(&["verify"]);
}

#[test]
fn commands_at_the_same_moment_share_what_there_is() {
    let arena = Arena::new();
    arena.shop.ok(&["product", "restock", "rare", "-34"]);
    let buyers: Vec<_> = (0..2 * MACHINES)
        .map(|number| arena.at(number % MACHINES, &["buy", &format!("user-{}", number % MACHINES), "rare"]))
        .collect();
    let codes: Vec<_> = buyers.into_iter().map(|buyer| buyer.finish().status.code()).collect();
    let with = |code| codes.iter().filter(|&&ended| ended == Some(code)).count();
    assert_eq!((with(0), with(3)), (3, 2 * MACHINES - 3), "{codes:?}");
    assert_eq!(arena.shop.json(&["product", "show", "rare"])["stock"], 0);
    arena.shop.ok(&["verify"]);
}

#[test]
fn consoles_that_order_the_last_unit_see_who_got_it() {
    let arena = Arena::new();
    arena.shop.ok(&["product", "restock", "rare", "-36"]);
    let consoles: Vec<_> = (0..MACHINES)
        .map(|machine| {
            arena.shop.ok(&["cart", "add", &format!("user-{machine}"), "rare"]);
            let terminal = Terminal::open(80, 24, arena.shop.folder.path());
            let (token, location) = (&arena.tokens[machine], arena.location());
            let program = env!("CARGO_BIN_EXE_commerce");
            terminal
                .run(&format!("COMMERCE_TOKEN={token} {program} --db {location} tui --user user-{machine}"));
            terminal
        })
        .collect();
    for console in &consoles {
        console.see("×1");
        console.press("b");
        console.see("Order and pay?");
    }
    consoles.iter().for_each(|console| console.press("Enter"));
    let is_paid = |screen: &str| screen.contains(" paid: 1 KRW.");
    let ended = |console: &Terminal| {
        console.wait("the outcome", |screen| is_paid(screen) || screen.contains("Not enough stock"))
    };
    assert_eq!(consoles.iter().filter(|console| is_paid(&ended(console))).count(), 1);
    for console in &consoles {
        // It closes the explanation, where there is one.
        console.press("n");
        console.see_no("first option");
        console.see("sold out");
        console.press("q");
        console.restored();
    }
    assert_eq!(arena.shop.json(&["order", "list"])["items"].as_array().unwrap().len(), 1);
    arena.shop.ok(&["verify"]);
}
