//! Tests that an instance whose clock is two days ahead changes nothing for the others on the same server: their keys are
//! kept, times are right, best sellers are the same, and a relay keeps its lease.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::preload::library;
use crate::process::{Lines, Process, Server};
use crate::shop::{Shop, stderr};
use crate::system;

/// Two days, and an hour for the rounding of what is told.
const AHEAD_S: u64 = 49 * 3_600;

/// Sets the clock of a command ahead.
fn ahead(mut command: Command) -> Command {
    command.env("LD_PRELOAD", library("../fixtures/clock.c")).env("CLOCK_AHEAD_S", AHEAD_S.to_string());
    command
}

fn charge(key: &str) -> Value {
    json!({ "op": "wallet.charge", "user": "alice", "amount": 100, "key": key })
}

/// A shop on a server with an order, of which the events are relayed to a file.
fn shop() -> (Shop, Process) {
    let shop = Shop::on_server();
    shop.ok(&["init"]);
    shop.ok(&["product", "add", "mug", "--name", "Mug", "--price", "100", "--stock", "500"]);
    shop.ok(&["user", "add", "alice"]);
    shop.ok(&["charge", "alice", "100000"]);
    shop.ok(&["buy", "alice", "mug:2"]);
    let relay = Process::start(shop.program(&["events", "relay", "--sink", "file:events.jsonl"]));
    system::until("the relay has delivered", || delivered(&shop));
    (shop, relay)
}

/// Whether the relay has delivered each event.
fn delivered(shop: &Shop) -> bool {
    let sent = std::fs::read_to_string(shop.path("events.jsonl")).unwrap_or_default();
    row(shop, "SELECT count(*) FROM outbox")[0]["value"] == *sent.lines().count().to_string()
}

/// Who holds the relay's lease, and how often it changed hands.
fn lease(shop: &Shop) -> Value {
    row(shop, "SELECT owner, term FROM relay")
}

/// The first row that the server has for a question.
fn row(shop: &Shop, sql: &str) -> Value {
    let ask = json!([{ "type": "execute", "stmt": { "sql": sql } }, { "type": "close" }]);
    shop.server.as_ref().unwrap().pipeline(&ask)["results"][0]["response"]["result"]["rows"][0].clone()
}

#[test]
fn an_instance_two_days_ahead_changes_nothing_for_the_others() {
    let (shop, _relay) = shop();
    let mut right = Lines::start(shop.program(&["apply", "-"]));
    assert_eq!(right.send(&charge("kept"))["ok"].get("replayed"), None);
    let held = lease(&shop);
    let mut wrong = Lines::start(ahead(shop.program(&["apply", "-"])));
    let server = Server::start(ahead(shop.program(&[
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--sink",
        "file:other.jsonl",
    ])));
    let mut client = server.client();

    // Each new key makes the instance look for old ones to delete.
    for number in 0..50 {
        let key = format!("w{number}");
        assert!(wrong.send(&charge(&key))["ok"].is_object());
        let answer = client
            .post("/v1/orders", &json!({ "user": "alice", "items": [{ "product": "mug", "quantity": 1 }] }));
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    for instance in [&mut right, &mut wrong] {
        assert_eq!(instance.send(&charge("kept"))["ok"]["replayed"], true);
    }

    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let tomorrow =
        commerce_core::Time::from_millis((now + Duration::from_hours(24)).as_millis() as i64).to_string();
    let history = shop.json(&["wallet", "history", "alice", "--limit", "100"])["items"].clone();
    let latest = history.as_array().unwrap().iter().map(|entry| entry["at"].as_str().unwrap()).max().unwrap();
    assert!(latest < tomorrow.as_str(), "{latest} is a time of the wrong clock");
    let told = |mut command: Command| -> Value {
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap()
    };
    let top = ["top", "--days", "1", "--output", "json"];
    let (mine, theirs) = (told(shop.program(&top)), told(ahead(shop.program(&top))));
    assert_eq!((&mine["items"][0]["units"], &mine["items"]), (&52.into(), &theirs["items"]));

    system::until("all events are delivered", || delivered(&shop));
    assert_eq!(lease(&shop), held);
    let other = std::fs::read_to_string(shop.path("other.jsonl")).unwrap_or_default();
    assert_eq!(other, "", "the relay of the wrong clock has delivered");
    assert_eq!(shop.json(&["verify"])["found"], 0);
}

#[test]
fn an_instance_two_days_ahead_is_warned_of() {
    let (shop, _relay) = shop();
    let output = ahead(shop.program(&["verify"])).output().unwrap();
    let told = stderr(&output);
    assert!(output.status.success() && told.contains("warning:") && told.contains("2 days ahead"), "{told}");
    let server = Server::start(ahead(shop.program(&["serve", "--listen", "127.0.0.1:0"])));
    assert!(server.before.iter().any(|line| line.contains("2 days ahead")), "{:?}", server.before);
    let figures = String::from_utf8(server.client().get("/metrics").body).unwrap();
    let offset = figures.lines().find_map(|line| line.strip_prefix("commerce_clock_offset_seconds "));
    let offset: f64 = offset.expect("the figure").parse().unwrap();
    assert!((offset - AHEAD_S as f64).abs() < 60.0, "{offset}");
    let right = shop.run(&["verify"]);
    assert!(!stderr(&right).contains("clock"), "{}", stderr(&right));
}
