//! Tests power cuts in running processes: one, three at once, and one that fills the log so that it is checkpointed and
//! restarted.

use super::check::Promises;
use super::script::Script;
use super::stage::{STORE, Stage};
use super::tally::{Image, Tally};
use super::{beginning, one, whole};
use crate::shim::{Call, Entry};

#[test]
fn one_process() {
    let mut tally = Tally::new("one", 150);
    let script = Script::customer(0, 4);
    let recording = one(&script, 3);
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| promises.hold(image, said));
    tally.end();
}

#[test]
fn three_processes_at_once() {
    let mut tally = Tally::new("three", 250);
    let scripts: Vec<Script> = (0..3).map(|number| Script::customer(number, 3)).collect();
    let promises = Promises::new(&scripts.iter().collect::<Vec<_>>(), &Image::new(beginning()));
    for round in 0..5 {
        let stage = Stage::new(beginning());
        std::thread::scope(|scope| {
            for (number, script) in scripts.iter().enumerate() {
                let (stage, at_once) = (&stage, 1 + (round + number) % 4);
                scope.spawn(move || assert!(stage.feed(script, at_once, &stage.shim())));
            }
        });
        let recording = stage.finish();
        let images = tally.left().div_ceil(5 - round);
        tally.cut(&recording, whole(&recording), images, &|image, said| promises.hold(image, said));
    }
    tally.end();
}

#[test]
fn the_log_is_checkpointed_and_restarted() {
    let mut tally = Tally::new("checkpoint", 150);
    let script = Script::long(0, 500);
    let recording = one(&script, 1);
    // From the last commits before the checkpoint to some that overwrite the log.
    let store = recording.inodes[STORE];
    let first = |entry: &Entry| matches!(entry.call, Call::Write { file, .. } if file == store);
    let begun =
        recording.entries.iter().position(first).expect("the log was written back while it was in use");
    assert!(begun < recording.entries.len() * 9 / 10, "the log is not restarted");
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    let images = tally.left();
    let range = begun - 200..recording.entries.len();
    tally.cut(&recording, range, images, &|image, said| promises.hold(image, said));
    tally.end();
}

/// A disk that acknowledges syncs without syncing. It shows that the suite detects a missing sync.
#[test]
fn a_disk_that_ignores_syncs_is_detected() {
    let mut tally = Tally::new("lie", 40);
    let script = Script::customer(0, 4);
    let mut recording = one(&script, 3);
    recording.entries.retain(|entry| !matches!(entry.call, Call::Sync { .. } | Call::SyncFolder));
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    let images = tally.left();
    tally.cut(&recording, whole(&recording), images, &|image, said| promises.hold(image, said));
    tally.end_expecting_losses();
}
