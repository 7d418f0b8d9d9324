use crate::cli::Failure;
use crate::job::{AccountRef, Code, Kind};

/// A job of the demo, and how it is to end.
#[derive(Debug)]
pub struct Stage {
    /// What is asked.
    pub kind: Kind,
    account: &'static str,
    /// What it shows.
    shows: &'static str,
    /// The code that the job is to end with.
    pub expected: Code,
}

/// The jobs, in their order.
pub const PLAN: [Stage; 6] = [
    stage(Kind::VerifyLogin, "acme/alice", "the password in the vault opens the account", Code::LoggedIn),
    stage(
        Kind::EnrolMfa,
        "acme/alice",
        "read the TOTP secret off the page, confirm it, prove it",
        Code::MfaEnabled,
    ),
    stage(Kind::VerifyLogin, "acme/alice", "now with a TOTP code", Code::LoggedIn),
    stage(
        Kind::ChangePassword,
        "acme/alice",
        "make a password by the app's rules, change it, prove it",
        Code::PasswordChanged,
    ),
    stage(Kind::VerifyLogin, "acme/alice", "the new password opens it, in a fresh context", Code::LoggedIn),
    stage(Kind::VerifyLogin, "acme/bob", "a login that asks for an emailed code", Code::LoggedIn),
];

const fn stage(kind: Kind, account: &'static str, shows: &'static str, expected: Code) -> Stage {
    Stage { kind, account, shows, expected }
}

impl Stage {
    /// One line: what, of which account, and what it shows.
    #[must_use]
    pub fn heading(&self) -> String {
        format!("{} of {}: {}", self.kind, self.account, self.shows)
    }

    /// The account.
    ///
    /// # Errors
    /// Never for the stages of the plan; a test holds that.
    pub fn account(&self) -> Result<AccountRef, Failure> {
        self.account.parse().map_err(Failure::usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_names_an_account() {
        assert!(PLAN.iter().all(|stage| stage.account().is_ok()));
    }
}
