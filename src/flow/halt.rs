use std::time::Duration;

use super::codelike::without_what_may_be_secret;
use super::rehearsal::{early_steps, held_words};
use super::settle::clock_time;
use crate::browser::{BrowserError, Overview, PageError};
use crate::job::{Code, Outcome, Verdict, Wanted};
use crate::playbook::{End, FlowKind};
use crate::redact::redact;
use crate::store::StoreError;
use crate::vault::VaultError;
use crate::worker::StopReason;

/// Why a flow came to no named end.
#[derive(Debug)]
pub(super) enum Halt {
    /// A step could not be done.
    Step(Box<FailedStep>),
    /// The attempt was asked to stop, or had to.
    Stopped(StopReason),
    /// The ledger could not be read or written.
    Vault(Box<VaultError>),
    /// The browser gave no page.
    Browser(BrowserError),
    /// The account's budget of wrong attempts is used up.
    Budget { spent: u32, until: jiff::Timestamp },
    /// A rehearsal came to the commit step of this id, which could be performed and was left out.
    Rehearsed {
        step: String,
        /// The steps before it by which the app may have got the candidate already.
        early: Vec<String>,
        /// What the page was kept from sending, as `POST /path`.
        held: Vec<String>,
    },
    /// The transaction itself came to a verdict.
    Verdict(Verdict),
}

/// A step that could not be done.
#[derive(Debug)]
pub(super) struct FailedStep {
    /// `login.3`
    pub id: String,
    /// The line in the playbook, or in the family that it extends.
    pub place: String,
    pub summary: String,
    /// The steps before it by which the app may have got the candidate, though none of them is the commit step.
    pub early: Vec<String>,
    /// What a rehearsal has kept the page from sending, as `POST /path`.
    pub held: Vec<String>,
    /// What is to become the account's credential was typed.
    pub candidate_typed: bool,
    pub error: StepError,
}

/// Why a step could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    #[error(transparent)]
    Page(#[from] PageError),
    /// The app asks for a code of an MFA secret that the vault does not hold.
    #[error("the app asks for a code, and the vault holds no TOTP secret for this account")]
    NoTotpSecret,
    #[error(
        "the app sends mail, and the account has no managed address: give it one with `account add --address`"
    )]
    NoAddress,
    #[error(
        "the app sends text messages, and the account has no number: give it one with `account add --number`"
    )]
    NoNumber,
    #[error("{0}")]
    CodeNotReceived(String),
    /// The app did not take the code that a person gave.
    #[error("the app did not take the code that a person gave")]
    GivenCodeRefused,
    /// It was asked of a person, and nobody gave it.
    #[error("{why}; and nobody gave {} within {} s", wanted.words(), waited.as_secs())]
    Unanswered {
        /// Why Turnlock cannot get it by itself.
        why: Box<StepError>,
        wanted: Wanted,
        waited: Duration,
    },
    /// What was read is not what it should be.
    #[error("{0}")]
    Unreadable(String),
    /// The playbook was edited while it was followed, and has a second commit step on this path.
    #[error("the commit step was performed already, and is performed only once")]
    CommittedAlready,
    /// A rehearsal has kept the page from handing over the candidate.
    #[error(
        "{what} was on its way to the app before the commit step, with the new credential, and was held back, for this is a \
         rehearsal. If the app takes the credential by it, mark {} as `commit`; if it only looks at it, this flow cannot be \
         rehearsed: try it with `playbook test`",
        early_steps(early)
    )]
    SentEarly {
        /// `POST /path`
        what: String,
        /// The steps that may have done it; empty if it was the one that failed.
        early: Vec<String>,
    },
    /// What is to tell the app's answer to the commit step is there without it.
    #[error(
        "`{state}` shows already, before the commit step is performed: {target}. It would be taken for the app's answer; name \
         something that is there only then"
    )]
    AnsweredAlready {
        /// The state.
        state: String,
        /// What shows it.
        target: String,
    },
    /// What is to show that somebody is signed in is there while nobody is.
    #[error(
        "`signed_in` shows already, before a password was typed: {target}. It would be taken for a login whatever the app says; \
         name something that only somebody signed in sees"
    )]
    SignedInAlready {
        /// What shows it.
        target: String,
    },
    /// A value was wanted that this transaction does not have: the checker lets no playbook through that does so.
    #[error("there is no {0} here")]
    NoValue(&'static str),
}

