//! Tests the effect of every command once.

use serde_json::{Value, json};

use crate::shop::{Shop, stderr, stdout};

#[test]
fn users_and_wallets() {
    let shop = Shop::new();
    let added = shop.json(&["user", "add", "alice", "--name", "Alice 앨리스"]);
    assert_eq!((&added["user"], &added["balance"]), (&json!("alice"), &json!(0)));
    assert_eq!(shop.json(&["user", "show", "alice"])["name"], "Alice 앨리스");
    assert_eq!(shop.json(&["user", "list"])["items"].as_array().unwrap().len(), 1);
    assert_eq!(shop.json(&["wallet", "charge", "alice", "5000"])["balance"], 5000);
    assert_eq!(shop.json(&["charge", "alice", "1"])["balance"], 5001);
    for command in [&["balance", "alice"][..], &["wallet", "show", "alice"]] {
        assert_eq!(shop.json(command), json!({ "user": "alice", "balance": 5001, "currency": "KRW" }));
    }
    let history = shop.json(&["wallet", "history", "alice"]);
    assert_eq!((&history["items"][0]["amount"], &history["items"][1]["balance"]), (&json!(1), &json!(5000)));
}

#[test]
fn products() {
    let shop = Shop::stocked();
    assert_eq!(shop.json(&["product", "restock", "mug", "-2", "--reason", "broken"])["stock"], 3);
    let updated =
        shop.json(&["product", "update", "mug", "--name", "Cup", "--price", "9", "--active", "false"]);
    let expected = json!({ "product": "mug", "name": "Cup", "price": 9, "stock": 3, "active": false });
    assert_eq!(updated, expected);
    assert_eq!(shop.json(&["product", "show", "mug"]), expected);
    let found = shop.json(&["product", "list", "--search", "cup", "--sort", "-price", "--active", "false"]);
    assert_eq!(found["items"], json!([expected]));
}

#[test]
fn carts() {
    let shop = Shop::stocked();
    let cart = shop.json(&["cart", "add", "alice", "mug:2", "pen"]);
    assert_eq!((&cart["total"], cart["lines"].as_array().unwrap().len()), (&json!(25_500), 2));
    assert_eq!(shop.json(&["cart", "set", "alice", "mug:1"])["total"], 13_500);
    assert_eq!(shop.json(&["cart", "remove", "alice", "pen"])["total"], 12_000);
    assert_eq!(shop.json(&["cart", "show", "alice"])["lines"][0]["quantity"], 1);
    assert_eq!(shop.json(&["cart", "clear", "alice", "--yes"])["total"], 0);
    shop.ok(&["cart", "add", "alice", "mug", "pen:2"]);
    let order = shop.json(&["cart", "checkout", "alice", "pen", "--expected-total", "3000"]);
    assert_eq!((&order["total"], &order["status"]), (&json!(3_000), &json!("paid")));
    assert_eq!(shop.json(&["cart", "show", "alice"])["lines"][0]["product"], "mug");
}

#[test]
fn several_products_are_one_operation_under_one_key() {
    let shop = Shop::stocked();
    for (replayed, named) in [(false, ["mug:2", "pen"]), (true, ["mug:2", "pen"]), (true, ["pen", "mug:2"])] {
        let cart = shop.json(&["cart", "add", "alice", named[0], named[1], "--key", "k"]);
        assert_eq!((&cart["total"], cart["replayed"] == true), (&json!(25_500), replayed));
    }
    assert!(shop.fails(3, &["cart", "add", "alice", "mug:3", "pen", "--key", "k"]).contains("other content"));
    let twice = shop.json(&["cart", "add", "alice", "mug:2", "mug:2", "--key", "twice"]);
    assert_eq!(twice["lines"][0]["quantity"], 6);

    let said = shop.fails(3, &["cart", "add", "alice", "pen:5", "no", "nor"]);
    assert!(said.contains("no, nor"), "{said}");
    assert_eq!(shop.json(&["cart", "show", "alice"])["lines"][1]["quantity"], 1, "all or none");
    let set = shop.json(&["cart", "set", "alice", "mug:0", "pen:4", "--key", "set"]);
    assert_eq!((&set["total"], set["lines"].as_array().unwrap().len()), (&json!(6_000), 1));
    assert!(shop.fails(2, &["cart", "set", "alice", "mug:1", "pen"]).contains("pen:2"));
}

#[test]
fn orders_and_top_sellers() {
    let shop = Shop::stocked();
    let placed = shop.json(&["order", "place", "alice", "mug:2", "mug:1", "pen", "--key", "k"]);
    assert_eq!((&placed["total"], &placed["balance"]), (&json!(37_500), &json!(12_500)));
    let again = shop.json(&["buy", "alice", "mug:2", "mug:1", "pen", "--key", "k"]);
    assert_eq!((&again["order"], &again["replayed"]), (&placed["order"], &json!(true)));
    let number = placed["order"].to_string();
    assert_eq!(shop.json(&["order", "show", &number]), placed);
    let top = shop.json(&["top", "--days", "1", "--limit", "1"]);
    assert_eq!((&top["items"][0]["product"], &top["items"][0]["units"]), (&json!("mug"), &json!(3)));
    assert_eq!(shop.json(&["top", "--to", "2001-01-01T00:00:00Z"])["items"], json!([]));
    let cancelled = shop.json(&["order", "cancel", &number, "--reason", "changed my mind", "--yes"]);
    assert_eq!(cancelled["status"], "cancelled");
    let listed = shop.json(&["order", "list", "--user", "alice", "--status", "cancelled"]);
    assert_eq!(listed["items"][0]["order"], placed["order"]);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);
    assert_eq!(shop.json(&["top"])["items"], json!([]));
}

