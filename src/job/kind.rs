use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kinds of work that a job can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Log in, to prove that the credentials work.
    VerifyLogin,
    /// Turn on MFA, and prove it by a fresh login.
    EnrolMfa,
    /// Change the password, and prove it by a fresh login.
    ChangePassword,
    /// Have the app send to the account's managed address or number.
    SetContact,
    /// Find out which of the known credentials opens the account.
    Reconcile,
}

impl Kind {
    /// Every kind, in the order in which help texts name them.
    pub const ALL: [Self; 5] =
        [Self::VerifyLogin, Self::EnrolMfa, Self::ChangePassword, Self::SetContact, Self::Reconcile];

    /// The name in messages, database and command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::VerifyLogin => "verify_login",
            Self::EnrolMfa => "enrol_mfa",
            Self::ChangePassword => "change_password",
            Self::SetContact => "set_contact",
            Self::Reconcile => "reconcile",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no kind of job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a kind of job: use verify_login, enrol_mfa, change_password, set_contact or reconcile")]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Hyphens are taken for underscores, since people type them at a shell.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let name = text.replace('-', "_");
        Self::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| UnknownKind(text.to_owned()))
    }
}
