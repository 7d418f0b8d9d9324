use std::path::PathBuf;

use uuid::Uuid;

use crate::job::AccountRef;
use crate::store::StoreError;

/// What can go wrong with sealed credentials.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VaultError {
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database was sealed with another key.
    #[error(
        "wrong key: this database was sealed with another master key. Point TURNLOCK_MASTER_KEY_FILE at the right key file"
    )]
    WrongKey,
    /// A sealed record was changed, or moved from another account or kind.
    #[error(
        "the record {candidate} of {account} does not open: it was changed, or it belongs to another account. Restore the database from a backup"
    )]
    Tampered {
        /// The account that it was read for.
        account: AccountRef,
        /// The ledger's row.
        candidate: Uuid,
    },
    /// A new account needs a password.
    #[error("{0} is new: give it a password")]
    NoPassword(AccountRef),
    /// Another process changed the same credentials again and again.
    #[error("the credentials of {0} are being changed by another process: try again")]
    Contended(AccountRef),
    /// The system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    NoRandomness(String),
}

impl VaultError {
    /// Whether it stays as it is until a person sees to it.
    #[must_use]
    pub const fn is_lasting(&self) -> bool {
        matches!(self, Self::WrongKey | Self::Tampered { .. } | Self::NoPassword(_))
    }
}

/// What can be wrong with the file that holds the master key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no such file.
    #[error(
        "there is no master key at {0}: point TURNLOCK_MASTER_KEY_FILE at it; without it the stored credentials cannot be opened"
    )]
    Missing(PathBuf),
    /// Others than its owner may read or write it.
    #[error("the master key {path} can be read or written by others (mode {mode:04o}): run `chmod 600 {path}`", path = path.display())]
    TooOpen {
        /// The key file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It does not hold a key.
    #[error("{path} is not a master key: it should be 32 random bytes in base64 ({reason})", path = path.display())]
    Malformed {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It cannot be read or created.
    #[error("cannot use the master key {path}: {source}", path = path.display())]
    Io {
        /// The key file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    NoRandomness(String),
}
