//! Tests power cuts in delivery to a file: the file has a complete line for every event marked as delivered, and the next
//! run delivers the rest.

use std::collections::HashSet;

use serde_json::Value;

use super::beginning;
use super::check::{Promises, run, told, unsound};
use super::script::Script;
use super::stage::{Recording, Said, Stage, objects};
use super::tally::{Image, Lost, Tally};
use crate::shim::{Call, Entry};

const SINK: &str = "events.jsonl";
/// The command that delivers all pending events and exits.
pub const RELAY: [&str; 5] = ["events", "relay", "--once", "--sink", "file:events.jsonl"];

#[test]
fn a_relay_into_a_file() {
    let mut tally = Tally::new("relay", 150);
    let scripts: Vec<Script> = (0..3).map(|number| Script::customer(number, 2)).collect();
    let promises = Promises::new(&scripts.iter().collect::<Vec<_>>(), &Image::new(beginning()));
    let stage = Stage::new(beginning());
    assert!(stage.feed(&scripts[0], 4, &stage.shim()));
    let begun = stage.mark();
    stage.ok(&RELAY);
    for script in &scripts[1..] {
        assert!(stage.feed(script, 20, &stage.shim()));
        stage.ok(&RELAY);
    }
    let recording = stage.finish();
    let images = tally.left() / 2;
    tally.cut(&recording, begun..usize::MAX, images, &|image, said| delivered(&promises, image, said));
    // The other half of the cuts are near writes of lines, which are few among many calls.
    let appended: Vec<usize> = appended(&recording).collect();
    for (place, at) in appended.iter().enumerate() {
        let images = tally.left().div_ceil(appended.len() - place);
        tally.cut(&recording, *at..at + 1, images, &|image, said| delivered(&promises, image, said));
    }
    tally.end();
}

/// The positions in the log right after lines were written to the file.
fn appended(recording: &Recording) -> impl Iterator<Item = usize> {
    let sink = |entry: &Entry| match &entry.call {
        Call::Create { file, name } if name == SINK => Some(*file),
        _ => None,
    };
    let sink = recording.entries.iter().find_map(sink).expect("the file is made");
    let appends = move |entry: &Entry| matches!(entry.call, Call::Write { file, .. } if file == sink);
    let entries = recording.entries.iter().enumerate();
    entries.filter(move |(_, entry)| appends(entry)).map(|(at, _)| at + 1)
}

/// Checks that delivered events are in the file, and that the next run delivers the rest.
pub fn delivered(promises: &Promises, image: &Image, said: &[Said]) -> Result<(), Lost> {
    let there = lines(image);
    let missing: Vec<i64> =
        events(image, "delivered")?.into_iter().filter(|event| !there.contains(event)).collect();
    if !missing.is_empty() {
        let told = format!("delivered and not in the file: {missing:?}");
        return Err(Lost { operations: missing.len(), told });
    }
    let output = run(image, &RELAY);
    if output.status.code() != Some(0) {
        return unsound(format!("delivery does not go on: {}", told(&output)));
    }
    let (now, pending) = (lines(image), events(image, "pending")?);
    let missing: Vec<i64> =
        events(image, "delivered")?.into_iter().filter(|event| !now.contains(event)).collect();
    if !missing.is_empty() || !pending.is_empty() || !there.is_subset(&now) {
        return unsound(format!(
            "pending {pending:?}, delivered but not in the file {missing:?}, before {there:?}"
        ));
    }
    promises.hold_despite_errors(image, said)
}

/// The numbers of the events with a status.
fn events(image: &Image, status: &str) -> Result<Vec<i64>, Lost> {
    let output = run(image, &["events", "list", "--status", status, "--all", "--output", "jsonl"]);
    if output.status.code() != Some(0) {
        return unsound(told(&output));
    }
    Ok(objects(&output.stdout).iter().filter_map(|event| event["event"].as_i64()).collect())
}

/// The numbers of the events with a complete line in the file. The number is the last part of the identifier.
fn lines(image: &Image) -> HashSet<i64> {
    let text = std::fs::read(image.path().join(SINK)).unwrap_or_default();
    let number = |line: &Value| line["id"].as_str()?.rsplit('-').next()?.parse().ok();
    objects(&text).iter().filter_map(number).collect()
}
