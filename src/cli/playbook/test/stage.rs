//! What is tried, in order.

use crate::job::Kind;
use crate::playbook::{FlowKind, MfaMethod, Playbook};

/// Something that is tried: a job, and what it is to show.
pub struct Stage {
    pub what: &'static str,
    /// The flow without which there is nothing to try.
    pub about: FlowKind,
    /// The flow that it shows to work.
    pub flow: FlowKind,
    /// The job that does it; `None` where the flow is tried out by itself, whatever a job would choose.
    pub kind: Option<Kind>,
    /// Nothing builds on it.
    pub alone: bool,
    /// The password is set back to what it was before.
    pub back: bool,
}

const fn stage(what: &'static str, about: FlowKind, flow: FlowKind, kind: Kind) -> Stage {
    Stage { what, about, flow, kind: Some(kind), alone: false, back: false }
}

/// A flow that is tried out, and on which nothing builds.
const fn alone(what: &'static str, flow: FlowKind) -> Stage {
    Stage { what, about: flow, flow, kind: None, alone: true, back: false }
}

/// Without MFA: a login is a moment's work, and where the app sends to is settled before it sends.
pub const BEFORE_MFA: [Stage; 3] = [
    stage("a login", FlowKind::Login, FlowKind::Login, Kind::VerifyLogin),
    alone("a logout", FlowKind::Logout),
    alone("the address set", FlowKind::SetContact),
];

/// The password: changed, and set anew by who forgot it while the vault holds one that works; then back.
pub const PASSWORD: [Stage; 5] = [
    stage("the password changed", FlowKind::ChangePassword, FlowKind::ChangePassword, Kind::ChangePassword),
    stage("a login with the new password", FlowKind::ChangePassword, FlowKind::Login, Kind::VerifyLogin),
    alone("a forgotten password set anew", FlowKind::Recover),
    Stage {
        back: true,
        ..stage(
            "the password changed back",
            FlowKind::ChangePassword,
            FlowKind::ChangePassword,
            Kind::ChangePassword,
        )
    },
    stage("a login with the old password", FlowKind::ChangePassword, FlowKind::Login, Kind::VerifyLogin),
];

/// MFA turned on by this method.
pub const fn enrolment(method: MfaMethod) -> Stage {
    let (what, flow) = match method {
        MfaMethod::Totp => ("MFA on", FlowKind::EnrolMfa),
        MfaMethod::Email => ("MFA on by mailed codes", FlowKind::EnrolMfaEmail),
        MfaMethod::Sms => ("MFA on by text messages", FlowKind::EnrolMfaSms),
    };
    Stage { alone: false, ..alone(what, flow) }
}

/// A login that is asked for a code, once MFA is on by this method.
pub fn login_with(method: MfaMethod) -> Stage {
    stage("a login with MFA", method.flow(), FlowKind::Login, Kind::VerifyLogin)
}

/// The methods that the playbook has flows for, in the order in which a job chooses among them.
pub fn methods(playbook: &Playbook) -> Vec<MfaMethod> {
    let mut methods: Vec<MfaMethod> = Vec::new();
    for method in playbook.mfa.methods.iter().copied().chain(MfaMethod::ALL) {
        if !methods.contains(&method) && playbook.flows.get(method.flow()).is_some() {
            methods.push(method);
        }
    }
    methods
}
