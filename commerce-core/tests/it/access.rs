//! Tests the tokens of a server: wrong ones, ones that only read, and ones that expire while the store is open.

use std::path::Path;
use std::time::Duration;

use commerce_core::wallet::Balance;
use commerce_core::{Commerce, Currency, Error, Location, OpenError, Options, SystemClock};
use serde_json::{Value, json};

use crate::jwt::Signer;
use crate::shop::submit;
use crate::sqld::Sqld;
use crate::system::until;

fn options() -> Options {
    Options::new(SystemClock).busy_timeout(Duration::from_secs(60))
}

fn at(server: &Sqld) -> Location {
    server.url().parse().unwrap()
}

fn create(at: Location) -> Result<Commerce, Error> {
    Commerce::create(at, Currency::try_from("KRW").unwrap(), options())
}

fn balance(shop: &Commerce) -> Result<i64, Error> {
    Ok(shop.query(&Balance { user: "u".parse().unwrap() })?.balance.get())
}

/// A charge of 1 that counts once.
fn charge(shop: &Commerce, key: &str) -> Result<Value, Error> {
    submit(shop, &json!({ "op": "wallet.charge", "user": "u", "amount": 1, "key": key }))
}

/// A store with a user, opened with this token.
fn with_user(at: Location) -> Commerce {
    let shop = create(at).unwrap();
    submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
    shop
}

/// The sentence of a refusal at the opening.
#[track_caller]
fn denied(outcome: Result<Commerce, Error>) -> String {
    match outcome {
        Err(Error::Open(error @ OpenError::Denied { .. })) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was opened"),
    }
}

/// The sentence of a refusal on an open handle.
#[track_caller]
fn unavailable<T>(outcome: Result<T, Error>) -> String {
    match outcome {
        Err(error @ Error::Unavailable(_)) => error.to_string(),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was done"),
    }
}

fn run(server: &Sqld, signer: &Signer, sql: &str) {
    let requests = json!([{ "type": "sequence", "sql": sql }, { "type": "close" }]);
    let answer = server.send(Some(&signer.writing()), &json!({ "baton": null, "requests": requests }));
    assert_eq!(answer["results"][0]["type"], "ok", "{answer}");
}

fn put(token: &str, into: &Path) {
    std::fs::write(into, format!("{token}\n")).unwrap();
}

#[test]
fn a_server_that_asks_for_a_token_is_opened_with_a_valid_one() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let (other, _) = Signer::with_server(folder.path());
    for (token, part) in [
        (None, "asks for a token"),
        (Some("wrong".into()), "not valid"),
        (Some(other.writing()), "not valid"),
        (Some(signer.expiring_in(0)), "expired"),
        (Some(signer.reading()), "does not allow this"),
    ] {
        let location = token.iter().fold(at(&server), |at, token| at.token(token));
        let told = denied(create(location));
        assert!(told.contains(part) && token.is_none_or(|token| !told.contains(&token)), "{told}");
    }
    with_user(at(&server).token(&signer.writing()));
}

#[test]
fn a_token_that_only_reads_reads_everything_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    with_user(at(&server).token(&signer.writing()));
    let shop = Commerce::open(at(&server).token(&signer.reading()), options()).unwrap();
    let copy = folder.path().join("copy.db");
    assert_eq!((balance(&shop).unwrap(), shop.verify().unwrap()), (0, vec![]));
    shop.backup(&copy).unwrap();
    let kept = folder.path().join("kept.db");
    for told in
        [unavailable(charge(&shop, "1")), unavailable(shop.repair()), unavailable(shop.restore(&copy, &kept))]
    {
        assert!(told.contains("does not allow this") && told.contains("one that does"), "{told}");
    }
    assert_eq!((balance(&shop).unwrap(), shop.verify().unwrap()), (0, vec![]));
}

