//! Tests failing calls. The shim makes one call of the program on its folder fail, once or from then on: no space, an
//! input/output error, or half of the work done. For every call of a run, the program must end within 15 s with a code of
//! the contract. Acknowledged operations were done, failed ones were not, and the store is sound and works.

mod faults;
mod modes;
mod one;
mod serving;

use std::process::ExitStatus;

use crate::power::stage::Said;

/// Checks that the run ended with success or because of the store.
fn ended(status: ExitStatus) -> Result<(), String> {
    match status.code() {
        Some(0 | 1 | 3 | 4 | 5) => Ok(()),
        _ => Err(format!("{status}, perhaps after 15 s")),
    }
}

/// Checks that the program does not report a failing disk as its own fault.
fn blamed(said: &[Said]) -> Result<(), String> {
    let told = ["store_unavailable", "store_gone", "busy", "unknown"];
    match said.iter().find(|said| said.error().is_some_and(|code| !told.contains(&&*code))) {
        None => Ok(()),
        Some(said) => Err(said.text.clone()),
    }
}
