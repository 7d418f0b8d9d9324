use std::fmt;

/// The URL of a server, which may hold a password: it is shown without.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(String);

impl ServerUrl {
    /// A URL that was checked to be one.
    pub(super) const fn new(url: String) -> Self {
        Self(url)
    }

    /// All of it, for the driver.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters may hold a password too.
        let url = self.0.split_once('?').map_or(self.0.as_str(), |(url, _)| url);
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
        ] {
            let url = ServerUrl::new(url.to_owned());
            assert_eq!(url.to_string(), shown);
            assert!(!format!("{url:?}").contains("hunter2"));
        }
    }
}
