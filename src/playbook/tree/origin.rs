//! Web origins: where a secret may be typed.

use std::fmt;

use serde::Serialize;
use url::{Host, Url};

/// A declared origin: scheme, host and port (RFC 6454). HTTPS, or plain HTTP on loopback.
///
/// Only the playbook checker makes one, so code that demands an `Origin` before it types a secret
/// cannot be handed an address that came off a page.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Origin {
    /// The ASCII serialisation, without a default port: `https://acme.example`, `http://127.0.0.1:4180`.
    serialised: String,
}

/// Why a text is no origin that a playbook may declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::playbook) enum OriginError {
    /// Not a URL at all, or one without a host.
    Malformed(String),
    /// An origin with something behind it; carries the origin alone.
    HasMore(String),
    /// Plain HTTP to a host that is not loopback; carries the host.
    Insecure(String),
    /// Neither `https` nor `http`.
    Scheme(String),
}

impl Origin {
    pub(in crate::playbook) fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|error| OriginError::Malformed(error.to_string()))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(OriginError::Scheme(url.scheme().to_owned()));
        }
        let serialised = url.origin().ascii_serialization();
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::HasMore(serialised));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(OriginError::Insecure(url.host_str().unwrap_or_default().to_owned()));
        }
        Ok(Self { serialised })
    }

    /// The origin as text: `https://acme.example`, `http://127.0.0.1:4180`.
    pub fn as_str(&self) -> &str {
        &self.serialised
    }

    /// Whether `url` has this origin: same scheme, host and port.
    pub fn matches(&self, url: &Url) -> bool {
        url.origin().ascii_serialization() == self.serialised
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        // RFC 6761, 6.3: `localhost` and names under it resolve to loopback.
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.serialised)
    }
}