impl From<VaultError> for Halt {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(StoreError::LeaseLost(_)) => Self::Stopped(StopReason::LeaseLost),
            error => Self::Vault(Box::new(error)),
        }
    }
}

impl From<BrowserError> for Halt {
    fn from(error: BrowserError) -> Self {
        Self::Browser(error)
    }
}

impl From<Verdict> for Halt {
    fn from(verdict: Verdict) -> Self {
        Self::Verdict(verdict)
    }
}

impl Halt {
    /// What it means for the job, when nothing was committed.
    pub fn verdict(&self) -> Verdict {
        let (code, message) = match self {
            Self::Step(failed) => {
                let FailedStep { id, place, summary, error, held, .. } = &**failed;
                let held = match error {
                    StepError::SentEarly { .. } => String::new(),
                    _ => held_words(held),
                };
                (error.code(), format!("Step {id} ({place}), {summary}: {}.{held}", error.words(id)))
            }
            Self::Stopped(reason) => return reason.verdict(),
            Self::Vault(error) if error.is_lasting() => {
                let message = redact(&format!("The vault failed: {error}.")).into_owned();
                return Verdict::new(Code::StorageFailed, message).with_outcome(Outcome::NeedsHuman);
            }
            Self::Vault(error) => (Code::StorageFailed, format!("The vault failed: {error}.")),
            Self::Browser(error) => (Code::BrowserCrashed, format!("There is no page to work in: {error}.")),
            Self::Budget { spent, until } => (
                Code::BudgetExhausted,
                format!(
                    "{spent} attempts that the app may count as wrong were made lately; the next is not made before {}, \
                     so that it does not lock the account.",
                    clock_time(*until)
                ),
            ),
            Self::Rehearsed { step, .. } => {
                (Code::Rehearsed, format!("The commit step {step} could be performed, and was left out."))
            }
            Self::Verdict(verdict) => return verdict.clone(),
        };
        let verdict = Verdict::new(code, redact(&message));
        match self {
            // People were asked, and are the ones to say when it is worth to try again.
            Self::Step(failed) if matches!(failed.error, StepError::Unanswered { .. }) => {
                verdict.with_outcome(Outcome::NeedsHuman)
            }
            _ => verdict,
        }
    }

    /// What it means from the commit step on: the answer is lost, whatever the reason.
    pub fn after_commit(&self) -> Verdict {
        let reason = self.verdict().message;
        Verdict::new(
            Code::AnswerLost,
            format!(
                "The app may have taken the new credential, but whether it did is not known, and is found out next. \
                 {reason}"
            ),
        )
    }
}

impl StepError {
    /// What happened in this step, for messages and the automation log, without secrets: neither those that are
    /// known nor, where MFA is turned on, what the page shows that could be one that was not read.
    pub fn words(&self, step: &str) -> String {
        let words = match self {
            Self::Page(error) if step.starts_with(FlowKind::EnrolMfa.as_str()) => guarded(error).to_string(),
            _ => self.to_string(),
        };
        redact(&words).into_owned()
    }

    /// Whether there was no code to type: the app asked for one, which it does after a right password only.
    pub fn is_for_want_of_a_code(&self) -> bool {
        matches!(
            self.unanswered(),
            Self::NoTotpSecret
                | Self::NoAddress
                | Self::NoNumber
                | Self::CodeNotReceived(_)
                | Self::GivenCodeRefused
        )
    }

    /// Whether the app asks for a code of an MFA secret that the vault does not hold.
    pub fn is_for_want_of_a_totp_secret(&self) -> bool {
        matches!(self.unanswered(), Self::NoTotpSecret)
    }

