//! Tests a second power cut. A process that recovers from the first cut is killed at some call, another one runs to its
//! end, and the power is cut at some point of that.

use std::cell::RefCell;

use super::check::Promises;
use super::random::Random;
use super::script::Script;
use super::stage::{Said, Stage, get};
use super::tally::{Image, Tally};
use super::{beginning, one, whole};
use crate::shim::Shim;

/// Second cuts for each first cut.
const SECOND: usize = 5;

#[test]
fn a_second_cut_after_the_first() {
    let second = RefCell::new(Tally::new("again", 150));
    let cuts = second.borrow().left().div_ceil(SECOND);
    let mut first = Tally::exactly("again-first", cuts);
    let script = Script::customer(0, 2);
    let promises = Promises::new(&[&script], &Image::new(beginning()));
    let number = RefCell::new(0);
    first.cut(&one(&script, 3), 0..usize::MAX, cuts, &|image, said| {
        *number.borrow_mut() += 1;
        let stage = Stage::new(&get(&image.path()));
        let kill = Random::new("again-kill", *number.borrow()).below(100) as u64;
        stage.feed(&script, 4, &Shim { kill: Some(kill), ..stage.shim() });
        stage.feed(&script, 2, &stage.shim());
        let recording = stage.finish();
        second.borrow_mut().cut(&recording, whole(&recording), SECOND, &|image, then| {
            let said: Vec<Said> = said.iter().chain(then).cloned().collect();
            promises.hold(image, &said)
        });
        Ok(())
    });
    second.into_inner().end();
}
