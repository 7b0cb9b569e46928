//! Tests every command on a server, and the errors of unusable servers.

use serde_json::{Value, json};

use crate::process::Server;
use crate::shop::Shop;
use crate::sqld::Sqld;

#[test]
fn every_command_works_on_a_server() {
    let shop = Shop::on_server();
    let told = shop.fails(4, &["product", "list"]);
    assert!(told.contains("libsql://") && told.contains("init"), "{told}");
    shop.ok(&["init", "--currency", "USD", "--sample"]);
    assert!(shop.fails(4, &["init"]).contains("already"));
    shop.ok(&["user", "add", "alice", "--name", "앨리스"]);
    shop.ok(&["charge", "alice", "500"]);
    shop.ok(&["wallet", "charge", "alice", "500", "--key", "c"]);
    shop.ok(&["product", "add", "lens", "--name", "Lens", "--price", "12.50", "--stock", "3"]);
    shop.ok(&["product", "update", "lens", "--price", "13"]);
    shop.ok(&["product", "restock", "lens", "7"]);
    shop.ok(&["cart", "add", "alice", "lens:2"]);
    shop.ok(&["cart", "checkout", "alice"]);
    shop.ok(&["buy", "alice", "lens:1"]);
    shop.ok(&["order", "cancel", "2", "--yes"]);
    assert!(shop.fails(3, &["buy", "alice", "lens:9"]).contains("not enough stock"));
    let line =
        json!({ "op": "order.place", "user": "alice", "items": [{ "product": "lens", "quantity": 1 }] });
    let applied = shop.feed(&["apply", "-"], format!("{line}\n{line}\n"));
    assert_eq!(applied.status.code(), Some(0), "{applied:?}");
    assert_eq!(shop.json(&["product", "show", "lens"])["stock"], 6);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 94_800);
    assert_eq!(shop.json(&["top"])["items"][0]["units"], 4);
    assert_eq!(shop.json(&["order", "list", "--user", "alice"])["items"].as_array().unwrap().len(), 4);
    assert_eq!(shop.json(&["product", "list", "--all"])["items"].as_array().unwrap().len(), 201);
    assert!(!shop.json(&["events", "list"])["items"].as_array().unwrap().is_empty());
    assert_eq!(shop.json(&["verify"])["found"], 0);
}

#[test]
fn events_are_relayed_from_a_server_and_requests_served_on_it() {
    let shop = Shop::on_server();
    shop.ok(&["init"]);
    shop.ok(&["user", "add", "alice"]);
    shop.ok(&["charge", "alice", "500"]);
    shop.ok(&["events", "relay", "--once", "--sink", "file:events.jsonl"]);
    let sent = std::fs::read_to_string(shop.path("events.jsonl")).unwrap();
    let sent: Vec<Value> = sent.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sent[0]["type"], "WalletCharged", "{sent:?}");
    assert_eq!(shop.json(&["events", "list"])["items"][0]["status"], "delivered");
    let secret = shop.json(&["token", "create", "desk", "--role", "operator"])["secret"].clone();

    let mut server = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]));
    let mut client = server.client();
    let bearer = format!("Bearer {}", secret.as_str().unwrap());
    let with = [("Authorization", bearer.as_str()), ("Idempotency-Key", "c-2")];
    for status in [201, 201] {
        let body = json!({ "amount": 250 });
        let answer = client.send("POST", "/v1/users/alice/charges", &with, Some(&body)).unwrap();
        assert_eq!(answer.status, status, "{:?}", answer.json());
    }
    let ready = client.send("GET", "/readyz", &with[..1], None).unwrap();
    assert_eq!(ready.status, 200);
    // A kill at this point leaves no lock that blocks the next process.
    server.process.kill();
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 750);
    assert_eq!(shop.json(&["verify"])["found"], 0);
}

#[test]
fn a_server_is_backed_up_to_a_file_that_is_a_store_and_restored_from_it() {
    let shop = Shop::on_server();
    shop.ok(&["init"]);
    shop.ok(&["user", "add", "alice"]);
    shop.ok(&["charge", "alice", "500"]);
    shop.ok(&["backup", "copy.db"]);
    shop.ok(&["--db", "copy.db", "verify"]);
    shop.ok(&["--db", "copy.db", "charge", "alice", "1"]);
    shop.fails(2, &["restore", "copy.db"]);
    shop.ok(&["restore", "copy.db", "--yes"]);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 501);
    let server = shop.server.as_ref().unwrap();
    server.pipeline(
        &json!([{ "type": "sequence", "sql": "UPDATE wallets SET balance = 7" }, { "type": "close" }]),
    );
    let output = shop.run(&["verify", "--repair", "--yes"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 501);
}

#[test]
fn problems_of_a_server_are_reported_with_the_remedy() {
    let folder = Shop::bare();
    for (url, part) in [
        ("libsql://127.0.0.1:1", "cannot be reached"),
        ("libsql://no-such-host.invalid", "cannot be reached"),
        ("libsql://127.0.0.1:1?x=1", "tls"),
        ("ftp://127.0.0.1", "libsql://"),
        ("libsql://me:secret@127.0.0.1:1", "token"),
    ] {
        let told = folder.fails(4, &["--db", url, "balance", "alice"]);
        assert!(told.contains(part) && !told.contains("secret"), "{url}: {told}");
        let told = folder.fails(4, &["--db", url, "--output", "json", "balance", "alice"]);
        assert!(serde_json::from_str::<Value>(&told).is_ok(), "{told}");
    }
    assert!(folder.fails(2, &["--db", "libsql://x", "--db-token-file", "none", "top"]).contains("none"));
    assert!(folder.fails(4, &["--db", "shop.db", "--read-url", "libsql://x", "top"]).contains("replicas"));
}

#[test]
fn a_server_that_does_not_sync_is_written_only_on_request_and_reported_even_with_quiet() {
    let folder = Shop::on(Sqld::start_unconfigured(&[]));
    let told = folder.fails(1, &["init"]);
    assert!(told.contains("durability_mode") && told.contains("--allow-unsynced"), "{told}");
    assert!(folder.fails(4, &["user", "list"]).contains("no store"));
    folder.ok(&["--allow-unsynced", "init"]);
    let mut allowed = folder.program(&["--quiet", "user", "add", "alice"]);
    let output = allowed.env("COMMERCE_ALLOW_UNSYNCED", "1").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && told.contains("warning:") && told.contains("durability_mode"),
        "{told}"
    );
    let told = folder.fails(1, &["--quiet", "user", "add", "bob"]);
    assert!(told.contains("warning:") && told.contains("nothing was changed"), "{told}");
    let told = folder.fails(1, &["--output", "json", "--quiet", "user", "add", "bob"]);
    assert!(told.contains(r#""code":"store_unavailable""#), "{told}");
    let output = folder.run(&["--quiet", "user", "list"]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && told.contains("changes are refused"), "{told}");
    let verified = folder.json(&["verify"]);
    assert!(verified["warnings"][0].as_str().unwrap().contains("durability_mode"), "{verified}");
    let served = &["--allow-unsynced", "serve", "--listen", "127.0.0.1:0", "--log", "json"];
    let server = Server::start(folder.program(served));
    let mut logged = server.before.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let warned = |line: Value| {
        line["level"] == "WARN"
            && line["message"].as_str().is_some_and(|text| text.contains("durability_mode"))
    };
    assert!(logged.any(warned), "{:?}", server.before);
    assert_eq!(server.client().get("/readyz").json()["synced"], false);
}
