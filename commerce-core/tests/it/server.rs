//! Tests stores on a server: failures to open, replicas, versions, copies, long answers.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};

use commerce_core::{Commerce, Currency, Error, Location, OpenError, Options, SystemClock};
use serde_json::{Value, json};

use crate::proxy::Proxy;
use crate::shop::{On, Shop, submit, warnings};
use crate::sqld::{Sqld, free_port};

fn options() -> Options {
    Options::new(SystemClock).busy_timeout(std::time::Duration::from_secs(60))
}

fn create(at: &Location) -> Result<Commerce, Error> {
    Commerce::create(at.clone(), Currency::try_from("KRW").unwrap(), options())
}

#[track_caller]
fn refused(outcome: Result<Commerce, Error>) -> OpenError {
    match outcome {
        Err(Error::Open(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

fn at(url: &str) -> Location {
    url.parse().unwrap()
}

fn run(server: &Sqld, sql: &str) -> Value {
    let answer = server.pipeline(&json!([{ "type": "sequence", "sql": sql }, { "type": "close" }]));
    assert_eq!(answer["results"][0]["type"], "ok", "{answer}");
    answer
}

#[test]
fn addresses_without_a_server_are_reported() {
    let refusal = refused(Commerce::open(at(&format!("libsql://127.0.0.1:{}", free_port())), options()));
    assert!(matches!(refusal, OpenError::Unreachable { .. }), "{refusal}");
    let refusal = refused(Commerce::open(at("libsql://no-such-host.invalid"), options()));
    assert!(matches!(refusal, OpenError::Unreachable { .. }), "{refusal}");
    for (answer, old) in [
        ("HTTP/1.1 200 OK\r\ncontent-length: 18\r\n\r\nsqld 0.21.9 (old) ", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", false),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", false),
    ] {
        let refusal = refused(Commerce::open(at(&answering(answer)), options()));
        assert_eq!(matches!(refusal, OpenError::OldServer { .. }), old, "{refusal}");
        assert_eq!(matches!(refusal, OpenError::NoServer { .. }), !old, "{refusal}");
    }
}

#[test]
fn the_address_can_name_the_database() {
    let server = Sqld::start();
    let named = |name: &str| at(&format!("{}?namespace={name}", server.url()));
    let refusal = refused(Commerce::open(named("shop"), options()));
    assert!(refusal.to_string().contains("?namespace=default"), "{refusal}");
    server.create_namespace("shop");
    let won = Currency::try_from("KRW").unwrap();
    drop(Commerce::create(named("shop"), won, options().allow_unsynced()).unwrap());
    // An address without a name is the other database.
    let refusal = refused(Commerce::open(at(&server.url()), options()));
    assert!(matches!(refusal, OpenError::Missing(_)), "{refusal}");
}

/// The address of a listener that gives every request the same answer.
fn answering(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut request = [0; 4_096];
            // A client that has disconnected needs no answer.
            if stream.read(&mut request).is_ok() {
                let _ = stream.write_all(answer.as_bytes());
            }
        }
    });
    url
}

#[test]
fn unusable_stores_are_reported() {
    let server = Sqld::start();
    let at = at(&server.url());
    assert!(matches!(refused(Commerce::open(at.clone(), options())), OpenError::Missing(_)));
    run(&server, "CREATE TABLE other (x)");
    assert!(matches!(refused(Commerce::open(at.clone(), options())), OpenError::Foreign { .. }));
    assert!(matches!(refused(create(&at)), OpenError::Foreign { .. }));
    run(&server, "DROP TABLE other");
    let shop = create(&at).unwrap();
    assert_eq!(warnings(&shop), []);
    assert!(matches!(refused(create(&at)), OpenError::Exists(_)));
    run(&server, "PRAGMA user_version = 99");
    let refusal = refused(Commerce::open(at.clone(), options()));
    assert!(matches!(refusal, OpenError::Newer { found: 99, .. }), "{refusal}");
}

#[test]
fn instances_that_start_at_once_migrate_once() {
    let first = include_str!("../../src/store/schema/0001_shop.sql");
    let server = Sqld::start();
    run(&server, first);
    run(&server, "INSERT INTO store VALUES (1, 'u', 'USD', 0, 0, 0, 0, 0, 0, 0, 0); PRAGMA user_version = 1");
    std::thread::scope(|scope| {
        for number in 0..8 {
            let at = at(&server.url());
            scope.spawn(move || {
                let shop = Commerce::open(at, options()).unwrap();
                submit(&shop, &json!({ "op": "user.add", "user": format!("u{number}") })).unwrap();
            });
        }
    });
    let shop = Commerce::open(at(&server.url()), options()).unwrap();
    assert_eq!(shop.currency(), Currency::try_from("USD").unwrap());
    assert_eq!(shop.verify().unwrap(), []);
}

#[test]
fn instances_that_create_at_once_make_one_store() {
    let server = Sqld::start();
    let at = at(&server.url());
    let made: Vec<_> = std::thread::scope(|scope| {
        let creating: Vec<_> = (0..4).map(|_| scope.spawn(|| create(&at))).collect();
        creating.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let (made, others): (Vec<_>, Vec<_>) = made.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), others.len()), (1, 3));
    assert!(others.into_iter().all(|other| matches!(refused(other), OpenError::Exists(_))));
}

