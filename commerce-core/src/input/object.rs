//! Writes operations and queries as JSON, to be read where they are performed.

use serde::Serialize;

use crate::error::{Cause, Error};

/// The fields of an operation or a query as a JSON object, which is empty for one without fields.
///
/// # Errors
/// [`Error::Store`] when they cannot be written as JSON.
pub(crate) fn json_object(fields: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, Error> {
    let json = serde_json::to_vec(fields).map_err(|e| Error::Store(Cause::of(e)))?;
    Ok(if json == b"null" { b"{}".to_vec() } else { json })
}