#[test]
fn a_schema_of_an_earlier_version_needs_a_token_that_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let first = include_str!("../../src/store/schema/0001_shop.sql");
    let row = "INSERT INTO store VALUES (1, 'u', 'USD', 0, 0, 0, 0, 0, 0, 0, 0); PRAGMA user_version = 1";
    run(&server, &signer, &format!("{first};{row}"));
    let told = denied(Commerce::open(at(&server).token(&signer.reading()), options()));
    assert!(told.contains("schema 1 must be migrated to "), "{told}");
    Commerce::open(at(&server).token(&signer.writing()), options()).unwrap();
    Commerce::open(at(&server).token(&signer.reading()), options()).unwrap();
}

#[test]
fn products_that_are_not_indexed_do_not_keep_a_reader_out() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let shop = with_user(at(&server).token(&signer.writing()));
    submit(&shop, &json!({ "op": "product.add", "product": "mug", "name": "Mug", "price": 1, "stock": 1 }))
        .unwrap();
    let forget = "INSERT INTO product_grams (product_grams) VALUES ('delete-all')";
    run(&server, &signer, forget);
    let open = |token: String| Commerce::open(at(&server).token(&token), options()).unwrap();
    let urgent = |shop: &Commerce| shop.warnings().into_iter().filter(|w| w.is_urgent()).count();
    let reading = open(signer.reading());
    assert_eq!((balance(&reading).unwrap(), urgent(&reading)), (0, 1));
    assert_eq!(urgent(&open(signer.writing())), 0);
    assert_eq!(urgent(&open(signer.reading())), 0);
}

#[test]
fn a_token_that_expires_makes_the_store_unavailable_until_it_is_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let (signer, server) = Signer::with_server(folder.path());
    let file = folder.path().join("token");
    put(&signer.expiring_in(3), &file);
    let shop = with_user(at(&server).token_file(&file).unwrap());
    charge(&shop, "1").unwrap();
    until("the token expires", || balance(&shop).is_err());
    for told in [unavailable(balance(&shop)), unavailable(charge(&shop, "2")), unavailable(shop.version())] {
        assert!(told.contains("expired") && told.contains(file.to_str().unwrap()), "{told}");
    }
    let told = denied(Commerce::open(at(&server).token_file(&file).unwrap(), options()));
    assert!(told.contains("expired"), "{told}");

    std::fs::remove_file(&file).unwrap();
    let told = unavailable(balance(&shop));
    assert!(told.contains("cannot be read") && told.contains("expired"), "{told}");
    // A file in the middle of being written changes nothing.
    put("", &file);
    assert!(unavailable(balance(&shop)).contains("expired"));

    put(&signer.writing(), &file);
    charge(&shop, "2").unwrap();
    charge(&shop, "2").unwrap();
    assert_eq!((balance(&shop).unwrap(), shop.verify().unwrap()), (2, vec![]));
    assert!(at(&server).token_file(folder.path().join("none")).unwrap_err().to_string().contains("none"));
}

#[test]
fn a_server_that_takes_no_writes_is_read() {
    let server = Sqld::start();
    let shop = with_user(at(&server));
    let blocked = |reads: bool, writes: bool| {
        let config = json!({
            "block_reads": reads, "block_writes": writes, "durability_mode": "strong", "txn_timeout_s": 5
        });
        server.configure(&config.to_string());
    };
    blocked(false, true);
    assert!(unavailable(charge(&shop, "1")).contains("block_writes"));
    let reading = Commerce::open(at(&server), options()).unwrap();
    assert_eq!(balance(&reading).unwrap(), 0);
    assert!(unavailable(charge(&reading, "1")).contains("block_writes"));
    blocked(true, true);
    assert!(denied(Commerce::open(at(&server), options())).contains("block_reads"));
    blocked(false, false);
    charge(&reading, "1").unwrap();
    charge(&shop, "1").unwrap();
    assert_eq!(balance(&shop).unwrap(), 1);
}
