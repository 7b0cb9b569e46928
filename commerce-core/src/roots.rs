//! Certificate roots of an installation's own, such as those of a company.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::ValueError;

/// The root certificates by which servers are checked over TLS, instead of the public ones. Clones share them.
#[derive(Clone, PartialEq, Eq)]
pub struct Roots(Arc<[Vec<u8>]>);

impl Roots {
    /// Reads the certificates of a PEM file (RFC 7468). What else the file holds is skipped.
    ///
    /// # Errors
    /// [`ValueError`] when the file cannot be read, holds no certificate, or a damaged one.
    pub fn read(file: impl AsRef<Path>) -> Result<Self, ValueError> {
        let file = file.as_ref();
        let named = |reason: String| ValueError::new(format!("{} {reason}", file.display()));
        let text = std::fs::read(file).map_err(|e| named(format!("cannot be read: {e}")))?;
        match certificates(&String::from_utf8_lossy(&text)) {
            Some(found) if found.is_empty() => Err(named("holds no certificate in PEM form".into())),
            Some(found) => Ok(Self(found.into())),
            None => Err(named("holds a certificate that is damaged".into())),
        }
    }

    /// The settings of a client that trusts these roots, or else the public ones.
    #[cfg(any(feature = "libsql", feature = "served", feature = "http-sink"))]
    pub(crate) fn tls(roots: Option<&Self>) -> ureq::tls::TlsConfig {
        use ureq::tls::{Certificate, RootCerts, TlsConfig};
        let own = |roots: &Self| -> Vec<_> {
            roots.0.iter().map(|der| Certificate::from_der(der).to_owned()).collect()
        };
        let roots = roots.map_or(RootCerts::WebPki, |roots| RootCerts::new_with_certs(&own(roots)));
        TlsConfig::builder().root_certs(roots).build()
    }
}

/// What is wrong with the certificate of a server, if that is what an error of the client says. Such an error is told by its
/// text, since the client does not show its type.
#[cfg(any(feature = "libsql", feature = "served", feature = "http-sink"))]
pub(crate) fn certificate_fault(error: &ureq::Error) -> Option<String> {
    let text = error.to_string();
    let (_, fault) = text.split_once("invalid peer certificate: ")?;
    Some(match fault {
        "UnknownIssuer" => {
            "no trusted root has signed it; if a root of your own has, name its file (--ca-file)".into()
        }
        other => other.strip_prefix("certificate ").unwrap_or(other).into(),
    })
}

/// The number of certificates, which say little by themselves.
impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Roots({})", self.0.len())
    }
}

/// The certificates in a PEM text, in DER; none when one of them is damaged.
fn certificates(text: &str) -> Option<Vec<Vec<u8>>> {
    const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
    const END: &str = "-----END CERTIFICATE-----";
    text.split(BEGIN)
        .skip(1)
        .map(|part| {
            let (body, _) = part.split_once(END)?;
            let body: String = body.split_whitespace().collect();
            // A certificate is a sequence (RFC 5280).
            STANDARD.decode(body).ok().filter(|der| der.first() == Some(&0x30))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificates_are_read_from_pem_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let read = |text: &str| {
            std::fs::write(&file, text).unwrap();
            Roots::read(&file).map_err(|e| e.to_string())
        };
        let one = "-----BEGIN CERTIFICATE-----\nMAMC\r\nAQE=\n-----END CERTIFICATE-----\n";
        let two =
            format!("a comment\n{one}-----BEGIN PRIVATE KEY-----\nMAMC\n-----END PRIVATE KEY-----\n{one}");
        assert_eq!(read(one).unwrap().0[..], [vec![0x30, 3, 2, 1, 1]]);
        assert_eq!(read(&two).unwrap().0.len(), 2);
        assert!(read("").unwrap_err().contains("no certificate"));
        assert!(read("{}").unwrap_err().contains("ca.pem"));
        for damaged in [&one[..40], &one.replace("MAMC", "!!!!"), &one.replace("MAMC", "AAAA")] {
            assert!(read(damaged).unwrap_err().contains("damaged"), "{damaged}");
        }
        assert!(Roots::read(folder.path()).unwrap_err().to_string().contains("cannot be read"));
    }
}
