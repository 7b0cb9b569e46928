//! Tests `serve` and `token`: start, stop, and the refusal to serve others without tokens.

use serde_json::Value;

use crate::process::Server;
use crate::shop::Shop;

#[test]
fn a_server_serves_and_shuts_down_in_order() {
    let shop = Shop::stocked();
    let listen = ["serve", "--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--log", "json"];
    let server = Server::start(shop.program(&listen));
    let (second, warning) = (server.next_line(), server.next_line());
    assert!(second.starts_with("listening on http://[::1]:"), "{second}");
    assert!(warning.contains("no token"), "{warning}");
    let mut client = server.client();
    let answer = client.send("GET", "/v1/products/mug", &[("X-Request-Id", "mine")], None).unwrap();
    assert_eq!((answer.status, &answer.json()["stock"]), (200, &5.into()));
    let logged: Value = serde_json::from_str(&server.next_line()).unwrap();
    assert_eq!((&logged["request_id"], &logged["status"]), (&"mine".into(), &200.into()), "{logged}");
    assert_eq!((&logged["address"], &logged["path"]), (&"127.0.0.1".into(), &"/v1/products/mug".into()));

    let (code, rest) = server.stop();
    assert_eq!(code, Some(0));
    assert!(rest.contains("finishing the requests in flight"), "{rest}");
}

#[test]
fn lines_under_way_are_finished_and_answered_at_a_shutdown() {
    const LINES: usize = 8_000;
    let shop = Shop::stocked();
    shop.ok(&["user", "add", "bob"]);
    let server = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]));
    let (mut stays, mut leaves) = (server.client(), server.client());
    let text = "{\"op\":\"wallet.charge\",\"user\":\"bob\",\"amount\":1}\n".repeat(LINES);
    stays.write_lines("/v1/operations", &text).unwrap();
    leaves.write_lines("/v1/operations", &text).unwrap();
    // From the head of the answer on, the body is there.
    leaves.head().unwrap();
    drop(leaves);
    assert_eq!(stays.head().unwrap().status, 200);
    server.process.signal("TERM");
    let mut results = Vec::new();
    while let Some(chunk) = stays.chunk().unwrap() {
        results.extend(chunk);
    }
    let results = String::from_utf8(results).unwrap();
    assert_eq!(results.lines().filter(|line| line.contains("\"ok\":")).count(), LINES);
    assert_eq!(server.process.finish().status.code(), Some(0));
    let balance = shop.json(&["wallet", "show", "bob"])["balance"].as_u64();
    assert_eq!(balance, Some(2 * LINES as u64));
}

#[test]
fn wrong_usage_of_serve_is_reported() {
    let shop = Shop::stocked();
    assert!(shop.fails(2, &["serve", "--listen", "0.0.0.0:0"]).contains("no token"));
    assert!(shop.fails(2, &["serve", "--listen", "nowhere"]).contains("nowhere"));
    assert!(shop.fails(2, &["serve", "--tls-cert", "cert.pem"]).contains("--tls-key"));
    let no_files = ["serve", "--listen", "127.0.0.1:0", "--tls-cert", "no.pem", "--tls-key", "no.pem"];
    assert!(shop.fails(2, &no_files).contains("no.pem"));
    for (origin, instead) in [
        ("shop.example", "https://shop.example"),
        ("https://shop.example/", "write https://shop.example"),
        ("null", "page's own"),
    ] {
        let told = shop.fails(2, &["serve", "--listen", "127.0.0.1:0", "--cors-origin", origin]);
        assert!(told.contains("origin") && told.contains(instead), "{told}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert!(shop.fails(1, &["serve", "--listen", &address]).contains(&address));
    assert!(Shop::bare().fails(4, &["serve", "--listen", "127.0.0.1:0"]).contains("no store"));
}

#[test]
fn tokens_are_made_listed_and_revoked_and_their_secrets_shown_once() {
    let shop = Shop::stocked();
    let made = shop.json(&["token", "create", "phone", "--role", "shopper", "--user", "alice"]);
    let secret = made["secret"].as_str().unwrap();
    assert_eq!((made["user"].as_str(), secret.len()), (Some("alice"), 43));
    let other = shop.json(&["token", "create", "office", "--role", "operator"]);
    assert_ne!(other["secret"], made["secret"]);
    assert!(shop.fails(3, &["token", "create", "office", "--role", "operator"]).contains("office"));
    assert!(
        shop.fails(3, &["token", "create", "x", "--role", "shopper", "--user", "no"]).contains("no user")
    );
    assert!(shop.fails(2, &["token", "create", "x", "--role", "shopper"]).contains("user"));
    assert!(shop.fails(2, &["token", "revoke", "phone"]).contains("--yes"));
    assert!(shop.json(&["token", "revoke", "phone", "--yes"])["revoked_at"].is_string());
    assert!(shop.fails(3, &["token", "revoke", "none", "--yes"]).contains("none"));
    let list = shop.ok(&["token", "list", "--output", "jsonl"]);
    assert_eq!(list.lines().count(), 2);
    assert!(!list.contains(secret) && !list.contains("digest"), "{list}");
    for file in ["shop.db", "shop.db-wal"] {
        let bytes = std::fs::read(shop.path(file)).unwrap_or_default();
        let kept = bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!kept, "the secret is in {file}");
    }
}
