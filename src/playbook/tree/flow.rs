//! Flows: named lists of steps.

use std::fmt;

use super::{Action, Destination, End, Step, Value};

/// A flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Which flow it is.
    pub kind: FlowKind,
    /// What it does, in order. Every path through them reaches an end.
    pub steps: Vec<Step>,
}

impl Flow {
    /// Gives every step, also those within states, in the order of the source.
    pub fn each<'f>(&'f self, see: &mut impl FnMut(&'f Step)) {
        each(&self.steps, see);
    }

    /// Whether the app may send text messages in it.
    pub fn sends_texts(&self) -> bool {
        texts(&self.steps) > 0
    }

    /// Whether it goes on by what the app mails: a code, or a link.
    pub fn awaits_mail(&self) -> bool {
        any(&self.steps, &|action| {
            matches!(
                action,
                Action::Fill { with: Value::EmailCode, .. } | Action::Open(Destination::MailedLink { .. })
            )
        })
    }

    /// Whether it may send another one when the code of one was typed.
    pub fn may_send_texts_again(&self) -> bool {
        texts(&self.steps) > 1
    }
}

fn each<'f>(steps: &'f [Step], see: &mut impl FnMut(&'f Step)) {
    for step in steps {
        see(step);
        if let Action::Expect(expect) = &step.action {
            expect.branches.iter().for_each(|branch| each(&branch.then, see));
        }
    }
}

/// Whether one of these steps, or of those within their states, is such.
fn any(steps: &[Step], such: &dyn Fn(&Action) -> bool) -> bool {
    steps.iter().any(|step| match &step.action {
        Action::Commit(action) => such(action),
        Action::Expect(expect) => expect.branches.iter().any(|branch| any(&branch.then, such)),
        action => such(action),
    })
}

/// How many of these steps type a code that comes as a text message.
fn texts(steps: &[Step]) -> usize {
    let of = |step: &Step| match &step.action {
        Action::Fill { with, .. } => usize::from(*with == Value::SmsCode),
        Action::Commit(action) => usize::from(matches!(&**action, Action::Fill { with: Value::SmsCode, .. })),
        Action::Expect(expect) => expect.branches.iter().map(|branch| texts(&branch.then)).sum(),
        _ => 0,
    };
    steps.iter().map(of).sum()
}

/// The flows of a playbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// From a fresh context to `signed_in`.
    pub login: Flow,
    /// From signed in to `signed_out`.
    pub logout: Option<Flow>,
    /// From signed in to `mfa_enabled`.
    pub enrol_mfa: Option<Flow>,
    /// From signed in to `mfa_enabled`, by codes that are mailed.
    pub enrol_mfa_email: Option<Flow>,
    /// From signed in to `mfa_enabled`, by codes that are sent as text messages.
    pub enrol_mfa_sms: Option<Flow>,
    /// From signed in to `password_changed`.
    pub change_password: Option<Flow>,
    /// From a fresh context to `password_changed`, when no known password opens the account.
    pub recover: Option<Flow>,
    /// From signed in to `contact_set`: the app knows the account's managed address or number.
    pub set_contact: Option<Flow>,
}

impl Flows {
    /// The flow of that kind, if the app has it.
    pub fn get(&self, kind: FlowKind) -> Option<&Flow> {
        match kind {
            FlowKind::Login => Some(&self.login),
            FlowKind::Logout => self.logout.as_ref(),
            FlowKind::EnrolMfa => self.enrol_mfa.as_ref(),
            FlowKind::EnrolMfaEmail => self.enrol_mfa_email.as_ref(),
            FlowKind::EnrolMfaSms => self.enrol_mfa_sms.as_ref(),
            FlowKind::ChangePassword => self.change_password.as_ref(),
            FlowKind::Recover => self.recover.as_ref(),
            FlowKind::SetContact => self.set_contact.as_ref(),
        }
    }

    /// Every flow that the app has.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        FlowKind::ALL.into_iter().filter_map(|kind| self.get(kind))
    }
}

/// The kinds of flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FlowKind {
    /// `login`
    Login,
    /// `logout`
    Logout,
    /// `enrol_mfa`
    EnrolMfa,
    /// `enrol_mfa_email`
    EnrolMfaEmail,
    /// `enrol_mfa_sms`
    EnrolMfaSms,
    /// `change_password`
    ChangePassword,
    /// `recover`
    Recover,
    /// `set_contact`
    SetContact,
}

impl FlowKind {
    /// Every kind, in the order in which a playbook should give them.
    pub const ALL: [Self; 8] = [
        Self::Login,
        Self::Logout,
        Self::EnrolMfa,
        Self::EnrolMfaEmail,
        Self::EnrolMfaSms,
        Self::ChangePassword,
        Self::Recover,
        Self::SetContact,
    ];

    /// The key in the playbook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Logout => "logout",
            Self::EnrolMfa => "enrol_mfa",
            Self::EnrolMfaEmail => "enrol_mfa_email",
            Self::EnrolMfaSms => "enrol_mfa_sms",
            Self::ChangePassword => "change_password",
            Self::Recover => "recover",
            Self::SetContact => "set_contact",
        }
    }

    /// The end that the flow is for; the checker sees to it that it can be reached.
    pub fn goal(self) -> End {
        match self {
            Self::Login => End::SignedIn,
            Self::Logout => End::SignedOut,
            Self::EnrolMfa | Self::EnrolMfaEmail | Self::EnrolMfaSms => End::MfaEnabled,
            Self::ChangePassword | Self::Recover => End::PasswordChanged,
            Self::SetContact => End::ContactSet,
        }
    }

    /// Whether the flow hands the app a candidate, by exactly one commit step.
    pub fn commits(self) -> bool {
        matches!(self, Self::EnrolMfa | Self::ChangePassword | Self::Recover)
    }

    /// Whether what it hands the app is a new password.
    pub fn sets_password(self) -> bool {
        matches!(self, Self::ChangePassword | Self::Recover)
    }

    /// Whether it turns on a second factor.
    pub fn enrols(self) -> bool {
        self.goal() == End::MfaEnabled
    }

    /// Whether it succeeds only by what the app sends to the account: that proves where its messages go.
    pub fn proves_contact(self) -> bool {
        matches!(self, Self::EnrolMfaEmail | Self::EnrolMfaSms | Self::SetContact)
    }

    /// Whether it begins in a fresh context rather than signed in.
    pub fn starts_fresh(self) -> bool {
        matches!(self, Self::Login | Self::Recover)
    }

    /// Whether the flow may end so.
    pub fn may_end(self, end: End) -> bool {
        match end {
            End::Captcha | End::NeedsHuman | End::AppError => true,
            End::BadCredentials | End::CodeRefused | End::AccountLocked => self != Self::Logout,
            End::MfaAlreadyOn | End::MfaUnmanaged => self.enrols(),
            End::PasswordRefused => self.sets_password(),
            End::SignedIn | End::SignedOut | End::MfaEnabled | End::PasswordChanged | End::ContactSet => {
                end == self.goal()
            }
        }
    }
}

impl fmt::Display for FlowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
