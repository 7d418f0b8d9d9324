use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Outcome;

/// One table for all codes: variant, name, usual outcome, what a person should do.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal, $outcome:ident, $action:literal;)+) => {
        /// Why an attempt ended as it did. The table of codes, their usual outcomes and the actions that
        /// a person should take stands in this one place.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in messages, database and command line.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The outcome that this code usually comes with.
            #[must_use]
            pub const fn outcome(self) -> Outcome {
                match self { $(Self::$variant => Outcome::$outcome,)+ }
            }

            /// What a person should do; empty where there is nothing to do.
            #[must_use]
            pub const fn user_action(self) -> &'static str {
                match self { $(Self::$variant => $action,)+ }
            }
        }
    };
}

codes! {
    /// The credentials opened the account.
    LoggedIn = "logged_in", Succeeded, "";
    /// MFA was turned on, and a fresh login with a code proved it.
    MfaEnabled = "mfa_enabled", Succeeded, "";
    /// MFA was on already, and what the vault holds opens the account.
    AlreadyOn = "already_on", Succeeded, "";
    /// The password was changed, and a fresh login with the new one proved it.
    PasswordChanged = "password_changed", Succeeded, "";
    /// The app sends to the account's managed address or number, which was proved by what it sent.
    ContactSet = "contact_set", Succeeded, "";
    /// A session was opened and ended again.
    LoggedOut = "logged_out", Succeeded, "";
    /// A flow was rehearsed up to its commit step: nothing was changed in the app.
    Rehearsed = "rehearsed", Succeeded, "";
    /// A credential that was in doubt was found to open the account.
    Reconciled = "reconciled", Succeeded, "";

    /// The app refused username or password.
    BadCredentials = "bad_credentials", Rejected, "Correct the account's password with `turnlock account add`, then submit the job again.";
    /// The app refused the new password.
    PasswordRefused = "password_refused", Rejected, "Compare the playbook's password rules with what the app says, correct them, then submit the job again.";
    /// The app refused a verification code.
    CodeRefused = "code_refused", Rejected, "If the code came from the account's MFA secret, check this machine's clock, and that the secret is the one the app knows. If a person gave it, or it was sent, it was wrong or too old: submit the job once more, and give the newest code.";
    /// The vault has no such account.
    UnknownAccount = "unknown_account", Rejected, "Add the account with `turnlock account add`, then submit the job again.";
    /// The account lacks what its app's playbook asks for, or has a value that the playbook does not take.
    AccountIncomplete = "account_incomplete", Rejected, "Give the account what its playbook asks for with `turnlock account add ACCOUNT --param NAME=VALUE`, then submit the job again.";
    /// No playbook describes the app.
    UnknownApp = "unknown_app", Rejected, "Put a playbook for the app where `turnlock playbook list` shows it, restart the worker, which reads playbooks when it starts, then submit the job again.";
    /// The playbook has no flow for this kind of job.
    NotSupported = "not_supported", Rejected, "Add the flow to the app's playbook and restart the worker, or submit another kind of job.";

    /// MFA is on in the app, and the vault holds no secret that answers it.
    MfaUnmanaged = "mfa_unmanaged", NeedsHuman, "Give Turnlock what it needs to answer, with `turnlock account add`: for codes that the app mails or texts an address or number that it reads (`--address`, `--number`), for an authenticator app its secret (`--totp-file`). Or submit the job again with `--wait-for-human 10m` and give the code in time, or turn MFA off in the app.";
    /// The app has locked the account.
    AccountLocked = "account_locked", NeedsHuman, "Wait until the app lifts the lock, or unlock the account in the app, then submit the job again.";
    /// The app asks for proof that a person is there.
    Captcha = "captcha", NeedsHuman, "Log in by hand once, or have this machine's address allowed by the app; Turnlock solves no CAPTCHA.";
    /// The app asks for something that only a person can give.
    HumanWanted = "human_wanted", NeedsHuman, "Look at the evidence, do by hand what the app asks for, then submit the job again.";
    /// The page is not what the playbook describes.
    PageNotAsDescribed = "page_not_as_described", NeedsHuman, "Compare the evidence with the playbook at the step named, correct the playbook, then submit the job again.";
    /// The playbook's step would have left the origins that it declares.
    OriginBlocked = "origin_blocked", NeedsHuman, "If the new origin belongs to the app, add it to the playbook's origins; if not, treat it as an attack.";
    /// Which credential opens the account is not known.
    CredentialUncertain = "credential_uncertain", NeedsHuman, "Run `turnlock run reconcile`; if that does not settle it, recover the account in the app by hand.";
    /// Every worker that performed the job died.
    WorkersDied = "workers_died", NeedsHuman, "Look why the workers died: the logs of their machines say so, if they ran out of memory. Then submit the job again.";

    /// No verification code came in time.
    CodeNotReceived = "code_not_received", RetryLater, "Check that the app sends to the account's managed address or number, and that the inbox receives it: `turnlock inbox watch` shows what comes.";
    /// The app could not be reached, or not over a trusted connection.
    AppUnreachable = "app_unreachable", RetryLater, "Check that the app is up, its certificate is valid, and this machine can reach it.";
    /// The app answered with an error of its own.
    AppError = "app_error", RetryLater, "Look at the evidence; if the app stays broken, tell those who run it.";
    /// The browser went away.
    BrowserCrashed = "browser_crashed", RetryLater, "If it happens again, look at this machine's memory and at `turnlock doctor`.";
    /// The attempt took longer than the job's deadline.
    DeadlineExceeded = "deadline_exceeded", RetryLater, "If the app is merely slow, raise the playbook's timeouts or the job's deadline.";
    /// The database or the vault failed.
    StorageFailed = "storage_failed", RetryLater, "Run `turnlock doctor`: it says what is wrong with database and key.";
    /// The account's budget of wrong attempts is used up for now.
    BudgetExhausted = "budget_exhausted", RetryLater, "Correct the account's credentials if they are wrong. A worker goes on by itself at the time named; after `turnlock run`, submit the job again after that time.";
    /// Another job holds the account.
    AccountBusy = "account_busy", RetryLater, "A worker goes on by itself when the other job has ended; after `turnlock run`, submit the job again then.";
    /// The app's limits or its breaker let no attempt begin in time.
    AppOnHold = "app_on_hold", RetryLater, "`turnlock app list` shows what the app's jobs wait for. A worker goes on by itself; after `turnlock run`, submit the job again.";

    /// Someone cancelled the job.
    Cancelled = "cancelled", Interrupted, "Submit the job again when it is wanted.";
    /// The worker stopped before the attempt ended.
    WorkerStopped = "worker_stopped", Interrupted, "A worker takes the job up again by itself; after `turnlock run`, submit it again.";
    /// The worker died before the attempt ended.
    WorkerDied = "worker_died", Interrupted, "A worker takes the job up again by itself; if it happens again, look at the memory of the machine.";

    /// The answer to the commit step was lost.
    AnswerLost = "answer_lost", Unknown, "Nothing at once: Turnlock reconciles the account by itself. If it could not, run `turnlock run reconcile`.";
}

impl Code {
    /// Turnlock held the attempt back by itself, and the app never saw it: how it ended tells nothing of how the app fares.
    #[must_use]
    pub const fn never_reached_the_app(self) -> bool {
        matches!(
            self,
            Self::UnknownAccount
                | Self::AccountIncomplete
                | Self::UnknownApp
                | Self::NotSupported
                | Self::BudgetExhausted
                | Self::AccountBusy
                | Self::AppOnHold
        )
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names no code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a code that an attempt can end with")]
pub struct UnknownCode(String);

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .iter()
            .copied()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| UnknownCode(text.to_owned()))
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn who_gave_a_code_that_was_refused_reads_what_to_do() {
        let action = Code::CodeRefused.user_action();
        assert!(action.contains("MFA secret") && action.contains("give the newest code"), "{action}");
    }

    #[test]
    fn every_code_but_a_success_says_what_to_do() {
        for code in Code::ALL {
            let silent = code.user_action().is_empty();
            assert_eq!(silent, code.outcome() == Outcome::Succeeded, "{code}");
            assert_eq!(code.as_str().parse::<Code>().unwrap(), *code);
        }
    }
}
