//! Tests that a newest stored time in the future is reported everywhere, with the remedy.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::process::Server;
use crate::shop::{Shop, stderr};

/// A store whose newest time is `by` ahead, as a wrong clock leaves it.
fn ahead(by: Duration) -> Shop {
    let shop = Shop::stocked();
    let newest = (SystemTime::now() + by).duration_since(UNIX_EPOCH).unwrap().as_millis() as i64;
    let connection = rusqlite::Connection::open(shop.path("shop.db")).unwrap();
    connection.execute("UPDATE store SET last_at = ?1", [newest]).unwrap();
    shop
}

#[test]
fn every_command_warns_and_does_its_work() {
    let shop = ahead(Duration::from_hours(24 * 10));
    for arguments in [&["balance", "alice"][..], &["charge", "alice", "5"], &["-q", "top"], &["verify"]] {
        let output = shop.run(arguments);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let warned = said.matches("warning: the newest stored time").count();
        assert!(warned == 1 && said.contains("9 days ahead") && said.contains("restore a backup"), "{said}");
    }
    let verified = shop.json(&["verify"]);
    assert_eq!(verified["differences"], json!([]));
    assert!(verified["warnings"][0].as_str().unwrap().contains("ahead of the clock"), "{verified}");
    // New rows have that time, since times never go back.
    let ledger = shop.json(&["wallet", "history", "alice"]);
    assert!(ledger["items"][0]["at"].as_str() > ledger["items"][1]["at"].as_str(), "{ledger}");
}

#[test]
fn a_small_clock_difference_is_not_reported() {
    let shop = ahead(Duration::from_secs(50));
    let output = shop.run(&["balance", "alice"]);
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
    let verified = shop.json(&["verify"]);
    assert!(verified["found"] == 0 && verified.get("warnings").is_none(), "{verified}");
}

#[test]
fn a_server_logs_it_and_reports_it_to_monitors() {
    let shop = ahead(Duration::from_hours(1));
    let server = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0", "--log", "json"]));
    let logged: Value = serde_json::from_str(&server.before[0]).expect("a line of the log");
    assert_eq!(logged["level"], "WARN", "{logged}");
    assert!(logged["message"].as_str().unwrap().contains("59 minutes ahead of the clock"), "{logged}");
    let mut client = server.client();
    let ready = client.get("/readyz");
    let seconds = ready.json()["clock_ahead_seconds"].as_u64().unwrap();
    assert!(ready.status == 200 && (3_000..=3_600).contains(&seconds), "{ready:?}");
    let figures = String::from_utf8(client.get("/metrics").body).unwrap();
    let gauge = figures.lines().find_map(|line| line.strip_prefix("commerce_clock_ahead_seconds "));
    let seconds: u64 = gauge.expect("the figure").parse().unwrap();
    assert!((3_000..=3_600).contains(&seconds), "{figures}");
    assert_eq!(server.stop().0, Some(0));
}
