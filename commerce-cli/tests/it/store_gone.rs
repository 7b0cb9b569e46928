//! Tests removed stores, full disks and file permissions, as users and programs see them.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::process::{Process, Server};
use crate::shop::Shop;

#[test]
fn a_file_removed_under_a_server_and_under_apply_is_reported_and_nothing_acknowledged() {
    let shop = Shop::stocked();
    let server = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]));
    let mut client = server.client();
    assert_eq!(client.send("GET", "/v1/products/pen", &[], None).unwrap().status, 200);
    let mut apply = Process::start(shop.program(&["apply", "-"]));
    let (mut lines, mut results) = (apply.input(), apply.output());
    let charge = json!({ "op": "wallet.charge", "user": "alice", "amount": 1 });
    let mut results = BufReader::new(&mut results).lines();
    let mut apply_one = || -> Value {
        use std::io::Write as _;
        writeln!(lines, "{charge}").unwrap();
        serde_json::from_str(&results.next().unwrap().unwrap()).unwrap()
    };
    assert!(apply_one()["ok"].is_object());

    std::fs::remove_file(shop.path("shop.db")).unwrap();
    assert_eq!(apply_one()["error"]["code"], "store_gone");
    drop(lines);
    assert_eq!(apply.finish().status.code(), Some(4));
    let order = json!({ "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] });
    for (method, path, body) in [
        ("POST", "/v1/orders", Some(&order)),
        ("GET", "/v1/products/pen", None),
        ("GET", "/v1/products", None),
        ("GET", "/readyz", None),
    ] {
        let answer = client.send(method, path, &[], body).unwrap();
        let said = answer.json();
        assert_eq!((answer.status, &said["code"]), (503, &"store_gone".into()), "{path}: {said}");
        assert!(answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("retry-after")), "{path}");
        assert!(said["detail"].as_str().unwrap().contains("removed"), "{said}");
    }
    assert!(shop.fails(4, &["init"]).contains("shop.db-wal"), "the server's log still lies there");
}

#[test]
fn a_server_is_not_ready_while_the_disk_has_no_room_for_an_order() {
    let shop = Shop::bare();
    std::fs::create_dir(shop.path("small")).unwrap();
    let small = shop.isolated(
        r#"mount -t tmpfs -o size=1500k tmpfs small && export COMMERCE_DB=small/shop.db
        "$0" init >&2 && "$0" user add alice >&2 && "$0" charge alice 1000000000 >&2 &&
        "$0" product add pen --name Pen --price 1 --stock 1000000 >&2 &&
        exec "$0" serve --listen 127.0.0.1:0"#,
    );
    let server = Server::start(small);
    let mut client = server.client();
    let order = json!({ "user": "alice", "items": [{ "product": "pen", "quantity": 1 }] });
    let (mut done, mut refused) = (0, 0);
    while refused < 5 {
        let answer = client.send("POST", "/v1/orders", &[], Some(&order)).unwrap();
        match answer.status {
            201 => done += 1,
            503 => {
                assert_eq!(answer.json()["code"], "store_unavailable", "{:?}", answer.json());
                // The server caches the result for a second.
                std::thread::sleep(std::time::Duration::from_millis(1_100));
                let ready = client.send("GET", "/readyz", &[], None).unwrap();
                assert_eq!((ready.status, &ready.json()["code"]), (503, &"store_unavailable".into()));
                assert!(ready.json()["detail"].as_str().unwrap().contains("disk is full"));
                refused += 1;
            }
            other => panic!("{other}: {:?}", answer.json()),
        }
        assert!(done < 100_000, "the disk is full at some time");
    }
    let orders = client.send("GET", "/v1/orders?limit=1", &[], None).unwrap().json();
    assert_eq!(orders["items"][0]["order"], done, "what was acknowledged is there, and nothing else");
}

#[test]
fn only_the_owner_can_read_created_files() {
    let shop = Shop::stocked();
    shop.ok(&["backup", "monday.db"]);
    shop.ok(&["restore", "monday.db", "--yes"]);
    let keep = Server::start(shop.program(&["serve", "--listen", "127.0.0.1:0"]));
    let mut seen = 0;
    for entry in shop.folder.path().read_dir().unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}: {mode:o}", entry.file_name());
        seen += 1;
    }
    assert_eq!(
        seen, 7,
        "the store, its log and index, two locks, the backup and the copy before the restore"
    );
    drop(keep);
}

#[test]
fn a_restore_keeps_the_replaced_store_and_no_mistake_empties_a_shop() {
    let shop = Shop::stocked();
    shop.ok(&["backup", "monday.db"]);
    shop.ok(&["charge", "alice", "1"]);
    let told = shop.fails(4, &["restore", "moday.db", "--yes"]);
    assert!(told.contains("no backup at moday.db") && !told.contains("init"), "{told}");
    assert!(!shop.path("moday.db").exists());

    shop.ok(&["--db", "dollars.db", "init", "--currency", "USD"]);
    let told = shop.fails(3, &["restore", "dollars.db", "--yes"]);
    assert!(told.contains("USD") && told.contains("KRW") && told.contains("--other-currency"), "{told}");
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_001);

    let restored = shop.json(&["restore", "monday.db", "--yes"]);
    assert_eq!(shop.json(&["balance", "alice"])["balance"], 50_000);
    let kept = restored["kept"].as_str().unwrap();
    assert_eq!(shop.json(&["--db", kept, "balance", "alice"])["balance"], 50_001);
    shop.ok(&["--db", kept, "verify"]);

    shop.ok(&["restore", "dollars.db", "--other-currency", "--yes"]);
    shop.fails(3, &["balance", "alice"]);
    assert_eq!(shop.json(&["verify"])["found"], 0);
}
