//! Secrets of new tokens.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use commerce_core::input::RawFields;
use commerce_core::token::Digest;
use commerce_core::{Cause, Error};

/// A secret for a new token: 256 random bits in base64url, without padding (RFC 4648, section 5).
///
/// # Errors
/// When the system gives no random bytes.
pub fn new_secret() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// A secret that was made for a client, to be shown to it once.
pub(crate) struct NewSecret(String);

/// Makes a secret for a request that has no digest of its own, and fills in its digest.
///
/// # Errors
/// [`Error::Store`] when the system gives no random bytes.
pub(crate) fn give(fields: &mut RawFields) -> Result<Option<NewSecret>, Error> {
    if fields.get("digest").is_some() {
        return Ok(None);
    }
    let secret = new_secret().map_err(|e| Error::Store(Cause::of(e)))?;
    fields.set_text("digest", Digest::of(&secret).to_string());
    Ok(Some(NewSecret(secret)))
}

impl NewSecret {
    /// Appends the secret to a token as JSON.
    pub(crate) fn append_to(self, token: &mut Vec<u8>) {
        if token.pop_if(|last| *last == b'}').is_some() {
            // Base64 needs no escape.
            token.extend_from_slice(format!(",\"secret\":\"{}\"}}", self.0).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_the_form_that_tokens_have_and_is_new_each_time() {
        let secret = new_secret().unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&secret).unwrap().len(), 32);
        assert_ne!(secret, new_secret().unwrap());
        let mut token = br#"{"name":"a"}"#.to_vec();
        NewSecret("s".into()).append_to(&mut token);
        assert_eq!(token, br#"{"name":"a","secret":"s"}"#);
    }
}
