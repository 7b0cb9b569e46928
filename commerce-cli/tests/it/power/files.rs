//! Tests power cuts in commands that create or replace whole files: init, migration, backup, restore, repair. After a cut,
//! each is done or not done, and it is done if the command has reported success.

use rusqlite::Connection;

use super::check::{Promises, run, told, unsound, verified};
use super::disk::Content;
use super::script::Script;
use super::stage::{STORE, Said, Stage, get, put};
use super::tally::{Image, Lost, Tally};
use super::{beginning, whole};

#[test]
fn init() {
    let mut tally = Tally::new("init", 100);
    let stage = Stage::new(&Content::new());
    stage.ok(&["init", "--output", "json"]);
    let recording = stage.finish();
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| {
        let output = run(image, &["balance", "nobody"]);
        match output.status.code() {
            // The store exists and has no such user.
            Some(3) => verified(image),
            Some(4) if said.is_empty() => {
                let again = run(image, &["init"]);
                if again.status.code() == Some(0) { verified(image) } else { unsound(told(&again)) }
            }
            _ => Err(Lost { operations: said.len(), told: told(&output) }),
        }
    });
    tally.end();
}

#[test]
fn migration() {
    let mut tally = Tally::new("migration", 100);
    let old = old();
    let script = Script::charges("alice", 6);
    let promises = Promises::new(&[&script], &Image::new(&old));
    let stage = Stage::new(&old);
    assert!(stage.feed(&script, 2, &stage.shim()));
    let recording = stage.finish();
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| promises.hold(image, said));
    tally.end();
}

#[test]
fn backup() {
    let mut tally = Tally::new("backup", 100);
    let scripts = [Script::customer(0, 1), Script::customer(1, 1)];
    let promises = Promises::new(&[&scripts[0], &scripts[1]], &Image::new(beginning()));
    let stage = Stage::new(beginning());
    assert!(stage.feed(&scripts[0], 4, &stage.shim()));
    let begun = stage.mark();
    std::thread::scope(|scope| {
        scope.spawn(|| assert!(stage.feed(&scripts[1], 1, &stage.shim())));
        scope.spawn(|| stage.ok(&["backup", "copy.db", "--output", "json"]));
    });
    let recording = stage.finish();
    // The copy has all answered lines of the first customer, and those of the second that were done by then.
    let first = |said: &&Said| said.asked.as_ref().is_some_and(|line| scripts[0].0.contains(line));
    let images = tally.left();
    tally.cut(&recording, begun..usize::MAX, images, &|image, said| {
        let done = said.iter().any(|said| said.text.contains("backup"));
        let mut files = get(&image.path());
        promises.hold(image, said)?;
        match files.remove("copy.db") {
            Some(copy) => {
                let said: Vec<Said> = said.iter().filter(first).cloned().collect();
                promises.hold(&Image::new(&Content::from([(STORE.into(), copy)])), &said)
            }
            None if done => Err(Lost { operations: 1, told: "the backup is gone".into() }),
            None => Ok(()),
        }
    });
    tally.end();
}

#[test]
fn restore() {
    let mut tally = Tally::new("restore", 100);
    let (script, mut content, before) = worked();
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    content.insert("old.db".into(), beginning()[STORE].clone());
    let stage = Stage::new(&content);
    stage.ok(&["restore", "old.db", "--yes", "--output", "json"]);
    let recording = stage.finish();
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| {
        let output = run(image, &["balance", "u0"]);
        match (output.status.code(), said.is_empty()) {
            // The backup has no such user.
            (Some(3), _) => {
                kept(&promises, image, &before)?;
                promises.hold(image, &[])
            }
            (Some(0), true) => promises.hold(image, &before),
            _ => Err(Lost { operations: said.len(), told: format!("not restored: {}", told(&output)) }),
        }
    });
    tally.end();
}

#[test]
fn repair() {
    let mut tally = Tally::new("repair", 100);
    let (script, content, before) = worked();
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    let stage = Stage::new(&wrong(&content));
    stage.run(&["verify", "--repair", "--yes", "-q", "--output", "json"], &stage.shim());
    stage.ok(&["verify", "-q", "--output", "json"]);
    let recording = stage.finish();
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| {
        let done = said.iter().any(|said| said.text == r#"{"differences":[]}"#);
        let copy = get(&image.path()).into_keys().find(|name| name.starts_with("shop.db.before-repair-"));
        let output = run(image, &["verify", "-q"]);
        match (output.status.code(), &copy) {
            (Some(0), Some(copy)) => {
                // The copy is complete, with the same wrong balance as the store.
                let kept = run(image, &["--db", copy, "verify", "-q"]);
                if kept.status.code() != Some(3) {
                    return unsound(format!("the copy before the repair: {}", told(&kept)));
                }
            }
            (Some(3), _) if !done => {
                let again = run(image, &["verify", "--repair", "--yes", "-q"]);
                if again.status.code() != Some(0) {
                    return unsound(told(&again));
                }
            }
            _ => {
                return Err(Lost {
                    operations: 1,
                    told: format!("copy {copy:?}, verify: {}", told(&output)),
                });
            }
        }
        promises.hold(image, &before)
    });
    tally.end();
}

/// Checks that the copy of the replaced store is complete.
fn kept(promises: &Promises, image: &Image, before: &[Said]) -> Result<(), Lost> {
    let copy = get(&image.path()).into_iter().find(|(name, _)| name.starts_with("shop.db.before-restore-"));
    let Some((_, copy)) = copy else { return unsound("the copy before the restore is gone".into()) };
    promises.hold(&Image::new(&Content::from([(STORE.into(), copy)])), before)
}

/// A store after a customer's script, with the script and its answers.
pub fn worked() -> (Script, Content, Vec<Said>) {
    let script = Script::customer(0, 2);
    let stage = Stage::new(beginning());
    assert!(stage.feed(&script, 5, &stage.shim()));
    let content = get(&stage.path());
    (script, content, stage.finish().said())
}

/// A store in which a balance differs from the ledger.
fn wrong(content: &Content) -> Content {
    let image = Image::new(content);
    put(&image.path(), content);
    let store = Connection::open(image.path().join(STORE)).unwrap();
    store.execute("UPDATE wallets SET balance = balance + 5", []).unwrap();
    store.close().unwrap();
    get(&image.path())
}

/// A store of the first schema version: a user with 500, and none of the later tables.
fn old() -> Content {
    let image = Image::new(&Content::new());
    let store = Connection::open(image.path().join(STORE)).unwrap();
    store.pragma_update(None, "journal_mode", "wal").unwrap();
    store.execute_batch(include_str!("../../../../commerce-core/src/store/schema/0001_shop.sql")).unwrap();
    store.execute_batch(include_str!("old.sql")).unwrap();
    store.close().unwrap();
    get(&image.path())
}
