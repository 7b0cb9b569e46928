//! Tests the number of requests, and so of round trips, that each command sends to a server. The table has every command
//! with its requests after opening the store.

use std::collections::BTreeSet;

use crate::proxy::Proxy;
use crate::shop::Shop;

/// Requests that open a store: the server's version, and all else.
const OPEN: usize = 2;

/// Requests of a change: one begins and loads, one saves and commits, and one closes the stream.
const CHANGE: usize = 3;

/// Commands in an order in which each one finds the rows that it needs.
pub const COMMANDS: [(&str, usize); 39] = [
    ("user add alice --name Alice", CHANGE),
    ("user add bob", CHANGE),
    ("user show alice", 1),
    ("user list", 1),
    ("wallet charge alice 100000", CHANGE),
    ("wallet show alice", 1),
    ("wallet history alice", 1),
    ("charge alice 5", CHANGE),
    ("balance alice", 1),
    ("product add mug --name Mug --price 100 --stock 50", CHANGE),
    ("product update mug --price 120", CHANGE),
    ("product show mug", 1),
    ("product list", 1),
    ("product list --search mug", 1),
    ("product restock mug 5", CHANGE),
    ("product history mug", 1),
    ("product import goods.csv", CHANGE),
    ("product export", 1),
    ("cart add alice mug:2", CHANGE),
    ("cart set alice mug:3 pen:1", CHANGE),
    ("cart show alice", 1),
    ("cart remove alice pen", CHANGE),
    ("cart clear alice --yes", CHANGE),
    ("cart add alice mug", CHANGE),
    ("cart checkout alice", CHANGE),
    ("order place alice mug:2 --key k", CHANGE),
    ("buy alice mug", CHANGE),
    ("order show 1", 1),
    ("order list", 1),
    ("order list --user alice", 1),
    ("order list --user bob", 1),
    ("order cancel 1 --yes", CHANGE),
    ("top", 2),
    ("events list", 1),
    ("events retry --all", 2),
    ("token create desk --role operator", CHANGE),
    ("token list", 1),
    ("token revoke desk --yes", CHANGE),
    ("apply lines.jsonl", CHANGE),
];

/// Commands that read every table, and the most requests that they send in a shop of this size.
const WHOLE: [(&str, usize); 3] = [("backup copy.db", 100), ("restore copy.db --yes", 150), ("verify", 170)];

/// Commands that need no store, create one, run until they are stopped, or are for a shop that is served.
const OTHERS: [&str; 10] = [
    "init",
    "demo",
    "completions",
    "man",
    "serve",
    "tui",
    "events relay",
    "verify --repair",
    "login",
    "logout",
];

#[test]
fn each_command_sends_as_many_requests_as_the_table_says() {
    let shop = Shop::on_server();
    shop.ok(&["init"]);
    shop.file("goods.csv", "product,name,price,stock\npen,Pen,15,100\n");
    let line = r#"{"op":"order.place","user":"alice","items":[{"product":"mug","quantity":1}]}"#;
    shop.file("lines.jsonl", line);
    let way = Proxy::to(shop.server.as_ref().unwrap().port);
    let mut faults = Vec::new();
    for (command, expected) in COMMANDS.into_iter().chain(WHOLE) {
        let before = way.requests();
        let output =
            shop.program(&[]).env("COMMERCE_DB", way.url()).args(command.split(' ')).output().unwrap();
        assert!(output.status.success(), "{command}: {output:?}");
        let requests = way.requests() - before;
        let whole = WHOLE.iter().any(|(named, _)| *named == command);
        if requests != OPEN + expected && !(whole && (OPEN..OPEN + expected).contains(&requests)) {
            faults.push(format!("{command}: {requests} requests, not {OPEN} and {expected}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_command_is_in_the_table() {
    let shop = Shop::bare();
    let mut waiting = vec![String::new()];
    let mut missing = Vec::new();
    while let Some(path) = waiting.pop() {
        let help = shop.ok(&path.split_whitespace().chain(["--help"]).collect::<Vec<_>>());
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
        let names =
            listed.lines().take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        let names: BTreeSet<_> = names.filter_map(|line| line.split_whitespace().next()).collect();
        let below: Vec<_> =
            names.into_iter().filter(|name| *name != "help").map(|name| format!("{path}{name} ")).collect();
        let known = COMMANDS
            .iter()
            .chain(&WHOLE)
            .map(|(command, _)| format!("{command} "))
            .chain(OTHERS.map(|name| format!("{name} ")));
        if below.is_empty() && !known.into_iter().any(|known| known.starts_with(&path)) {
            missing.push(path);
        }
        waiting.extend(below);
    }
    assert!(missing.is_empty(), "{missing:?} are missing");
}
