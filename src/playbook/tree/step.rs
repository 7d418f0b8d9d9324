//! Steps: one thing done or expected on a page.

use std::fmt;

use super::{Destination, Expect, Key, Place, Target, Value};

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it does.
    pub action: Action,
    /// Where the playbook says so.
    pub place: Place,
    /// The way to it, counted from 1: `login.3`, or `login.5.code_wanted.2` within a branch.
    pub id: String,
}

impl Step {
    /// The step in a few words, for people: `fill label "Password" with password`. Never a secret.
    pub fn summary(&self) -> String {
        self.action.to_string()
    }
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Goes to an address, or where the link leads that the app mails.
    Open(Destination),
    /// Clicks.
    Click(Target),
    /// Replaces what a field holds.
    Fill {
        /// The field.
        into: Target,
        /// What is typed.
        with: Value,
    },
    /// Sets a checkbox or switch, whatever it was before.
    Check {
        /// The checkbox.
        target: Target,
        /// `check` or `uncheck`.
        on: bool,
    },
    /// Picks an option of a `<select>`.
    Select {
        /// The `<select>`.
        target: Target,
        /// The option's visible text.
        option: String,
    },
    /// Presses a key.
    Press {
        /// The key.
        key: Key,
        /// The element that has the focus then; the one that has it already if `None`.
        in_: Option<Target>,
    },
    /// Moves the mouse over an element.
    Hover(Target),
    /// Waits until visible.
    See(Target),
    /// Waits until not visible, or not there.
    Gone(Target),
    /// Waits for the first of several states.
    Expect(Expect),
    /// Reads the TOTP secret that the app shows, which becomes the pending candidate. `enrol_mfa` only.
    ReadSecret {
        /// Alternatives, tried together; never empty.
        sources: Vec<SecretSource>,
    },
    /// Reads recovery codes. `enrol_mfa` only.
    ReadRecoveryCodes {
        /// Where they are.
        from: CodesSource,
        /// How many there must be.
        count: Option<usize>,
    },
    /// The commit step, around a click, a press or, where the page submits itself, a fill: after it the app may have taken the candidate.
    Commit(Box<Action>),
}

/// Where an app shows its recovery codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodesSource {
    /// In an element that holds them all.
    Element(Target),
    /// In a file, which comes when this is clicked.
    Download(Target),
}

impl CodesSource {
    /// The element that holds them, or that is clicked for the file.
    #[must_use]
    pub fn target(&self) -> &Target {
        let (Self::Element(target) | Self::Download(target)) = self;
        target
    }
}

impl fmt::Display for CodesSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Element(target) => target.fmt(f),
            Self::Download(target) => write!(f, "the file of {target}"),
        }
    }
}

/// One way to read a TOTP secret off the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretSource {
    /// The form it is in.
    pub how: SecretForm,
    /// The element.
    pub from: Target,
}

/// The form in which a page shows a TOTP secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretForm {
    /// Base32 in the element's text or value.
    Text,
    /// An `otpauth://` address in `href`.
    Link,
    /// A QR picture: `img`, `canvas` or `svg`.
    Qr,
}

impl SecretForm {
    /// The key in the playbook.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Link => "link",
            Self::Qr => "qr",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(destination) => write!(f, "open {destination}"),
            Self::Click(target) => write!(f, "click {target}"),
            Self::Fill { into, with } => write!(f, "fill {into} with {with}"),
            Self::Check { target, on: true } => write!(f, "check {target}"),
            Self::Check { target, on: false } => write!(f, "uncheck {target}"),
            Self::Select { target, option } => write!(f, "select {option:?} in {target}"),
            Self::Press { key, in_: None } => write!(f, "press {key}"),
            Self::Press { key, in_: Some(target) } => write!(f, "press {key} in {target}"),
            Self::Hover(target) => write!(f, "hover over {target}"),
            Self::See(target) => write!(f, "see {target}"),
            Self::Gone(target) => write!(f, "see {target} gone"),
            Self::Expect(expect) => write!(f, "expect {expect}"),
            Self::ReadSecret { sources } => {
                f.write_str("read the secret from ")?;
                for (nth, source) in sources.iter().enumerate() {
                    let or = if nth == 0 { "" } else { ", or " };
                    write!(f, "{or}the {} of {}", source.how.as_str(), source.from)?;
                }
                Ok(())
            }
            Self::ReadRecoveryCodes { from, count } => {
                f.write_str("read ")?;
                if let Some(count) = count {
                    write!(f, "{count} ")?;
                }
                write!(f, "recovery codes from {from}")
            }
            Self::Commit(action) => write!(f, "commit: {action}"),
        }
    }
}
