//! Tests stored tokens, the probing write, and a store of the first schema.

use commerce_core::catalog::StockHistory;
use commerce_core::token::{Create, Digest, Find, List, Revoke, TokenName, Used, Version};
use commerce_core::{Commerce, Options, Page, Probe, SystemClock, Time};
use serde_json::json;

use crate::shop::Shop;

#[test]
fn tokens_are_made_found_by_their_digest_and_revoked() {
    let shop = Shop::new();
    let mark = || shop.commerce.query(&Version).unwrap();
    assert!(mark().is_initial());
    shop.submit(&json!({ "op": "user.add", "user": "alice" }));
    let (office, alice) = (Digest::of("office"), Digest::of("alice"));
    let create = json!({ "op": "token.create", "name": "office", "role": "operator", "digest": office });
    assert_eq!(shop.submit(&create)["ok"]["role"], "operator");
    let create =
        json!({ "op": "token.create", "name": "a1", "role": "shopper", "user": "alice", "digest": alice });
    assert_eq!(shop.submit(&create)["ok"]["user"], "alice");
    let before = mark();
    let again = json!({ "op": "token.create", "name": "a2", "role": "operator", "digest": office });
    assert_eq!(shop.submit(&again)["refused"]["code"], "token_exists", "the same secret twice");
    assert_eq!(mark(), before, "a refusal is no change");

    let found = shop.commerce.query(&Find { digest: alice.clone() }).unwrap().expect("a token");
    assert_eq!((found.name.as_str(), found.user.as_ref().map(|u| u.as_str())), ("a1", Some("alice")));
    assert_eq!(shop.commerce.query(&Find { digest: Digest::of("no") }).unwrap(), None);

    let revoked = shop.submit(&json!({ "op": "token.revoke", "name": "a1" }));
    assert!(revoked["ok"]["revoked_at"].is_string(), "{revoked}");
    assert_ne!(mark(), before);
    assert_eq!(shop.submit(&json!({ "op": "token.revoke", "name": "a1" })), revoked);
    let list = shop.ask("token.list", &json!({}));
    assert_eq!(list["items"][0]["revoked_at"], revoked["ok"]["revoked_at"]);
    assert_eq!(list["items"][1]["name"], "office");
    assert!(list["items"][1].get("digest").is_none());
    shop.clean();
}

#[test]
fn no_line_makes_or_revokes_a_token() {
    for line in [
        json!({ "op": "token.create", "name": "t", "role": "operator", "digest": Digest::of("t") }),
        json!({ "op": "token.revoke", "name": "t" }),
    ] {
        let Err(invalid) = commerce_core::registry::parse_operation(&line) else {
            panic!("{line} was taken")
        };
        let faults: Vec<_> = invalid.0.iter().collect();
        let [fault] = faults[..] else { panic!("{invalid}") };
        assert_eq!(fault.pointer, "/op");
        assert!(fault.detail.contains("their own commands"), "{invalid}");
    }
}

#[test]
fn a_group_may_make_and_revoke_the_same_token() {
    let shop = Shop::new();
    let name = TokenName::try_from("t").unwrap();
    let tickets = [
        shop.commerce.submit(Create::operator(name.clone(), Digest::of("t"))),
        shop.commerce.submit(Revoke { name }),
    ];
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    assert!(shop.ask("token.list", &json!({}))["items"][0]["revoked_at"].is_string());
}

#[test]
fn a_probe_commits_and_blocks_nobody() {
    let shop = Shop::new();
    shop.submit(&json!({ "op": "user.add", "user": "old", "at": "2020-01-01T00:00:00Z" }));
    let (version, commits) = (shop.commerce.version().unwrap(), shop.commerce.stats().commits);
    shop.commerce.perform(Probe).unwrap();
    assert_ne!(shop.commerce.version().unwrap(), version);
    assert_eq!(shop.commerce.stats().commits, commits + 1);
    let later = json!({ "op": "user.add", "user": "new", "at": "2020-01-02T00:00:00Z" });
    assert!(shop.submit(&later)["ok"].is_object(), "history can still be imported");
}

#[test]
fn a_store_of_the_first_schema_is_migrated() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema/0001_shop.sql")).unwrap();
    old.execute_batch(
        "PRAGMA application_id = 0x53686f70; PRAGMA user_version = 1; PRAGMA journal_mode = wal;
        INSERT INTO store VALUES (1, 'a-store', 'KRW', 0, 0, 0, 0, 0, 0, 0, 0);",
    )
    .unwrap();
    drop(old);
    let open = || Commerce::open(&path, Options::new(SystemClock)).expect("the store, brought forward");
    let (one, other) = std::thread::scope(|scope| {
        let other = scope.spawn(open);
        (open(), other.join().unwrap())
    });
    assert!(one.query(&Version).unwrap().is_initial());
    assert_eq!(other.verify().unwrap(), []);
}

