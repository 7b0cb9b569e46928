//! Tests a store whose files are removed while it is open: every operation and query detects it and acknowledges nothing.

use std::fs::OpenOptions;
use std::path::Path;
use std::time::{Duration, Instant};

use commerce_core::{Commerce, Currency, Error, OpenError, Options, Probe, SystemClock, user};
use serde_json::json;

use crate::shop::{Shop, submit};

/// A name, the change to the files, and the expected message.
type Fault = (&'static str, fn(&Path), &'static str);

const FAULTS: [Fault; 7] = [
    ("removed", |store| std::fs::remove_file(store).unwrap(), "its file was removed"),
    (
        "moved away",
        |store| std::fs::rename(store, store.with_extension("moved")).unwrap(),
        "its file was removed",
    ),
    (
        "moved with its folder",
        |store| {
            let folder = store.parent().unwrap();
            std::fs::rename(folder, folder.with_extension("moved")).unwrap();
        },
        "its file was removed",
    ),
    (
        "replaced",
        |store| {
            let other = store.with_extension("other");
            std::fs::copy(store, &other).unwrap();
            std::fs::rename(&other, store).unwrap();
        },
        "its file was replaced",
    ),
    (
        "emptied",
        |store| drop(OpenOptions::new().write(true).truncate(true).open(store).unwrap()),
        "its file was emptied",
    ),
    ("without its log", |store| std::fs::remove_file(beside(store, "-wal")).unwrap(), "its log was removed"),
    (
        "with another log",
        |store| {
            std::fs::remove_file(beside(store, "-wal")).unwrap();
            std::fs::write(beside(store, "-wal"), "").unwrap();
        },
        "its log was replaced",
    ),
];

fn beside(store: &Path, suffix: &str) -> std::path::PathBuf {
    let mut name = store.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

#[test]
fn nothing_is_acknowledged_once_the_store_is_gone() {
    for (what, fault, said) in FAULTS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop").join("shop.db");
        std::fs::create_dir(path.parent().unwrap()).unwrap();
        let shop =
            Commerce::create(&path, Currency::try_from("KRW").unwrap(), Options::new(SystemClock)).unwrap();
        submit(&shop, &json!({ "op": "user.add", "user": "u" })).unwrap();
        fault(&path);
        let charge = json!({ "op": "wallet.charge", "user": "u", "amount": 1 });
        let gone = |told: Option<Error>| match told {
            Some(Error::Gone(reason)) => assert!(reason.contains(said), "{what}: {reason}"),
            other => panic!("{what}: {other:?}"),
        };
        gone(submit(&shop, &charge).err());
        gone(shop.perform(Probe).err());
        gone(shop.query(&user::List::default()).err());
        gone(shop.version().err());
        gone(shop.verify().err());
        gone(shop.repair().err());
        gone(shop.backup(&folder.path().join("copy")).err());
        gone(shop.restore(&path, &folder.path().join("copy")).err());
        let began = Instant::now();
        gone(shop.wait(0, Duration::from_secs(60)).err());
        assert!(began.elapsed() < Duration::from_secs(30), "{what}: nobody waits for a store that is gone");
        assert!(!folder.path().join("copy").exists(), "{what}");
    }
}

#[test]
fn a_restored_store_is_opened_again() {
    let shop = Shop::new();
    submit(&shop.commerce, &json!({ "op": "user.add", "user": "u" })).unwrap();
    let aside = shop.path.with_extension("aside");
    std::fs::rename(&shop.path, &aside).unwrap();
    let charge = json!({ "op": "wallet.charge", "user": "u", "amount": 1 });
    assert!(matches!(submit(&shop.commerce, &charge), Err(Error::Gone(_))));
    std::fs::rename(&aside, &shop.path).unwrap();
    // The process cannot know what happened to the store meanwhile.
    assert!(matches!(submit(&shop.commerce, &charge), Err(Error::Gone(_))));
    let anew = Commerce::open(shop.at(), Options::new(SystemClock)).unwrap();
    assert_eq!(submit(&anew, &charge).unwrap()["balance"], 1);
    assert_eq!(anew.verify().unwrap(), []);
}

#[test]
fn no_store_is_made_beside_the_log_of_another() {
    for emptied in [false, true] {
        let shop = Shop::new();
        submit(&shop.commerce, &json!({ "op": "user.add", "user": "u" })).unwrap();
        match emptied {
            false => std::fs::remove_file(&shop.path).unwrap(),
            true => std::fs::write(&shop.path, "").unwrap(),
        }
        let log = std::fs::read(beside(&shop.path, "-wal")).unwrap();
        let options = || Options::new(SystemClock);
        let made = Commerce::create(&shop.path, Currency::try_from("KRW").unwrap(), options());
        assert!(matches!(made, Err(Error::Open(OpenError::Log { .. }))), "{:?}", made.err());
        let opened = Commerce::open(&shop.path, options()).err();
        match emptied {
            false => assert!(matches!(opened, Some(Error::Open(OpenError::Missing(_)))), "{opened:?}"),
            true => assert!(matches!(opened, Some(Error::Open(OpenError::Foreign { .. }))), "{opened:?}"),
        }
        assert_eq!(std::fs::read(beside(&shop.path, "-wal")).unwrap(), log, "the log is left alone");
    }
}
