//! `expect`: the states that may come next, and what each means.

use std::fmt;
use std::time::Duration;

use super::{Place, Step, Target};

/// Waits for the first of several states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expect {
    /// How long, if not the playbook's `timeouts.step`.
    pub timeout: Option<Duration>,
    /// Never empty; the order is the preference when several hold at once.
    pub branches: Vec<Branch>,
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.branches.len().saturating_sub(1);
        for (nth, branch) in self.branches.iter().enumerate() {
            let before = match nth {
                0 => "",
                _ if nth == last => " or ",
                _ => ", ",
            };
            write!(f, "{before}{}", branch.state)?;
        }
        Ok(())
    }
}

/// One state of an `expect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// What it means that the target is seen.
    pub state: State,
    /// The target that shows it.
    pub see: Target,
    /// Done then: before the flow ends, or before it goes on behind the `expect`.
    pub then: Vec<Step>,
    /// Where the playbook names the state.
    pub place: Place,
}

/// A state that an `expect` may find the app in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The flow ends.
    End(End),
    /// The flow goes on; the name is the playbook's own (`code_wanted`).
    Interim(String),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End(end) => end.fmt(f),
            Self::Interim(name) => f.write_str(name),
        }
    }
}

/// The ways in which a flow may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The app took the credentials.
    SignedIn,
    /// The session is over.
    SignedOut,
    /// The app took the second factor.
    MfaEnabled,
    /// A second factor was on already.
    MfaAlreadyOn,
    /// Somebody else manages the second factor.
    MfaUnmanaged,
    /// The app took the new password.
    PasswordChanged,
    /// The app sends to the account's managed address or number.
    ContactSet,
    /// The username or the password is wrong.
    BadCredentials,
    /// The code is wrong.
    CodeRefused,
    /// The new password does not meet the app's rules.
    PasswordRefused,
    /// The app has locked the account.
    AccountLocked,
    /// The app asks for a proof of being human.
    Captcha,
    /// A person has to do something.
    NeedsHuman,
    /// The app failed.
    AppError,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 14] = [
        Self::SignedIn,
        Self::SignedOut,
        Self::MfaEnabled,
        Self::MfaAlreadyOn,
        Self::MfaUnmanaged,
        Self::PasswordChanged,
        Self::ContactSet,
        Self::BadCredentials,
        Self::CodeRefused,
        Self::PasswordRefused,
        Self::AccountLocked,
        Self::Captcha,
        Self::NeedsHuman,
        Self::AppError,
    ];

    /// The key in the playbook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignedOut => "signed_out",
            Self::MfaEnabled => "mfa_enabled",
            Self::MfaAlreadyOn => "mfa_already_on",
            Self::MfaUnmanaged => "mfa_unmanaged",
            Self::PasswordChanged => "password_changed",
            Self::ContactSet => "contact_set",
            Self::BadCredentials => "bad_credentials",
            Self::CodeRefused => "code_refused",
            Self::PasswordRefused => "password_refused",
            Self::AccountLocked => "account_locked",
            Self::Captcha => "captcha",
            Self::NeedsHuman => "needs_human",
            Self::AppError => "app_error",
        }
    }

    /// The end of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == name)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