#[test]
fn events() {
    let shop = Shop::stocked();
    shop.ok(&["buy", "alice", "mug"]);
    let events = shop.json(&["events", "list", "--status", "pending", "--limit", "100"]);
    assert!(events["items"].as_array().unwrap().len() >= 2, "{events}");
    assert_eq!(shop.json(&["events", "retry", "--all"]), json!({ "events": [] }));
    assert!(shop.fails(3, &["events", "retry", "1"]).contains("not dead"));
    assert!(shop.fails(3, &["events", "retry", "999999"]).contains("no event"));
    shop.fails(2, &["events", "retry"]);
}

#[test]
fn verify_backup_and_restore() {
    let shop = Shop::stocked();
    assert_eq!(shop.json(&["verify"])["found"], 0);
    shop.ok(&["verify", "--repair", "--yes"]);
    shop.ok(&["backup", "monday.db"]);
    shop.fails(4, &["backup", "monday.db"]);
    shop.ok(&["charge", "alice", "1"]);
    shop.ok(&["restore", "monday.db", "--yes"]);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);
    shop.fails(4, &["restore", "none.db", "--yes"]);
}

#[test]
fn the_demo_shows_the_whole_story() {
    let shop = Shop::bare();
    let told = shop.ok(&["demo", "--db", "tour.db"]);
    for expected in [
        "$ commerce init --sample",
        "$ commerce charge minji",
        "$ commerce cart add minji",
        "error: not enough stock of lamp-moon",
        "error: the balance of",
        "$ commerce top",
        "$ commerce verify",
        "commerce --db tour.db product list",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert_eq!(shop.json(&["--db", "tour.db", "verify"])["found"], 0);
    shop.fails(4, &["demo", "--db", "tour.db"]);
}

#[test]
fn the_demo_keeps_away_from_the_store_of_the_environment() {
    let shop = Shop::new();
    let output = shop.program(&["demo"]).env("TMPDIR", shop.folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(shop.json(&["user", "list"])["items"], json!([]));
}

#[test]
fn every_command_shows_an_example() {
    let shop = Shop::bare();
    let commands = |help: &str| -> Vec<String> {
        let listed = help.split("Commands:\n").nth(1).unwrap_or_default();
        let named = listed.lines().take_while(|line| line.starts_with("  "));
        let word = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
        named.filter(|line| !line.starts_with("   ")).map(word).filter(|name| name != "help").collect()
    };
    let top = shop.ok(&["--help"]);
    let mut waiting: Vec<Vec<String>> = commands(&top).into_iter().map(|name| vec![name]).collect();
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let words: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let help = shop.ok(&words);
        assert!(help.contains("Example") && help.contains("  commerce "), "{words:?}: {help}");
        waiting.extend(commands(&help).into_iter().map(|name| [path.clone(), vec![name]].concat()));
        seen += 1;
    }
    assert!(seen > 35, "{seen} commands were seen");
}

#[test]
fn completions_and_the_manual_page() {
    let shop = Shop::bare();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(shop.ok(&["completions", shell]).contains("checkout"), "{shell}");
    }
    let page = shop.ok(&["man"]);
    assert!(page.contains(".TH") && page.contains("checkout"));
}

/// Marks the first events of a store as dead, as many failed deliveries would.
pub fn kill_events(shop: &Shop, events: i64) {
    let store = rusqlite::Connection::open(shop.path("shop.db")).unwrap();
    let sql = "INSERT OR REPLACE INTO deliveries SELECT event, 20, 'no', NULL, 1 FROM outbox LIMIT ?1";
    store.execute(sql, [events]).unwrap();
    store.execute("UPDATE relay SET settled = (SELECT last_event FROM store)", []).unwrap();
}

#[test]
fn every_dead_event_is_retried_and_reported_in_each_format() {
    let shop = Shop::stocked();
    let charge = "{\"op\":\"wallet.charge\",\"user\":\"alice\",\"amount\":1}\n";
    shop.feed(&["apply", "-"], charge.repeat(700));
    let kill = |events: i64| kill_events(&shop, events);
    kill(700);
    let output = shop.run(&["events", "retry", "--all", "--output", "json"]);
    let events: Vec<i64> = (1..=700).collect();
    assert_eq!(serde_json::from_str::<Value>(&stdout(&output)).unwrap(), json!({ "events": events }));
    assert!(stderr(&output).contains("700 events will be delivered again"), "{}", stderr(&output));
    for (form, expected) in [
        ("table", "events  1, 2, 3\n"),
        ("csv", "events\n\"1, 2, 3\"\n"),
        ("jsonl", "{\"events\":[1,2,3]}\n"),
    ] {
        kill(3);
        assert_eq!(shop.ok(&["events", "retry", "--all", "--output", form]), expected);
    }
}
