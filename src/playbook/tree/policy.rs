//! What the app demands and offers besides its flows.

use std::time::Duration;

use super::Target;

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
