//! A server's certificate and key, from files.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use std::{fmt, fs};

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Where a server's certificate and key lie. They are read again when they were renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those that vouch for it, in PEM.
    pub certificate: PathBuf,
    /// Its private key, in PEM.
    pub key: PathBuf,
}

/// The files do not make a server's certificate.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {path} for TLS: {reason}; it must be {wanted} in PEM", path = .path.display())]
pub struct TlsError {
    path: PathBuf,
    reason: String,
    wanted: &'static str,
}

/// What a server shows to its clients.
pub struct Tls {
    files: TlsFiles,
    protocols: &'static [&'static [u8]],
    current: Mutex<(Version, TlsAcceptor)>,
}

/// When each of the files was last changed.
type Version = [Option<SystemTime>; 2];

impl Tls {
    /// Reads the files. The protocols are what the server speaks (ALPN); none if that goes without saying.
    pub fn load(files: TlsFiles, protocols: &'static [&'static [u8]]) -> Result<Self, TlsError> {
        let version = files.version();
        let acceptor = files.read(protocols)?;
        Ok(Self { files, protocols, current: Mutex::new((version, acceptor)) })
    }

    /// For one more handshake. If renewed files cannot be used (they may be half written), the old ones still are.
    pub fn acceptor(&self) -> TlsAcceptor {
        let version = self.files.version();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 != version {
            current.0 = version;
            match self.files.read(self.protocols) {
                Ok(acceptor) => current.1 = acceptor,
                Err(error) => tracing::warn!(%error, "the certificate was changed, the old one stays in use"),
            }
        }
        current.1.clone()
    }
}

impl TlsFiles {
    fn version(&self) -> Version {
        [&self.certificate, &self.key].map(|path| fs::metadata(path).and_then(|file| file.modified()).ok())
    }

    fn read(&self, protocols: &[&[u8]]) -> Result<TlsAcceptor, TlsError> {
        let certificates: Vec<_> = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .map_err(|error| wrong(&self.certificate, &error, "a certificate"))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|error| wrong(&self.key, &error, "a private key"))?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
            .map_err(|error| wrong(&self.certificate, &error, "the certificate of the key"))?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

fn wrong(path: &Path, reason: &impl fmt::Display, wanted: &'static str) -> TlsError {
    TlsError { path: path.to_owned(), reason: reason.to_string(), wanted }
}
