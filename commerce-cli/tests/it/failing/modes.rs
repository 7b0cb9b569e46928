//! Tests failing calls of a process beside others, of backup, restore and delivery: some of their calls, or all with
//! `COMMERCE_TEST_FAULTS=all cargo test -p commerce-cli failing`.

use super::faults::{Attempt, OTHERS, READS, WRITES, each, step};
use super::{blamed, ended};
use crate::power::beginning;
use crate::power::check::{Promises, run, told};
use crate::power::disk::Content;
use crate::power::files::worked;
use crate::power::relay::{RELAY, delivered};
use crate::power::script::Script;
use crate::power::stage::{Recording, STORE, Stage, get};
use crate::power::tally::Image;
use crate::shim::Shim;

#[test]
fn beside_others_whose_calls_do_not_fail() {
    let scripts: Vec<Script> = (0..3).map(|number| Script::obliging(number, 1)).collect();
    let promises = Promises::new(&scripts.iter().collect::<Vec<_>>(), &Image::new(beginning()));
    some("beside", 9, &|fault| {
        let stage = Stage::new(beginning());
        let status = std::thread::scope(|scope| {
            for script in &scripts[1..] {
                let stage = &stage;
                scope.spawn(move || assert!(stage.feed(script, 3, &stage.shim())));
            }
            stage.status(&scripts[0], 4, &Shim { fault: Some(fault), ..stage.shim() })
        });
        let Some((recording, left)) = reached(stage) else { return Ok(false) };
        ended(status)?;
        let said = recording.said();
        blamed(&said)?;
        let others = said.iter().filter(|said| !scripts[0].0.contains(said.asked.as_ref().unwrap()));
        let refused = others.clone().find(|said| said.error().is_some());
        if let Some(said) = refused {
            return Err(format!("another process got {}", said.text));
        }
        if others.count() != scripts[1].0.len() + scripts[2].0.len() {
            return Err("another process did not come to its end".into());
        }
        promises.hold_despite_errors(&Image::new(&left), &said).map_err(|lost| lost.told)?;
        Ok(true)
    });
}

#[test]
fn backup() {
    let (script, content, before) = worked();
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    some("backup", 9, &|fault| {
        let stage = Stage::new(&content);
        let output = stage.run(&["backup", "copy.db"], &Shim { fault: Some(fault), ..stage.shim() });
        let Some((_, mut left)) = reached(stage) else { return Ok(false) };
        ended(output.status)?;
        match (output.status.code(), left.remove("copy.db")) {
            (Some(0), None) => return Err("done, and not there".into()),
            (_, Some(copy)) => {
                let copy = Image::new(&Content::from([(STORE.into(), copy)]));
                promises.hold(&copy, &before).map_err(|lost| lost.told)?;
            }
            _ => {}
        }
        let image = Image::new(&left);
        let again = run(&image, &["backup", "copy.db"]);
        if again.status.code() != Some(0) {
            return Err(format!("not the next time either: {}", told(&again)));
        }
        promises.hold(&image, &before).map_err(|lost| lost.told)?;
        Ok(true)
    });
}

#[test]
fn restore() {
    let (script, mut content, before) = worked();
    content.insert("old.db".into(), beginning()[STORE].clone());
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    some("restore", 29, &|fault| {
        let stage = Stage::new(&content);
        let shim = Shim { fault: Some(fault), ..stage.shim() };
        let output = stage.run(&["restore", "old.db", "--yes"], &shim);
        let Some((_, left)) = reached(stage) else { return Ok(false) };
        ended(output.status)?;
        let image = Image::new(&left);
        let looked = run(&image, &["balance", "u0"]);
        let held = match (looked.status.code(), output.status.code()) {
            // The backup has no such user.
            (Some(3), Some(0 | 5)) => promises.hold(&image, &[]),
            (Some(0), Some(1 | 4 | 5)) => promises.hold(&image, &before),
            _ => return Err(format!("{}, then {}", told(&output), told(&looked))),
        };
        held.map_err(|lost| lost.told)?;
        Ok(true)
    });
}

#[test]
fn delivery() {
    let (script, content, before) = worked();
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    some("relay", 9, &|fault| {
        let stage = Stage::new(&content);
        let output = stage.run(&RELAY, &Shim { fault: Some(fault), ..stage.shim() });
        let Some((_, left)) = reached(stage) else { return Ok(false) };
        ended(output.status)?;
        let held = delivered(&promises, &Image::new(&left), &before);
        held.map_err(|lost| format!("{}; then {}", told(&output), lost.told))?;
        Ok(true)
    });
}

fn some(name: &str, usual: u64, attempt: Attempt<'_>) {
    each(name, &[WRITES, READS, OTHERS].concat(), step(usual), attempt);
}

/// The recording and the files after a run that reached the failing call.
fn reached(stage: Stage) -> Option<(Recording, Content)> {
    let left = get(&stage.path());
    let recording = stage.finish();
    recording.failed().then_some((recording, left))
}
