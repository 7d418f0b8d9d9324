use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a job waits for that a person has to give: a code, by the name that playbooks have for it, or a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// The code that the app has mailed.
    EmailCode,
    /// The code that the app has sent as a text message.
    SmsCode,
    /// A code of an authenticator app.
    Totp,
    /// The app asks for something that only a person can do, such as an approval on a phone: whether to go on.
    Decision,
}

impl Wanted {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::EmailCode, Self::SmsCode, Self::Totp, Self::Decision];

    /// The name in playbooks, database and API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EmailCode => "email_code",
            Self::SmsCode => "sms_code",
            Self::Totp => "totp",
            Self::Decision => "decision",
        }
    }

    /// What it is, for people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::EmailCode => "the code that the app has mailed",
            Self::SmsCode => "the code that the app has sent as a text message",
            Self::Totp => "a code of the account's authenticator app",
            Self::Decision => "a person to do what the app asks for",
        }
    }
}

impl Wanted {
    /// The step that waits for a person to give it.
    #[must_use]
    pub fn step(self) -> String {
        match self {
            Self::Decision => format!("wait for {}", self.words()),
            _ => format!("wait for a person to give {}", self.words()),
        }
    }

    /// What a step waits for a person to give, by what it says, if it is such a one.
    #[must_use]
    pub fn of_step(summary: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|wanted| summary.starts_with(&wanted.step()))
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The text names nothing that a person could be asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a person is asked for: email_code, sms_code, totp or decision")]
pub struct UnknownWanted(String);

impl FromStr for Wanted {
    type Err = UnknownWanted;

    fn from_str(text: &str) -> Result<Self, UnknownWanted> {
        Self::ALL.into_iter().find(|one| one.as_str() == text).ok_or_else(|| UnknownWanted(text.to_owned()))
    }
}
