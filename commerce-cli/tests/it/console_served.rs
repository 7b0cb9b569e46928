//! Tests the console on a shop that `commerce serve` serves, in a real terminal: what it asks, what it shows while the
//! server is away, and that what is under way ends in its outcome.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gate::Gate;
use crate::network::Network;
use crate::preload::library;
use crate::process::Server;
use crate::shop::Shop;
use crate::terminal::Terminal;

/// A shop whose customer has 50,000, and its server.
fn served() -> (Shop, Server) {
    let shop = Shop::stocked();
    let server = serve(&shop, 0);
    (shop, server)
}

fn serve(shop: &Shop, port: u16) -> Server {
    Server::start(shop.program(&["serve", "--listen", &format!("127.0.0.1:{port}")]))
}

/// A console, in a terminal of its own. It may not be drawn yet.
fn open(shop: &Shop, (width, height): (u16, u16), location: &str, options: &str, token: &str) -> Terminal {
    let terminal = Terminal::open(width, height, shop.folder.path());
    let program = env!("CARGO_BIN_EXE_commerce");
    terminal.run(&format!("COMMERCE_TOKEN={token} {program} --db {location} tui {options}"));
    terminal
}

/// A console that shows the products.
fn console(shop: &Shop, location: &str, options: &str, token: &str) -> Terminal {
    let terminal = open(shop, (80, 24), location, options, token);
    terminal.see("머그컵 Mug");
    terminal
}

fn quit(terminal: &Terminal) {
    terminal.press("q");
    terminal.restored();
}

/// The orders of the shop's customer, read from the file.
fn orders(shop: &Shop) -> Vec<Value> {
    shop.json(&["order", "list", "--user", "alice"])["items"].as_array().unwrap().clone()
}

fn token(shop: &Shop, options: &[&str]) -> String {
    let made = shop.json(&[&["token", "create"], options].concat());
    made["secret"].as_str().unwrap().to_owned()
}

/// Counted and not timed: what waits for an answer is not sent before it.
#[test]
fn the_first_screen_takes_two_round_trips() {
    let (shop, server) = served();
    shop.ok(&["cart", "add", "alice", "mug:2"]);
    let gate = Gate::to(server.address.port());
    gate.hold();
    let terminal = open(&shop, (120, 40), &gate.location(), "--user alice", "");
    gate.wait_for(1);
    assert_eq!(gate.requests(), ["GET /v1/version"]);
    gate.pass();
    let queries = ["product.list", "user.get", "cart.get"].map(|query| format!("POST /v1/queries/{query}"));
    gate.wait_until(|requests| queries.iter().all(|query| requests.contains(query)));
    assert!(terminal.screen().contains("On sale"), "the screen is drawn before the answers");
    gate.open();
    terminal.wait("the first screen", |screen| {
        ["머그컵 Mug", "1,500", "×2", "Alice", "50,000 KRW", "24,000 KRW", "● live"]
            .iter()
            .all(|part| screen.contains(part))
    });
    // The fifth waits for the next commit.
    assert!(gate.requests().len() <= 5, "{:?}", gate.requests());
    quit(&terminal);
}

#[test]
fn the_keys_work_while_answers_are_on_their_way() {
    let (shop, server) = served();
    let gate = Gate::to(server.address.port());
    let terminal = console(&shop, &gate.location(), "--user alice", "");
    gate.hold();
    terminal.type_in("/pe");
    terminal.see("/ pe");
    terminal.type_in("n");
    terminal.press("Enter");
    terminal.see("On sale matching “pen”");
    for (screen, title) in
        [("2", "Customers · by ID"), ("5", "Products · by ID"), ("4", "Top 20"), ("1", "On sale")]
    {
        terminal.press(screen);
        terminal.see(title);
    }
    gate.open();
    terminal.wait("what was searched for", |screen| screen.contains("Pen") && !screen.contains("Mug"));
    quit(&terminal);
}

#[test]
fn an_idle_console_waits_for_commits_and_asks_nothing() {
    let (shop, server) = served();
    shop.ok(&["buy", "alice", "mug"]);
    let gate = Gate::to(server.address.port());
    let terminal = console(&shop, &gate.location(), "--user alice", "");
    for place in 1..=7 {
        terminal.press(&place.to_string());
        std::thread::sleep(Duration::from_millis(1_500));
        let before = gate.requests().len();
        std::thread::sleep(Duration::from_secs(2));
        let requests = gate.requests().split_off(before);
        assert!(requests.len() <= 4, "{requests:?} in two seconds on place {place}");
        assert!(requests.iter().all(|request| request == "GET /v1/version"), "{requests:?}");
    }
    quit(&terminal);
}

