//! Processes that start after another died: it is killed at every write and every sync of its work, others then start
//! together and are asked the same under the same keys, and the power is cut after that. Whoever finds in memory
//! what the dead process never synced must not answer from it before it is durable.

use rusqlite::Connection;
use rusqlite::config::DbConfig;

use super::check::{Promises, run};
use super::script::Script;
use super::stage::{Recording, STORE, Said, Stage};
use super::tally::{Image, Lost, Tally};
use super::{beginning, one};
use crate::shim::{Call, Entry, Shim};

/// Who else has the store open.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reader {
    Nobody,
    /// A process that opened it before the one that dies.
    Before,
    /// A program that only reads, such as `sqlite3`, and came when that one had died: it was the first to find what is
    /// in the log.
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
    // At a sync most is at stake.
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

/// Lines that the process which dies is given at once.
const AT_ONCE: usize = 4;

/// What one of those that start only reads.
const HISTORY: [&str; 6] = ["wallet", "history", "u0", "--all", "--output", "jsonl"];

/// Entries that were read are still there.
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

/// A process dies and four come. Tells where in the log it died.
fn dead(script: &Script, kill: u64, reader: Reader) -> (Recording, usize) {
    let stage = Stage::new(beginning());
    let before = (reader == Reader::Before).then(|| stage.reader());
    stage.feed(script, AT_ONCE, &Shim { kill: Some(kill), ..stage.shim() });
    // Without a log it would make one itself.
    let log = stage.path().join(format!("{STORE}-wal")).exists();
    let after = (reader == Reader::After && log).then(|| {
        let connection = Connection::open(stage.path().join(STORE)).unwrap();
        // What it did to the files would not be recorded.
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
    // How its lines come together is not the same in every run, so that the last call may not be reached.
    (recording, died.unwrap_or_default())
}
