//! Signing with the Standard Webhooks scheme: a receiver that knows the secret can verify that a request is
//! authentic, unchanged and recent (<https://www.standardwebhooks.com>).

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::text::ValueError;

/// A secret to sign with: `whsec_` and 24 to 64 bytes in base64. It is never shown.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

/// The error does not repeat the text.
impl FromStr for Secret {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        let bytes = text.trim().strip_prefix("whsec_").and_then(|encoded| STANDARD.decode(encoded).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len()));
        let key = bytes.and_then(|bytes| Hmac::new_from_slice(&bytes).ok());
        key.map(Self).ok_or_else(|| {
            ValueError::new(
                "the secret must be whsec_ and 24 to 64 bytes in base64 (make one: echo whsec_$(openssl rand -base64 32))",
            )
        })
    }
}

impl Secret {
    /// The value of the header `webhook-signature` for the event `id` with this body, sent at `seconds` after the
    /// Unix epoch. A custom sink can sign as the HTTP sink does.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{seconds}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_checked_and_never_shown() {
        let good = format!("whsec_{}", STANDARD.encode([7; 32]));
        assert_eq!(format!("{:?}", good.parse::<Secret>().unwrap()), "Secret(…)");
        for bad in ["", "whsec_", "whsec_AAAA", "hello", &good[6..]] {
            let sentence = bad.parse::<Secret>().unwrap_err().to_string();
            assert!(bad.is_empty() || bad == "whsec_" || !sentence.contains(bad), "{sentence}");
        }
    }
}