#[test]
fn a_commit_of_anybody_shows_within_a_second_at_20_ms() {
    let (shop, server) = served();
    let network = Network::to(server.address.port(), 1);
    network.change(|weather| weather.latency = Duration::from_millis(20));
    let location = format!("commerce+http://127.0.0.1:{}", network.port);
    let terminal = console(&shop, &location, "--user alice", "");
    let direct = format!("commerce+http://{}", server.address);
    for (units, left) in [("40", "140"), ("-3", "137"), ("10", "147")] {
        shop.ok(&["--db", &direct, "product", "restock", "pen", units]);
        let begun = Instant::now();
        terminal.wait("the new stock", |screen| screen.contains(&format!(" {left} ")));
        // Three seconds are much for a second on a busy machine, and little for a console that asks now and then.
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
    quit(&terminal);
}

#[test]
fn a_server_that_is_killed_shows_as_reconnecting_and_the_order_under_way_is_placed_once() {
    let (shop, mut server) = served();
    shop.ok(&["cart", "add", "alice", "mug:2"]);
    let gate = Gate::to(server.address.port());
    let terminal = console(&shop, &gate.location(), "--user alice", "");
    terminal.see("×2");
    for round in 1..=3 {
        // The request of the order is on its way when the server is killed.
        let before = gate.count("/v1/operations");
        gate.hold();
        terminal.press("b");
        terminal.see("Check out for alice");
        terminal.press("Enter");
        gate.wait_until(|requests| {
            requests.iter().filter(|request| request.contains("/v1/operations")).count() > before
        });
        server.process.kill();
        terminal.see("reconnecting");
        assert!(!terminal.screen().contains("live"));
        server = serve(&shop, server.address.port());
        gate.open();
        let paid = format!("Order {round} paid: 24,000 KRW.");
        let has_ended = |screen: &str| screen.contains(&paid) || screen.contains("enter retries");
        while !terminal.wait("the outcome", has_ended).contains(&paid) {
            // The server came back after the deadline of the order. The same order is placed again.
            terminal.press("Enter");
            terminal.wait("the retry", |screen| screen.contains(&paid) || !screen.contains("enter retries"));
        }
        terminal.see("● live");
        assert_eq!(orders(&shop).len(), round);
        shop.ok(&["charge", "alice", "24000"]);
        shop.ok(&["product", "restock", "mug", "2"]);
        shop.ok(&["cart", "add", "alice", "mug:2"]);
        terminal.see("×2");
    }
    quit(&terminal);
    shop.ok(&["verify"]);
}

#[test]
fn a_lost_answer_is_asked_for_again_and_an_unknown_outcome_names_its_key() {
    let (shop, server) = served();
    shop.ok(&["cart", "add", "alice", "mug:1"]);
    let gate = Gate::to(server.address.port());
    let terminal = console(&shop, &gate.location(), "--user alice", "");
    terminal.see("×1");
    gate.lose("/v1/operations", 2);
    terminal.press("b");
    terminal.see("Check out for alice");
    terminal.press("Enter");
    terminal.see("Order 1 paid: 12,000 KRW.");
    assert_eq!(orders(&shop).len(), 1);

    // No answer arrives before the deadline. The form stays, and the retry is the same operation.
    gate.lose("/v1/operations", usize::MAX);
    terminal.press("c");
    terminal.see("Charge the wallet of alice");
    terminal.type_in("777");
    terminal.press("Enter");
    let screen = terminal.see("enter retries; it is done at most once.");
    let text: String = screen.split(['│', '\n']).map(str::trim).collect::<Vec<_>>().join(" ");
    assert!(text.contains("the key is ") && text.contains("777"), "{screen}");
    gate.lose("/v1/operations", 0);
    terminal.press("Enter");
    terminal.see("Charged alice's wallet: 777 KRW. Balance: 38,777 KRW.");
    quit(&terminal);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 38_777);
    shop.ok(&["verify"]);
}

