//! Why a server cannot be started.

use std::io;

use super::listen::Listen;
use super::tls::TlsError;

/// A server cannot be started; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {listen}: {source}; choose another address with {setting}, or end what uses it"
    )]
    Address {
        /// Where.
        listen: Listen,
        /// Why.
        source: io::Error,
        /// The setting that says where.
        setting: &'static str,
    },
    /// Its certificate or key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What it was told does not fit together.
    #[error("{0}")]
    Options(&'static str),
}

impl BindError {
    /// Whether another program uses the address.
    #[must_use]
    pub fn is_in_use(&self) -> bool {
        matches!(self, Self::Address { source, .. } if source.kind() == io::ErrorKind::AddrInUse)
    }
}
