//! What the app demands and offers besides its flows.

use std::fmt;
use std::time::Duration;

use super::{FlowKind, Target};

/// What the app demands of a password.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct PasswordPolicy {
    /// Rules in Apple's `passwordrules` grammar, known to parse. Empty when the playbook gives none.
    pub rules: String,
}

/// The second factors that the app offers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Mfa {
    /// In the playbook's order.
    pub methods: Vec<MfaMethod>,
}

/// A second factor that Turnlock can turn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MfaMethod {
    /// Time-based codes (RFC 6238).
    Totp,
    /// Codes by mail, to the account's managed address.
    Email,
    /// Codes by text message, to the account's number.
    Sms,
}

impl MfaMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Totp, Self::Email, Self::Sms];

    /// The name in the playbook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The method of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// The flow that turns it on.
    pub fn flow(self) -> FlowKind {
        match self {
            Self::Totp => FlowKind::EnrolMfa,
            Self::Email => FlowKind::EnrolMfaEmail,
            Self::Sms => FlowKind::EnrolMfaSms,
        }
    }
}

impl fmt::Display for MfaMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known of the messages that the app sends, by mail or as texts.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct MessagePolicy {
    /// From whom they have to be: addresses, domains, numbers or names. Empty if from anybody.
    pub from: Vec<String>,
    /// Whether a mail server must have found them to be from the domain that they claim.
    pub authenticated: bool,
    /// A regular expression that finds the code: its first group, or all of the match. Known to parse.
    pub pattern: Option<String>,
    /// What has the app send another code, on the page that asks for one.
    pub resend: Option<Target>,
}

/// The app's own lockout rule: Turnlock's budget of wrong passwords stays below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lockout {
    /// Wrong passwords until the app locks the account; at least 2.
    pub attempts: u32,
    /// The time within which they count.
    pub window: Duration,
    /// A complete login makes the app forget earlier wrong attempts.
    pub cleared_by_login: bool,
}

/// How much of the app may be under way, by all workers together; not at all limited where nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// At most so many attempts at once; at least 1.
    pub concurrent: Option<u32>,
    /// At most so many attempts begin within any minute; at least 1.
    pub per_minute: Option<u32>,
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// A step, unless its target says otherwise.
    pub step: Duration,
    /// A whole flow.
    pub flow: Duration,
}

impl Default for Timeouts {
    /// 15 seconds a step, 2 minutes a flow.
    fn default() -> Self {
        Self { step: Duration::from_secs(15), flow: Duration::from_secs(120) }
    }
}

/// Something that may cover the page at any moment: a cookie banner, a nag dialog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interruption {
    /// When this is visible while a step waits …
    pub see: Target,
    /// … this is clicked.
    pub click: Target,
}
