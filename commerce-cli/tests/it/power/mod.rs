//! Power cuts. Real processes work on a real folder while the shim writes down what they do to it; from that, images
//! are made of what a power cut at any point may leave (`disk.rs`), and each is opened with the real program: what was
//! acknowledged before the cut is there, replays and refusals included, nothing is half done, `verify` finds nothing.

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

/// A store with what every script needs, closed.
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

/// All of a recording.
fn whole(recording: &Recording) -> Range<usize> {
    0..recording.entries.len()
}

/// One process that does a script on a store that was just made, some lines at once.
fn one(script: &Script, at_once: usize) -> Recording {
    let stage = Stage::new(beginning());
    assert!(stage.feed(script, at_once, &stage.shim()));
    stage.finish()
}
