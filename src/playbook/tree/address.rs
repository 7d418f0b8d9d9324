//! The addresses that a playbook gives.

use std::fmt;

use url::Url;

/// An address within a declared origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name of the origin it lies in.
    pub origin: String,
    /// The whole URL, with any override of the origin applied.
    pub url: Url,
    /// As the playbook writes it: `/login`, `sso:/start`.
    pub written: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