#[test]
fn a_replica_answers_and_shows_everybody_its_own_writes() {
    let port = free_port();
    let grpc = format!("127.0.0.1:{port}");
    let primary = Sqld::start_with(&["--grpc-listen-addr", &grpc]);
    let url = format!("http://{grpc}");
    let mut replica = Sqld::start_unconfigured(&["--primary-grpc-url", &url]);
    let at = at(&primary.url());
    create(&at).unwrap();
    let way = Proxy::to(replica.port);
    let shop = Commerce::open(at.read_from(&way.url()).unwrap(), options()).unwrap();
    submit(&shop, &json!({ "op": "user.add", "user": "a" })).unwrap();
    let charge = |place: i64| {
        submit(&shop, &json!({ "op": "wallet.charge", "user": "a", "amount": 1 })).unwrap();
        let query = commerce_core::wallet::Balance { user: commerce_core::UserId::try_from("a").unwrap() };
        assert_eq!(shop.query(&query).unwrap().balance.get(), place);
    };
    (1..=50).for_each(charge);
    // If the machine stalls for a second, the primary answers instead of the replica.
    assert!(way.requests() > 0, "nobody asked the replica");
    assert_eq!(shop.verify().unwrap(), []);
    // Without the replica the primary answers.
    replica.kill();
    (51..=60).for_each(charge);
    assert!(Location::from(std::path::Path::new("shop.db")).read_from(&replica.url()).is_err());
}

#[test]
fn a_server_is_copied_to_a_file_and_back() {
    let shop = Shop::on(On::Server(1));
    filled(&shop);
    let copy = shop.path.with_file_name("copy.db");
    shop.commerce.backup(&copy).unwrap();
    let file = Commerce::open(&copy, options()).unwrap();
    assert_eq!(file.verify().unwrap(), []);
    let listed = |commerce: &Commerce| {
        let queries = ["user.list", "product.list", "order.list", "event.list"];
        let ask = |name: &&str| {
            let query = commerce_core::registry::parse_query(name, &json!({ "limit": 100 })).unwrap();
            let mut answer = commerce.query(&query).unwrap();
            // The age of an event grows between two queries.
            for item in answer["items"].as_array_mut().unwrap() {
                item["age"].take();
            }
            answer
        };
        queries.iter().map(ask).collect::<Vec<_>>()
    };
    assert_eq!(listed(&file), listed(&shop.commerce));
    let before = listed(&file);
    file.close();

    submit(&shop.commerce, &json!({ "op": "wallet.charge", "user": "u1", "amount": 7 })).unwrap();
    submit(&shop.commerce, &json!({ "op": "user.add", "user": "late" })).unwrap();
    assert_ne!(listed(&shop.commerce), before);
    shop.commerce.restore(&copy, &copy.with_extension("kept")).unwrap();
    assert_eq!(listed(&shop.commerce), before);
    shop.clean();
    // The restored store still has the reply of the key.
    let again = shop.submit(&json!({ "op": "wallet.charge", "user": "u1", "amount": 90_000, "key": "c" }));
    assert_eq!(again["ok"]["replayed"], true);
    assert!(matches!(shop.commerce.backup(&copy), Err(Error::Open(OpenError::Exists(_)))));
}

#[test]
fn figures_derived_from_the_ledgers_are_rebuilt() {
    let shop = Shop::on(On::Server(1));
    filled(&shop);
    run(shop.server.as_ref().unwrap(), "UPDATE wallets SET balance = 5; UPDATE stocks SET stock = 1");
    assert_ne!(shop.commerce.verify().unwrap(), []);
    shop.commerce.repair().unwrap();
    shop.clean();
}

#[test]
fn audits_and_copies_ask_for_a_span_at_a_time() {
    const USERS: usize = 40_000;
    let server = Sqld::start();
    let proxy = Proxy::to(server.port);
    let shop = create(&at(&proxy.url())).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let asked = |copy: &str| {
        let before = proxy.requests();
        let audit = shop.audit(&mut |_| {}).unwrap();
        let audited = proxy.requests();
        shop.backup(&folder.path().join(copy)).unwrap();
        assert_eq!(audit.differences, []);
        (audit, audited - before, proxy.requests() - audited)
    };
    let (_, audited, copied) = asked("empty");
    run(
        &server,
        &format!(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {USERS})
                INSERT INTO users SELECT i, 'u' || i, NULL, 0 FROM n;
            INSERT INTO wallets SELECT user_no, 0, 0, 0 FROM users; UPDATE store SET last_user = {USERS}"
        ),
    );
    let (audit, audited_more, copied_more) = asked("many");
    let users = audit.checked.iter().find(|checked| checked.what == "users").unwrap();
    assert_eq!(users.count, USERS as u64);
    // 40,000 rows are three spans of 16,384, and are read as users, as wallets and as references. A copy reads pages of
    // 4,096 rows from two tables.
    let (spans, pages) = (3 * USERS.div_ceil(16_384), 2 * USERS.div_ceil(4_096));
    // On a busy machine a server sometimes asks to try again.
    assert!((spans - 3..=2 * spans).contains(&(audited_more - audited)), "{audited} {audited_more}");
    assert!((pages - 2..=pages + 2).contains(&(copied_more - copied)), "{copied} {copied_more}");
}