#[test]
fn quitting_while_an_operation_is_under_way_tells_its_key() {
    let (shop, server) = served();
    let gate = Gate::to(server.address.port());
    let terminal = open(&shop, (120, 40), &gate.location(), "--user alice", "");
    terminal.see("Alice");
    gate.hold();
    terminal.press("c");
    terminal.see("Charge the wallet of alice");
    terminal.type_in("5");
    terminal.press("Enter");
    terminal.see("in progress");
    terminal.press("C-c");
    terminal.see("An operation is in progress.");
    terminal.press("y");
    let screen = terminal.see("warning: quit before the outcome of every operation was known");
    let key = screen.split("to learn it: ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    gate.open();
    for _ in 0..2 {
        shop.ok(&["charge", "alice", "5", "--key", &key]);
        assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_005);
    }
}

#[test]
fn a_server_that_stands_still_shows_as_reconnecting_until_it_answers() {
    let (shop, server) = served();
    let terminal =
        console(&shop, &format!("commerce+http://{}", server.address), "--user alice --theme mono", "");
    terminal.see("● live");
    server.process.signal("STOP");
    terminal.see("reconnecting");
    assert!(!terminal.screen().contains("live"));
    // The keys still work, on what is loaded.
    terminal.press("Tab");
    terminal.see("● Cart of alice");
    server.process.signal("CONT");
    terminal.see("● live");
    terminal.press("Tab");
    terminal.press("a");
    terminal.see("×1");
    quit(&terminal);
}

#[test]
fn connections_that_are_cut_show_as_reconnecting() {
    let (shop, server) = served();
    let gate = Gate::to(server.address.port());
    let terminal = console(&shop, &gate.location(), "--user alice", "");
    for _ in 0..3 {
        terminal.see("● live");
        gate.close();
        terminal.see("reconnecting");
        assert!(!terminal.screen().contains("live"));
        gate.open();
    }
    terminal.see("● live");
    quit(&terminal);
}

#[test]
fn what_is_done_at_a_console_bears_the_name_of_its_token_or_of_the_local_user() {
    let (shop, server) = served();
    let office = token(&shop, &["office", "--role", "operator"]);
    let location = format!("commerce+http://{}", server.address);
    for (location, name) in [(location.as_str(), "office"), ("shop.db", "minho")] {
        let terminal = Terminal::open(80, 24, shop.folder.path());
        let program = env!("CARGO_BIN_EXE_commerce");
        terminal
            .run(&format!("USER=minho COMMERCE_TOKEN={office} {program} --db {location} tui --user alice"));
        terminal.see("머그컵 Mug");
        terminal.press("c");
        terminal.see("Charge the wallet of alice");
        terminal.type_in("5");
        terminal.press("Enter");
        terminal.see("Charged alice's wallet: 5 KRW.");
        terminal.press("2");
        terminal.see(&format!("Done by   {name}"));
        terminal.press("5");
        terminal.see("● on");
        terminal.press("t");
        terminal.see("Adjust the stock of mug");
        terminal.type_in("2");
        terminal.press("Enter");
        terminal.type_in("found");
        terminal.press("Enter");
        terminal.see("in stock.");
        terminal.press("h");
        terminal.see(&format!("by {name} · “found”"));
        quit(&terminal);
    }
}

#[test]
fn a_viewer_sees_everything_and_is_told_why_nothing_changes() {
    let (shop, server) = served();
    let viewer = token(&shop, &["auditor", "--role", "viewer"]);
    shop.ok(&["buy", "alice", "mug"]);
    let location = format!("commerce+http://{}", server.address);
    let terminal = open(&shop, (120, 40), &location, "--user alice", &viewer);
    terminal.see("viewer");
    terminal.see("머그컵 Mug");
    for (screen, shown) in [
        ("2", "+ charge 1"),
        ("3", "✓ paid"),
        ("4", "Sales by hour"),
        ("5", "● on"),
        ("6", "OrderCompleted"),
        ("7", "1 last hour"),
    ] {
        terminal.press(screen);
        terminal.see(shown);
    }
    terminal.press("1");
    terminal.press("a");
    terminal.see("The token may not change the shop: its role is viewer.");
    quit(&terminal);
}