    /// The error as if nobody had been asked.
    fn unanswered(&self) -> &Self {
        match self {
            Self::Unanswered { why, .. } => why,
            error => error,
        }
    }

    /// The addresses that it names.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let address = match self {
            Self::Page(PageError::NotAsDescribed { page, .. } | PageError::AppError { page }) => {
                Some(&page.url)
            }
            Self::Page(PageError::Unreachable { url, .. } | PageError::NoAnswer { url, .. }) => Some(url),
            _ => None,
        };
        address.map(String::as_str).into_iter()
    }

    fn code(&self) -> Code {
        match self {
            Self::Page(error) => page_code(error),
            Self::NoTotpSecret | Self::NoAddress | Self::NoNumber => Code::MfaUnmanaged,
            Self::CodeNotReceived(_) => Code::CodeNotReceived,
            Self::GivenCodeRefused => Code::CodeRefused,
            Self::Unanswered { why, .. } => why.code(),
            Self::Unreadable(_)
            | Self::NoValue(_)
            | Self::CommittedAlready
            | Self::SentEarly { .. }
            | Self::AnsweredAlready { .. }
            | Self::SignedInAlready { .. } => Code::PageNotAsDescribed,
        }
    }
}

/// The error without what its page shows that could be a secret which nobody has read.
fn guarded(error: &PageError) -> PageError {
    let mut error = error.clone();
    if let PageError::NotAsDescribed { instead, near, .. } = &mut error {
        for text in near.iter_mut().chain([instead]) {
            *text = without_what_may_be_secret(text);
        }
    }
    if let PageError::NotAsDescribed { page, .. } | PageError::AppError { page } = &mut error {
        let Overview { title, dialog, headings, messages, fields, buttons, links, cut: _, status: _, url: _ } =
            &mut **page;
        let lists = [headings, messages, fields, buttons, links];
        for text in lists.into_iter().flatten().chain([title, dialog]) {
            *text = without_what_may_be_secret(text);
        }
    }
    error
}

fn page_code(error: &PageError) -> Code {
    match error {
        PageError::NotAsDescribed { page, .. } if page.status >= 500 => Code::AppError,
        PageError::NotAsDescribed { .. } | PageError::FieldRefused { .. } | PageError::BadLocator { .. } => {
            Code::PageNotAsDescribed
        }
        PageError::OriginBlocked { .. } => Code::OriginBlocked,
        PageError::Unreachable { .. } | PageError::NoAnswer { .. } => Code::AppUnreachable,
        PageError::AppError { .. } => Code::AppError,
        PageError::Crashed | PageError::Browser(_) => Code::BrowserCrashed,
    }
}

/// What a named end means that is not the one the flow is for.
pub(super) fn end_verdict(end: End, during: &str) -> Verdict {
    let (code, message) = match end {
        End::SignedIn => (Code::LoggedIn, "The credentials open the account."),
        End::BadCredentials => (Code::BadCredentials, "The app refused the username or the password"),
        End::CodeRefused => (Code::CodeRefused, "The app refused the code"),
        End::PasswordRefused => (Code::PasswordRefused, "The app refused the new password"),
        End::AccountLocked => (Code::AccountLocked, "The app has locked the account"),
        End::Captcha => (Code::Captcha, "The app asks for proof that a person is there"),
        End::NeedsHuman => (Code::HumanWanted, "The app asks for something that only a person can give"),
        End::AppError => (Code::AppError, "The app answered with an error"),
        End::MfaUnmanaged | End::MfaAlreadyOn => {
            (Code::MfaUnmanaged, "MFA is on, and the vault holds no secret that answers it")
        }
        End::SignedOut | End::MfaEnabled | End::PasswordChanged | End::ContactSet => {
            (Code::PageNotAsDescribed, "The flow came to an end that it is not for")
        }
    };
    if code == Code::LoggedIn {
        Verdict::new(code, message)
    } else {
        Verdict::new(code, format!("{message}, in {during}."))
    }
}
