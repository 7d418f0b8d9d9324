//! What a `fill` step types.

use std::fmt;

/// A value, named rather than given: the interpreter takes it from the vault or the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The account's username.
    Username,
    /// The account's managed address.
    Address,
    /// The account's number for text messages.
    Number,
    /// The current password. Not in `recover`, where none is known.
    Password,
    /// The pending password. `change_password` and `recover` only.
    NewPassword,
    /// A TOTP code: of the pending secret after `read_secret`, of the current one otherwise.
    Totp,
    /// The code that the app mails.
    EmailCode,
    /// The code that the app sends as a text message.
    SmsCode,
    /// A literal.
    Text(String),
}

impl Value {
    /// The names that a playbook may give, without the literal.
    pub const NAMES: [&'static str; 8] =
        ["username", "address", "number", "password", "new_password", "totp", "email_code", "sms_code"];

    /// The value of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "username" => Self::Username,
            "address" => Self::Address,
            "number" => Self::Number,
            "password" => Self::Password,
            "new_password" => Self::NewPassword,
            "totp" => Self::Totp,
            "email_code" => Self::EmailCode,
            "sms_code" => Self::SmsCode,
            _ => return None,
        })
    }

    /// What a draft types where only its author knows what to type.
    pub const QUESTION: &str = "?";

    /// Whether it stands for a question of a draft that nobody has answered yet.
    pub fn is_question(&self) -> bool {
        matches!(self, Self::Text(text) if text == Self::QUESTION)
    }

    /// Whether it is a code that the app sends to the account.
    pub fn is_sent_code(&self) -> bool {
        matches!(self, Self::EmailCode | Self::SmsCode)
    }

    /// Whether it may be typed only within a declared origin, and is shown nowhere.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Password | Self::NewPassword | Self::Totp | Self::EmailCode | Self::SmsCode => true,
            Self::Username | Self::Address | Self::Number | Self::Text(_) => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Username => f.write_str("username"),
            Self::Address => f.write_str("address"),
            Self::Number => f.write_str("number"),
            Self::Password => f.write_str("password"),
            Self::NewPassword => f.write_str("new_password"),
            Self::Totp => f.write_str("totp"),
            Self::EmailCode => f.write_str("email_code"),
            Self::SmsCode => f.write_str("sms_code"),
            Self::Text(text) => write!(f, "text {text:?}"),
        }
    }
}
