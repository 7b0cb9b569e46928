//! Tests processes that start after another one died. The first is killed at every write and every sync, the others then
//! start together and get the same lines with the same keys, and the power is cut after that. A process that finds writes
//! of the dead process in memory must make them durable before it answers from them.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::check::{Promises, run};
use super::script::Script;
use super::stage::{Recording, STORE, Said, Stage};
use super::tally::{Image, Lost, Tally};
use super::{beginning, one};
use crate::shim::{Call, Entry, Shim};

/// Another process that has the store open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Nobody,
    /// A process that opened the store before the process that dies.
    Before,
    /// A program that only reads, such as `sqlite3`, and opened the store after the process died. It is the first to read
    /// the log.
    After,
}

#[test]
fn some_start_together_after_a_kill_at_every_write_and_sync() {
    killed("kill", Reader::Nobody);
}

#[test]
fn the_same_while_a_reader_stays_open() {
    killed("kill-reader", Reader::Before);
}

#[test]
fn the_same_with_a_reader_that_came_first() {
    killed("kill-first", Reader::After);
}

fn killed(name: &'static str, reader: Reader) {
    let mut tally = Tally::new(name, 300);
    let script = Script::customer(0, 1);
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    // A kill at a sync can lose the most.
    let weight = |entry: &Entry| match entry.call {
        Call::Said { .. } => None,
        Call::Sync { .. } => Some(8),
        _ => Some(1),
    };
    let weights: Vec<usize> = one(&script, AT_ONCE).entries.iter().filter_map(weight).collect();
    for (place, weight) in weights.iter().enumerate() {
        let (recording, died) = dead(&script, place as u64 + 1, reader);
        let images = (tally.left() * weight).div_ceil(weights[place..].iter().sum());
        let range = died..recording.entries.len();
        tally.cut(&recording, range, images, &|image, said| {
            seen(image, said)?;
            promises.hold(image, said)
        });
    }
    tally.end();
}

/// Lines at a time for the process that dies.
const AT_ONCE: usize = 4;

/// The command of a later process that only reads.
const HISTORY: [&str; 6] = ["wallet", "history", "u0", "--all", "--output", "jsonl"];

/// Checks that the entries that were read are still there.
fn seen(image: &Image, said: &[Said]) -> Result<(), Lost> {
    let mut read =
        said.iter().filter(|said| said.asked.is_none() && said.text.starts_with("{\"id\"")).peekable();
    if read.peek().is_none() {
        return Ok(());
    }
    let output = run(image, &HISTORY);
    let history = String::from_utf8_lossy(&output.stdout);
    match read.find(|said| !history.lines().any(|line| line == said.text)) {
        None => Ok(()),
        Some(said) => Err(Lost { operations: 1, told: format!("read and now gone: {}", said.text) }),
    }
}

/// Kills a process and starts four others. Returns the recording and the position of the kill.
fn dead(script: &Script, kill: u64, reader: Reader) -> (Recording, usize) {
    let stage = Stage::new(beginning());
    let before = (reader == Reader::Before).then(|| stage.reader());
    stage.feed(script, AT_ONCE, &Shim { kill: Some(kill), ..stage.shim() });
    // Without a log the reader would create one.
    let log = stage.path().join(format!("{STORE}-wal")).exists();
    let after = (reader == Reader::After && log).then(|| {
        let connection = Connection::open(stage.path().join(STORE)).unwrap();
        // The reader's own changes to the files would not be recorded.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        let count = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        assert!(connection.query_row("SELECT count(*) FROM sqlite_schema", [], count).unwrap() > 0);
        connection
    });
    std::thread::scope(|scope| {
        scope.spawn(|| stage.run(&HISTORY, &stage.shim()));
        for at_once in [2, 3, 4] {
            let stage = &stage;
            scope.spawn(move || assert!(stage.feed(script, at_once, &stage.shim())));
        }
    });
    drop(after);
    if let Some(reader) = before {
        reader.end();
    }
    let recording = stage.finish();
    let died = recording.entries.iter().position(|entry| matches!(entry.call, Call::Killed));
    // Its lines are not grouped the same in every run, so the last call may not be reached.
    (recording, died.unwrap_or_default())
}