#[test]
fn a_server_at_work_is_audited_as_of_one_moment() {
    let shop = Shop::on(On::Server(1));
    filled(&shop);
    let stop = AtomicBool::new(false);
    let other = Commerce::open(shop.at(), options()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                submit(&shop.commerce, &json!({ "op": "wallet.charge", "user": "u1", "amount": 1 })).unwrap();
                submit(&shop.commerce, &json!({ "op": "stock.adjust", "product": "p1", "delta": 1 }))
                    .unwrap();
            }
        });
        let audits: Vec<_> = (0..5).map(|_| other.verify()).collect();
        stop.store(true, Ordering::Relaxed);
        for told in audits {
            assert_eq!(told.unwrap(), []);
        }
    });
}

#[test]
fn answers_longer_than_a_server_sends_come_in_parts() {
    let server = Sqld::start_with(&["--max-response-size", "16KB"]);
    let commerce = create(&at(&server.url())).unwrap();
    let items: Vec<_> = (0..400).map(|n| json!({ "product": format!("p{n}"), "quantity": 1 })).collect();
    let long = "머그컵".repeat(40);
    let tickets: Vec<_> = (0..400)
        .map(|n| json!({ "op": "product.add", "product": format!("p{n}"), "name": long, "price": n, "stock": 9 }))
        .map(|add| commerce.submit(commerce_core::registry::parse_operation(&add).unwrap()))
        .collect();
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    for operation in [
        json!({ "op": "user.add", "user": "a" }),
        json!({ "op": "wallet.charge", "user": "a", "amount": 1_000_000 }),
        json!({ "op": "order.place", "user": "a", "items": items }),
    ] {
        submit(&commerce, &operation).unwrap();
    }
    let found = commerce.query(&commerce_core::order::Get { order: 1.try_into().unwrap() }).unwrap();
    assert_eq!(found.items.len(), 400);
    assert!(found.items.iter().zip(0..).all(|(item, price)| item.price.get() == price));
    assert_eq!(commerce.verify().unwrap(), []);
    let cancelled = submit(&commerce, &json!({ "op": "order.cancel", "order": 1, "key": "k" })).unwrap();
    assert_eq!(cancelled["items"], serde_json::to_value(&found.items).unwrap());
    let again = submit(&commerce, &json!({ "op": "order.cancel", "order": 1, "key": "k" })).unwrap();
    assert_eq!(again["replayed"], true);
}

/// Adds users, products, orders and a cancellation.
fn filled(shop: &Shop) {
    for number in 0..9 {
        let (user, product) = (format!("u{number}"), format!("p{number}"));
        let name = "머그컵 \u{201c}Mug\u{201d} 'n \"quotes\"";
        for operation in [
            json!({ "op": "user.add", "user": user, "name": name }),
            json!({ "op": "wallet.charge", "user": user, "amount": 90_000, "key": "c" }),
            json!({ "op": "product.add", "product": product, "name": name, "price": 7, "stock": 100 }),
            json!({ "op": "cart.add", "user": user, "product": product, "quantity": 3 }),
            json!({ "op": "order.place", "user": user, "items": [{ "product": product, "quantity": 2 }] }),
        ] {
            let told = shop.submit(&operation);
            assert!(told["ok"].is_object(), "{operation}: {told}");
        }
    }
    assert!(
        shop.submit(&json!({ "op": "order.cancel", "order": 3, "reason": "changed my mind" }))["ok"]
            .is_object()
    );
}

#[test]
fn a_group_costs_two_requests_however_large() {
    let shop = Shop::on(On::Server(1));
    filled(&shop);
    let before = shop.commerce.stats();
    let tickets: Vec<_> = (0..500)
        .map(|place| json!({ "op": "wallet.charge", "user": format!("u{}", place % 9), "amount": 1 }))
        .map(|charge| shop.commerce.submit(commerce_core::registry::parse_operation(&charge).unwrap()))
        .collect();
    tickets.into_iter().for_each(|ticket| drop(ticket.wait().unwrap()));
    let after = shop.commerce.stats();
    assert_eq!(after.operations - before.operations, 500);
    assert_eq!(after.requests - before.requests, 2 * (after.groups - before.groups));
    // A group without changes ends its transaction too.
    shop.submit(&json!({ "op": "user.add", "user": "u1" }));
    assert_eq!(shop.commerce.stats().requests - after.requests, 2);
}
