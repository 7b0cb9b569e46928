//! TLS with a certificate and a key from PEM files, which can be read anew while the server runs.

use std::sync::{Arc, PoisonError, RwLock};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::options::TlsFiles;

/// The certificate that new connections get.
pub(crate) struct Certificate {
    files: TlsFiles,
    acceptor: RwLock<TlsAcceptor>,
}

impl Certificate {
    /// Reads the certificate and its key.
    ///
    /// # Errors
    /// A sentence that names the file and its fault.
    pub(crate) fn read(files: TlsFiles) -> Result<Self, String> {
        let acceptor = RwLock::new(acceptor(&files)?);
        Ok(Self { files, acceptor })
    }

    /// Reads the files anew, for connections from now on. If that fails, the present certificate stays.
    ///
    /// # Errors
    /// As for [`Certificate::read`].
    pub(crate) fn read_anew(&self) -> Result<(), String> {
        let acceptor = acceptor(&self.files)?;
        *self.acceptor.write().unwrap_or_else(PoisonError::into_inner) = acceptor;
        Ok(())
    }

    /// An acceptor for a new connection.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// An acceptor for this certificate. It prefers HTTP/2 to HTTP/1.1.
fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let file_error = |file: &std::path::Path, reason: String| format!("{}: {reason}", file.display());
    let certificates = CertificateDer::pem_file_iter(&files.certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|e| file_error(&files.certificates, e.to_string()))?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|e| file_error(&files.key, e.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|e| file_error(&files.certificates, e.to_string()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
