//! Chooses the calls that fail, and counts the faults that the tests find.

use crate::shim::Fault;

const ENOSPC: i32 = 28;
const EIO: i32 = 5;
/// Not an errno: the call does half of its work.
const HALF: i32 = 0;

/// The kinds of calls, and the ways in which each may fail.
pub const WRITES: &[(char, &[i32])] = &[('w', &[ENOSPC, EIO, HALF])];
pub const READS: &[(char, &[i32])] = &[('r', &[EIO, HALF])];
pub const OTHERS: &[(char, &[i32])] =
    &[('s', &[EIO, ENOSPC]), ('t', &[EIO]), ('o', &[EIO]), ('n', &[EIO, ENOSPC])];

/// Runs with a failing call. Returns whether the run reached the call, or what went wrong.
pub type Attempt<'a> = &'a dyn Fn(Fault) -> Result<bool, String>;

/// Makes every `step`th call of each kind fail, in every way, once and from then on. For a single fault:
/// `COMMERCE_TEST_FAULT=run:kind:which:errno:on`.
pub fn each(name: &str, kinds: &[(char, &[i32])], step: u64, attempt: Attempt<'_>) {
    let named = |fault: Fault| {
        let Fault { calls, nth, error, on } = fault;
        format!("{name}:{calls}:{nth}:{error}:{}", u8::from(on))
    };
    if let Some((run, fault)) = only() {
        assert!(
            run != name || attempt(fault).unwrap(),
            "{}: the run does not come to that call",
            named(fault)
        );
        return;
    }
    let (mut tried, mut wrong) = (0, Vec::new());
    let ways = kinds.iter().flat_map(|(calls, errors)| errors.iter().map(move |error| (*calls, *error)));
    for ((calls, error), on) in ways.flat_map(|way| [(way, false), (way, true)]) {
        let mut nth = 1;
        loop {
            let fault = Fault { calls, nth, error, on };
            match attempt(fault) {
                Ok(true) => {}
                Ok(false) => break,
                Err(what) => wrong.push((named(fault), what)),
            }
            tried += 1;
            nth += step;
        }
    }
    println!("{name}: {tried} faults, {} gone wrong", wrong.len());
    assert!(tried > 0, "{name}: no call failed");
    let told: Vec<String> = wrong.iter().take(12).map(|(fault, what)| format!("{fault}: {what}")).collect();
    if let Some((first, _)) = wrong.first() {
        panic!(
            "{name}: {} of {tried} faults went wrong (run, kind of call, which, errno, from then on), the first:\n\
             {}\nagain: COMMERCE_TEST_FAULT={first} cargo test -p commerce-cli failing",
            wrong.len(),
            told.join("\n"),
        );
    }
}

/// The distance between failing calls. With `COMMERCE_TEST_FAULTS=all` it is one, so every call fails.
pub fn step(usual: u64) -> u64 {
    match std::env::var("COMMERCE_TEST_FAULTS").as_deref() {
        Ok("all") => 1,
        Ok(other) => panic!("COMMERCE_TEST_FAULTS is all or not set, got {other}"),
        Err(_) => usual,
    }
}

/// The run and the fault that the environment selects, if it does.
fn only() -> Option<(String, Fault)> {
    let named = std::env::var("COMMERCE_TEST_FAULT").ok()?;
    let parts: Vec<&str> = named.split(':').collect();
    let [name, calls, nth, error, on] = parts[..] else {
        panic!("COMMERCE_TEST_FAULT: run:kind:which:errno:on");
    };
    let fault = Fault {
        calls: calls.parse().unwrap(),
        nth: nth.parse().unwrap(),
        error: error.parse().unwrap(),
        on: on == "1",
    };
    Some((name.into(), fault))
}
