use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// The URL of a server, which may hold a password: it is shown without.
#[derive(Clone)]
pub struct ServerUrl(SecretString);

impl ServerUrl {
    /// A URL that was checked to be one.
    pub(super) fn new(url: &str) -> Self {
        Self(url.into())
    }

    /// All of it, for the driver.
    #[must_use]
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl PartialEq for ServerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }
}

impl Eq for ServerUrl {}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold a password too.
        let url = self.0.expose_secret();
        let url = url.split_once('?').map_or(url, |(url, _)| url);
        let Some((scheme, rest)) = url.split_once("://") else { return f.write_str("…") };
        match rest.rsplit_once('@') {
            Some((user, host)) => {
                let user = user.split_once(':').map_or(user, |(user, _)| user);
                write!(f, "{scheme}://{user}@{host}")
            }
            None => write!(f, "{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        for (url, shown) in [
            ("postgres://u:hunter2@h:1/d", "postgres://u@h:1/d"),
            ("postgres://u:hun@ter2@h/d?password=hunter2", "postgres://u@h/d"),
            ("postgres:///d?host=/run/postgresql", "postgres:///d"),
            ("amqp://u:hunter2@h:5672/%2f", "amqp://u@h:5672/%2f"),
        ] {
            let url = ServerUrl::new(url);
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("hunter2"));
        }
    }
}