#[test]
fn a_store_with_a_history_is_migrated_with_its_sequence_and_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("old.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    for step in [
        include_str!("../../src/store/schema/0001_shop.sql"),
        include_str!("../../src/store/schema/0002_tokens.sql"),
    ] {
        old.execute_batch(step).unwrap();
    }
    // The mug is added and ordered in one millisecond; the first order is cancelled between the second and the third.
    old.execute_batch(
        "PRAGMA application_id = 0x53686f70; PRAGMA user_version = 2; PRAGMA journal_mode = wal;
        INSERT INTO store VALUES (1, 'a-store', 'KRW', 60, 1, 1, 2, 1, 5, 3, 0, 2, 0);
        INSERT INTO users VALUES (1, 'kim', NULL, 10);
        INSERT INTO wallets VALUES (1, 80, 5, 3);
        INSERT INTO products VALUES (1, 'mug', 'Mug', 'mug', 10, 1);
        INSERT INTO stocks VALUES (1, 4);
        INSERT INTO movements VALUES (1, 1, 5, 5, NULL, 20), (2, 1, 1, 4, 'found', 60);
        INSERT INTO orders VALUES (1, 1, 10, 90, 0, 20), (2, 1, 10, 80, 1, 20), (3, 1, 10, 80, 2, 40);
        INSERT INTO order_lines VALUES (1024, 1, 'Mug', 10, 1), (2048, 1, 'Mug', 10, 1), (3072, 1, 'Mug', 10, 1);
        INSERT INTO ledger VALUES (1, 1, 'charge', 100, 100, 1, 0, 10), (2, 1, 'payment', -10, 90, 1, 1, 20),
            (3, 1, 'payment', -10, 80, 2, 2, 20), (4, 1, 'refund', 10, 90, 1, 3, 40), (5, 1, 'payment', -10, 80, 3, 4, 40);
        INSERT INTO cancellations VALUES (1, 4, 'late', 40);
        INSERT INTO tokens VALUES (1, 'desk', 'operator', NULL, 'd1', 10, NULL),
            (2, 'phone', 'shopper', 1, 'd2', 10, 30);",
    )
    .unwrap();
    drop(old);
    let shop = Commerce::open(&path, Options::new(SystemClock)).unwrap();
    assert_eq!(shop.verify().unwrap(), []);
    let query = StockHistory { product: "mug".parse().unwrap(), page: Page::first(100) };
    let history = shop.query(&query).unwrap().items;
    let told: Vec<_> = history.iter().map(|c| (c.kind.as_str(), c.order.map(|o| o.get()), c.stock)).collect();
    assert_eq!(
        told,
        [
            ("adjusted", None, 4),
            ("ordered", Some(3), 3),
            ("cancelled", Some(1), 4),
            ("ordered", Some(2), 3),
            ("ordered", Some(1), 4),
            ("added", None, 5),
        ]
    );
    let tokens = shop.query(&List::default()).unwrap().items;
    let told: Vec<_> =
        tokens.iter().map(|t| (t.name.as_str(), t.role.as_str(), t.revoked_at.is_some())).collect();
    assert_eq!(told, [("desk", "operator", false), ("phone", "shopper", true)]);
    assert!(tokens.iter().all(|token| token.expires.is_none() && token.used_at.is_none()));
    assert!(!shop.query(&Version).unwrap().is_initial());
}

#[test]
fn a_use_is_noted_beside_other_changes_of_the_same_token() {
    let shop = Shop::new();
    let name = TokenName::try_from("t").unwrap();
    shop.commerce.perform(Create::operator(name.clone(), Digest::of("t"))).unwrap();
    let used = |millis| Used { tokens: vec![(name.clone(), Time::from_millis(millis))] };
    let tickets = [shop.commerce.submit(used(60_000)), shop.commerce.submit(used(180_001))];
    let revoked = shop.commerce.submit(Revoke { name: name.clone() });
    for ticket in tickets {
        ticket.wait().unwrap();
    }
    revoked.wait().unwrap();
    let token = shop.commerce.query(&List::default()).unwrap().items.remove(0);
    assert_eq!((token.used_at, token.revoked_at.is_some()), (Some(Time::from_millis(180_000)), true));
    shop.clean();
}
