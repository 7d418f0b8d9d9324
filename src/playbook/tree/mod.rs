//! The typed tree: what a checked playbook says, and nothing that it could say wrongly.
//!
//! Only [`parse`](crate::playbook::parse) builds it, so whoever holds a [`Playbook`] holds one
//! that passed every check.

mod address;
mod app_name;
mod destination;
mod expect;
mod flow;
mod frame;
mod key;
mod locator;
mod origin;
mod parameter;
mod place;
mod policy;
mod step;
mod target;
mod value;

pub use address::Address;
pub use app_name::AppName;
pub use destination::Destination;
pub use expect::{Branch, End, Expect, State};
pub use flow::{Flow, FlowKind, Flows};
pub use frame::Frame;
pub use key::Key;
pub(super) use locator::bare;
pub use locator::{By, Locator};
pub use origin::Origin;
pub(super) use origin::OriginError;
pub use parameter::Parameter;
pub use place::Place;
pub use policy::{Interruption, Limits, Lockout, MessagePolicy, Mfa, MfaMethod, PasswordPolicy, Timeouts};
pub use step::{Action, CodesSource, SecretForm, SecretSource, Step};
pub use target::Target;
pub use value::Value;

use url::Url;

use std::sync::Arc;

use super::{Parameters, Report, Template};

/// An app as its playbook describes it, checked.
#[derive(Clone, Debug)]
pub struct Playbook {
    /// The file's name as it was given to [`parse`](crate::playbook::parse); for messages and the automation log.
    pub name: String,
    /// SHA-256 of the source, in lower-case hex: which text an attempt followed.
    pub hash: String,
    /// The app's name, the first half of an account reference.
    pub app: AppName,
    /// The app's name as people write it.
    pub title: String,
    /// What is another for each account. Where there are any, the playbook is that of an account only by
    /// [`Playbook::for_account`]; as it stands, it has the examples in their places.
    pub parameters: Vec<Parameter>,
    /// The declared origins by name, in the file's order. `app` is always among them.
    pub origins: Vec<(String, Origin)>,
    /// The frames that steps may reach into, in the file's order.
    pub frames: Vec<Frame>,
    /// What the app demands of a password.
    pub password: PasswordPolicy,
    /// The second factors that the app offers.
    pub mfa: Mfa,
    /// What is known of the mails that the app sends.
    pub mail: MessagePolicy,
    /// What is known of the text messages that the app sends.
    pub sms: MessagePolicy,
    /// After how many wrong passwords the app locks an account, where that is known.
    pub lockout: Option<Lockout>,
    /// How much of the app may be under way at once.
    pub limits: Limits,
    /// How long a step and a whole flow may take.
    pub timeouts: Timeouts,
    /// What may cover the page at any moment, and what to click then.
    pub interruptions: Vec<Interruption>,
    /// The flows.
    pub flows: Flows,
    /// What the checker noticed and let pass (an unused frame, say). Empty most of the time.
    pub warnings: Report,
    /// What it was read from.
    pub(super) template: Arc<Template>,
}

impl Playbook {
    /// The playbook with an account's parameters in their places, checked anew: what they make of an origin is an
    /// origin by the same rules as one that is written out.
    ///
    /// # Errors
    /// If one is missing, or no value that the playbook takes; or if with them the playbook is not sound.
    pub fn for_account(&self, parameters: &Parameters) -> Result<Self, Report> {
        if self.parameters.is_empty() { Ok(self.clone()) } else { self.template.with(parameters) }
    }

    /// The origin that relative addresses resolve on.
    ///
    /// # Panics
    /// Never: the checker refuses a playbook without `origins.app`.
    pub fn app_origin(&self) -> &Origin {
        #[expect(clippy::expect_used, reason = "the checker refuses a playbook without it")]
        self.origin("app").expect("origins.app is declared")
    }

    /// The origin declared under `name`.
    pub fn origin(&self, name: &str) -> Option<&Origin> {
        let (_, origin) = self.origins.iter().find(|(known, _)| known == name)?;
        Some(origin)
    }

    /// The frame declared under `name`.
    pub fn frame(&self, name: &str) -> Option<&Frame> {
        self.frames.iter().find(|frame| frame.name == name)
    }

    /// Whether `url` lies within a declared origin: where the main page may be when a secret is typed into it.
    pub fn declares(&self, url: &Url) -> bool {
        self.origins.iter().any(|(_, origin)| origin.matches(url))
    }
}
