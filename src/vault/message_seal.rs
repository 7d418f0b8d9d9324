use std::fmt;
use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use super::envelope::{self, Binding};
use super::{MasterKey, VaultError};

/// Seals and opens messages of the inbox with the vault's key; it opens no credential. Cheap to clone.
#[derive(Clone)]
pub struct MessageSeal(Arc<MasterKey>);

impl MessageSeal {
    pub(super) const fn new(key: Arc<MasterKey>) -> Self {
        Self(key)
    }

    /// Seals what a message says. It opens only as that message, for that address.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn seal(&self, id: Uuid, address: &str, says: &[u8]) -> Result<Vec<u8>, VaultError> {
        super::seal(&self.0, Binding::Message { id, address }, says)
    }

    /// Opens it again; `None` where it was altered, moved, or sealed with another key.
    #[must_use]
    pub fn open(&self, id: Uuid, address: &str, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        envelope::open(&self.0, Binding::Message { id, address }, sealed).ok()
    }
}

impl fmt::Debug for MessageSeal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MessageSeal")
    }
}
