use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// Tokens begin like this, so that scanners find those that were published by mistake.
const PREFIX: &str = "turnlock_";

/// What somebody holds to prove who it is: a token, or a browser's session. 256 random bits, so that a plain hash of it
/// can be kept.
pub struct Secret(SecretString);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(SecretString::from(format!("{PREFIX}{}", BASE64URL_NOPAD.encode(&bytes)))))
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> Vec<u8> {
        hash(self.0.expose_secret())
    }

    /// The text, to be given to whom it is for.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([secret])")
    }
}

/// What is kept of a token or a session that somebody shows: its SHA-256.
#[must_use]
pub fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
