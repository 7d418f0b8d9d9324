use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a login in an app: `app/name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountRef {
    app: String,
    name: String,
}

/// Why a text is not an account reference.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AccountRefError {
    /// There is no `/` between app and name.
    #[error("`{0}` is not an account: write it as app/name, for example acme/alice")]
    NoSlash(String),
    /// The part before the `/` cannot be the name of an app.
    #[error(
        "`{0}` is not the name of an app: use lower-case letters, digits and `-`, for example acme/alice"
    )]
    BadApp(String),
    /// The part behind the `/` cannot be the name of an account.
    #[error("`{0}` is not the name of an account: use 1 to 128 letters, digits and `._@+-`")]
    BadName(String),
    /// Browsers would take the name for a step in an address.
    #[error(
        "`{0}` is not the name of an account: an address that ends in it leads elsewhere; give it another one"
    )]
    NoPage(String),
}

impl AccountRef {
    /// The app's name, as its playbook says it.
    #[must_use]
    pub fn app(&self) -> &str {
        &self.app
    }

    /// The account's name within the app.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether an address can end in its name. `.` and `..` lead elsewhere, however they are written.
    #[must_use]
    pub fn can_have_a_page(&self) -> bool {
        !matches!(&*self.name, "." | "..")
    }

    /// The same for one that is to be added: those that are there already stay as they are.
    ///
    /// # Errors
    /// If it can have no page of its own.
    pub fn to_be_added(self) -> Result<Self, AccountRefError> {
        if self.can_have_a_page() { Ok(self) } else { Err(AccountRefError::NoPage(self.name)) }
    }
}

impl FromStr for AccountRef {
    type Err = AccountRefError;

    fn from_str(text: &str) -> Result<Self, AccountRefError> {
        let (app, name) = text.split_once('/').ok_or_else(|| AccountRefError::NoSlash(text.to_owned()))?;
        let app_fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if app.is_empty() || app.len() > 64 || !app.chars().all(app_fits) {
            return Err(AccountRefError::BadApp(app.to_owned()));
        }
        let name_fits = |c: char| c.is_alphanumeric() || "._@+-".contains(c);
        if name.is_empty() || name.chars().count() > 128 || !name.chars().all(name_fits) {
            return Err(AccountRefError::BadName(name.to_owned()));
        }
        Ok(Self { app: app.to_owned(), name: name.to_owned() })
    }
}

impl TryFrom<String> for AccountRef {
    type Error = AccountRefError;

    fn try_from(text: String) -> Result<Self, AccountRefError> {
        text.parse()
    }
}

impl From<AccountRef> for String {
    fn from(account: AccountRef) -> Self {
        account.to_string()
    }
}

impl fmt::Display for AccountRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.app, self.name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn reads_app_and_name() {
        let account: AccountRef = "acme/alice@example.test".parse().unwrap();
        assert_eq!((account.app(), account.name()), ("acme", "alice@example.test"));
        assert_eq!(account.to_string(), "acme/alice@example.test");
    }

    #[test]
    fn says_which_part_is_wrong() {
        assert!(matches!("alice".parse::<AccountRef>(), Err(AccountRefError::NoSlash(_))));
        assert!(matches!("Acme/alice".parse::<AccountRef>(), Err(AccountRefError::BadApp(_))));
        assert!(matches!("../alice".parse::<AccountRef>(), Err(AccountRefError::BadApp(_))));
        assert!(matches!("acme/".parse::<AccountRef>(), Err(AccountRefError::BadName(_))));
        assert!(matches!("acme/a/b".parse::<AccountRef>(), Err(AccountRefError::BadName(_))));
        for name in ["acme/.", "acme/.."] {
            let account: AccountRef = name.parse().unwrap();
            assert!(matches!(account.to_be_added(), Err(AccountRefError::NoPage(_))));
        }
        assert!("acme/...".parse::<AccountRef>().unwrap().to_be_added().is_ok());
    }
}
