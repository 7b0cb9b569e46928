//! Values as JSON text.

use commerce_core::{Cause, Error};
use serde::Serialize;

/// A value as JSON.
///
/// # Errors
/// [`Error::Store`] for what cannot be shown as JSON.
pub(crate) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    let mut text = Vec::with_capacity(256);
    append_json(value, &mut text)?;
    Ok(text)
}

/// Appends a value as JSON.
///
/// # Errors
/// [`Error::Store`] for what cannot be shown as JSON.
pub(crate) fn append_json(value: &impl Serialize, text: &mut Vec<u8>) -> Result<(), Error> {
    serde_json::to_writer(text, value).map_err(|e| Error::Store(Cause::of(e)))
}
