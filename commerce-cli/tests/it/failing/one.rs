//! Tests failing calls of one process.

use super::faults::{OTHERS, READS, WRITES, each};
use super::{blamed, ended};
use crate::power::beginning;
use crate::power::check::Promises;
use crate::power::script::Script;
use crate::power::stage::{Stage, get};
use crate::power::tally::Image;
use crate::shim::{Fault, Shim};

#[test]
fn every_write_fails() {
    one_process("one-writes", WRITES);
}

#[test]
fn every_read_fails() {
    one_process("one-reads", READS);
}

#[test]
fn every_sync_truncate_open_and_name_fails() {
    one_process("one-others", OTHERS);
}

fn one_process(name: &str, kinds: &[(char, &[i32])]) {
    let script = Script::obliging(0, 1);
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    each(name, kinds, 1, &|fault| attempt(&script, &promises, fault));
}

fn attempt(script: &Script, promises: &Promises, fault: Fault) -> Result<bool, String> {
    let stage = Stage::new(beginning());
    let status = stage.status(script, 4, &Shim { fault: Some(fault), ..stage.shim() });
    let left = get(&stage.path());
    let recording = stage.finish();
    if !recording.failed() {
        return Ok(false);
    }
    let said = recording.said();
    let errors = said.iter().filter_map(|said| said.error()).count();
    ended(status)?;
    blamed(&said)?;
    let all = said.len() == script.0.len() && errors == 0;
    if matches!(status.code(), Some(0 | 3)) != all {
        return Err(format!("{status} after {} results of which {errors} were errors", said.len()));
    }
    promises.hold_despite_errors(&Image::new(&left), &said).map_err(|lost| lost.told)?;
    Ok(true)
}
