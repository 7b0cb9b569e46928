//! Tests power cuts. Real processes work on a real folder while the shim records their calls. From the recording come
//! images of the folder as a power cut at any point may leave it (`disk.rs`), and the real program opens each. Everything
//! acknowledged before the cut must be there, replays and refusals included, nothing half done, and `verify` finds nothing.

mod again;
pub mod check;
pub mod disk;
pub mod files;
mod random;
pub mod relay;
mod running;
pub mod script;
pub mod stage;
mod starting;
pub mod tally;

use std::ops::Range;
use std::sync::OnceLock;

use disk::Content;
use script::Script;
use stage::{Recording, STORE, Stage};

/// A closed store with the rows that every script needs.
pub fn beginning() -> &'static Content {
    static BEGINNING: OnceLock<Content> = OnceLock::new();
    BEGINNING.get_or_init(|| {
        let stage = Stage::new(&Content::new());
        stage.ok(&["init"]);
        assert!(stage.feed(&Script::beginning(), 100, &stage.shim()));
        let files = stage::get(&stage.path());
        assert!(files.contains_key(STORE) && !files.contains_key("shop.db-wal"), "{:?}", files.keys());
        files
    })
}

/// The range of a whole recording.
fn whole(recording: &Recording) -> Range<usize> {
    0..recording.entries.len()
}

/// Records one process that runs a script on a new store, `at_once` lines at a time.
fn one(script: &Script, at_once: usize) -> Recording {
    let stage = Stage::new(beginning());
    assert!(stage.feed(script, at_once, &stage.shim()));
    stage.finish()
}
