//! Tests several processes that create, migrate or open one store at the same moment.

use std::sync::Barrier;

use commerce_core::{Commerce, Currency, Error, OpenError, Options, SystemClock};
use serde_json::json;

use crate::shop::submit;

#[test]
fn of_many_that_create_a_store_at_once_one_succeeds_and_the_others_are_refused() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let (path, start) = (folder.path().join("shop.db"), Barrier::new(8));
        let made = std::thread::scope(|scope| {
            let one = || {
                start.wait();
                Commerce::create(&path, Currency::try_from("KRW").unwrap(), Options::new(SystemClock))
            };
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
        for refused in made.iter().filter_map(|made| made.as_ref().err()) {
            assert!(matches!(refused, Error::Open(OpenError::Exists(_))), "{refused}");
        }
        let shop = made.into_iter().find_map(Result::ok).unwrap();
        submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
        assert_eq!(shop.verify().unwrap(), []);
    }
}

#[test]
fn many_that_open_a_store_of_an_older_version_migrate_it_once() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let (path, start) = (folder.path().join("shop.db"), Barrier::new(8));
        first_version(&path);
        std::thread::scope(|scope| {
            for number in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let shop = Commerce::open(path, Options::new(SystemClock)).unwrap();
                    submit(&shop, &json!({ "op": "user.add", "user": format!("u{number}") })).unwrap();
                });
            }
        });
        let shop = Commerce::open(&path, Options::new(SystemClock)).unwrap();
        assert_eq!(shop.query(&commerce_core::user::List::default()).unwrap().items.len(), 8);
        assert_eq!(shop.verify().unwrap(), []);
    }
}

#[test]
fn a_backup_of_an_older_version_is_restored_in_the_present_one_and_a_newer_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (path, old, newer) =
        (folder.path().join("shop.db"), folder.path().join("old"), folder.path().join("new"));
    let shop =
        Commerce::create(&path, Currency::try_from("KRW").unwrap(), Options::new(SystemClock)).unwrap();
    submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
    shop.backup(&newer).unwrap();
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = shop.restore(&newer, &folder.path().join("kept")).unwrap_err();
    assert!(matches!(refused, Error::Open(OpenError::Newer { found: 99, .. })), "{refused}");
    assert_eq!(shop.query(&commerce_core::user::List::default()).unwrap().items.len(), 1);

    first_version(&old);
    shop.restore(&old, &folder.path().join("kept")).unwrap();
    assert_eq!(shop.query(&commerce_core::user::List::default()).unwrap().items.len(), 0);
    submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
    assert_eq!(shop.query(&commerce_core::outbox::Lag).unwrap().pending, 0);
    assert_eq!(shop.verify().unwrap(), []);
    assert_eq!(
        folder
            .path()
            .read_dir()
            .unwrap()
            .filter(|entry| { entry.as_ref().unwrap().file_name().to_string_lossy().contains("restore") })
            .count(),
        0,
        "nothing is left behind"
    );
}

/// Creates a store of the first schema version.
fn first_version(path: &std::path::Path) {
    let old = rusqlite::Connection::open(path).unwrap();
    old.execute_batch(include_str!("../../src/store/schema/0001_shop.sql")).unwrap();
    old.execute_batch("INSERT INTO store VALUES (1, 'a', 'KRW', 0, 0, 0, 0, 0, 0, 0, 0)").unwrap();
    old.pragma_update(None, "application_id", 0x5368_6f70).unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
}

#[test]
fn an_error_leads_to_the_one_beneath() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.db");
    std::fs::write(&path, "this is not a database, but text that is longer than a header of one".repeat(9))
        .unwrap();
    let Err(error) = Commerce::open(&path, Options::new(SystemClock)) else { panic!("no store") };
    let mut sources = Vec::new();
    let mut beneath = std::error::Error::source(&error);
    while let Some(error) = beneath {
        sources.push(error);
        beneath = error.source();
    }
    let sqlite = sources.iter().find_map(|error| error.downcast_ref::<rusqlite::Error>());
    let code = sqlite.and_then(rusqlite::Error::sqlite_error_code);
    assert_eq!(code, Some(rusqlite::ErrorCode::NotADatabase), "{error}: {sources:?}");
}
