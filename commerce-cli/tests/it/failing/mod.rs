//! Failing calls. The shim makes one call of the program on its folder fail, once or from then on: no space, an
//! input/output error, half of the work done. For every call of a run: the program ends, within 15 s and with a code of
//! the contract; what it acknowledged was done, what it answered as failed was not; the store is sound and works.

mod faults;
mod modes;
mod one;
mod serving;

use std::process::ExitStatus;

use crate::power::stage::Said;

/// A run ended as the contract says: what was asked for was done, or the store is why not.
fn ended(status: ExitStatus) -> Result<(), String> {
    match status.code() {
        Some(0 | 1 | 3 | 4 | 5) => Ok(()),
        _ => Err(format!("{status}, perhaps after 15 s")),
    }
}

/// A disk that fails is no fault of the program.
fn blamed(said: &[Said]) -> Result<(), String> {
    let told = ["store_unavailable", "store_gone", "busy", "unknown"];
    match said.iter().find(|said| said.error().is_some_and(|code| !told.contains(&&*code))) {
        None => Ok(()),
        Some(said) => Err(said.text.clone()),
    }
}