#[test]
fn a_shopper_sees_its_own_shop_and_asks_nothing_else() {
    let (shop, server) = served();
    let shopper = token(&shop, &["phone", "--role", "shopper", "--user", "alice"]);
    shop.ok(&["user", "add", "bob"]);
    shop.ok(&["charge", "bob", "30000"]);
    shop.ok(&["buy", "bob", "pen"]);
    let gate = Gate::to(server.address.port());
    let terminal = open(&shop, (120, 40), &gate.location(), "", &shopper);
    terminal.see("as alice");
    terminal.wait("the products, the balance and the cart", |screen| {
        ["머그컵 Mug", "50,000 KRW", "The cart is empty."].iter().all(|part| screen.contains(part))
    });
    terminal.type_in("aa");
    terminal.see("×2");
    terminal.press("b");
    terminal.see("Check out for alice");
    terminal.press("Enter");
    terminal.see("paid: 3,000 KRW. Balance: 47,000 KRW.");
    for screen in ["2", "5", "6", "7", "4"] {
        terminal.press(screen);
    }
    terminal.see("Top 20");
    terminal.press("3");
    let screen = terminal.see("Orders of alice");
    assert!(!screen.contains("bob") && !screen.contains('✗'), "{screen}");
    let allowed = ["product.list", "user.get", "cart.get", "order.list", "sales.top"];
    let asked = gate.requests();
    let is_allowed = |request: &String| match request.strip_prefix("POST /v1/queries/") {
        Some(query) => allowed.contains(&query),
        None => ["GET /v1/version", "POST /v1/operations"].contains(&request.as_str()),
    };
    assert!(asked.iter().all(is_allowed), "{asked:?}");
    quit(&terminal);
    let refused = open(&shop, (120, 40), &gate.location(), "--user bob; echo code:$?", &shopper);
    let screen = refused.see("code:2");
    assert!(screen.contains("--user") && screen.contains("alice"), "{screen}");
}

#[test]
fn a_token_that_is_revoked_is_told_with_the_remedy() {
    let (shop, server) = served();
    let office = token(&shop, &["office", "--role", "operator"]);
    let location = format!("commerce+http://{}", server.address);
    let terminal = console(&shop, &location, "--user alice", &office);
    terminal.see("● live");
    terminal.press("c");
    terminal.see("Charge the wallet of alice");
    terminal.type_in("5");
    shop.ok(&["token", "revoke", "office", "--yes"]);
    terminal.see("token refused");
    terminal.wait("the remedy", |screen| screen.contains("refuses access") && screen.contains("valid one"));
    assert!(!terminal.screen().contains("live"));
    terminal.press("Enter");
    terminal.wait("the outcome in the form", |screen| {
        screen.contains("│ ✗ the server of the shop refuses access")
    });
    assert!(terminal.screen().contains("Charge the wallet of alice"), "the form stays");
    terminal.press("Escape");
    terminal.see_no("Charge the wallet");
    quit(&terminal);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);

    // A token in a file is read again.
    let file = shop.file("token", token(&shop, &["first", "--role", "operator"]));
    let terminal = console(&shop, &location, &format!("--user alice --token-file {file}"), "");
    shop.ok(&["token", "revoke", "first", "--yes"]);
    terminal.see("token refused");
    shop.file("token", token(&shop, &["second", "--role", "operator"]));
    terminal.see("● live");
    quit(&terminal);

    let terminal = open(&shop, (80, 24), &location, "; echo code:$?", &office);
    let screen = terminal.see("code:4");
    assert!(screen.contains("revoked") || screen.contains("token"), "{screen}");
}

#[test]
fn a_token_that_expires_is_told_with_the_remedy() {
    let (shop, mut server) = served();
    let office = token(&shop, &["office", "--role", "operator", "--expires", "1h"]);
    let terminal = console(&shop, &format!("commerce+http://{}", server.address), "--user alice", &office);
    terminal.see("● live");
    // For a server whose clock is two hours ahead, the token has expired.
    server.process.kill();
    let mut ahead = shop.program(&["serve", "--listen", &server.address.to_string()]);
    ahead.env("LD_PRELOAD", library("../fixtures/clock.c")).env("CLOCK_AHEAD_S", "7200");
    let _server = Server::start(ahead);
    terminal.see("token refused");
    terminal.wait("the remedy", |screen| screen.contains("expired") && screen.contains("valid one"));
    assert!(!terminal.screen().contains("live"));
    quit(&terminal);
}

#[test]
fn what_cannot_be_used_is_reported_before_the_terminal_is_taken() {
    let (shop, server) = served();
    let location = format!("commerce+http://{}", server.address);
    let relaying = open(&shop, (100, 30), &location, "--sink file:events.jsonl; echo code:$?", "");
    let screen = relaying.see("code:2");
    assert!(screen.contains("run it on the machine that serves commerce+http"), "{screen}");
    assert!(!shop.path("events.jsonl").exists(), "the sink is not made");
    server.stop();
    let away = open(&shop, (100, 30), &location, "; echo code:$?", "");
    let screen = away.see("code:5");
    assert!(screen.contains("cannot be reached"), "{screen}");
}
