//! What a `fill` step types.

use std::fmt;

/// A value, named rather than given: the interpreter takes it from the vault or the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The account's username.
    Username,
    /// The account's managed address.
    Address,
    /// The current password. Not in `recover`, where none is known.
    Password,
    /// The pending password. `change_password` and `recover` only.
    NewPassword,
    /// A TOTP code: of the pending secret after `read_secret`, of the current one otherwise.
    Totp,
    /// The code that the app mails.
    EmailCode,
    /// A literal.
    Text(String),
}

impl Value {
    /// The names that a playbook may give, without the literal.
    pub const NAMES: [&'static str; 6] =
        ["username", "address", "password", "new_password", "totp", "email_code"];

    /// The value of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "username" => Self::Username,
            "address" => Self::Address,
            "password" => Self::Password,
            "new_password" => Self::NewPassword,
            "totp" => Self::Totp,
            "email_code" => Self::EmailCode,
            _ => return None,
        })
    }

    /// Whether it may be typed only within a declared origin, and is shown nowhere.
    pub fn is_secret(&self) -> bool {
        match self {
            Self::Password | Self::NewPassword | Self::Totp | Self::EmailCode => true,
            Self::Username | Self::Address | Self::Text(_) => false,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Username => f.write_str("username"),
            Self::Address => f.write_str("address"),
            Self::Password => f.write_str("password"),
            Self::NewPassword => f.write_str("new_password"),
            Self::Totp => f.write_str("totp"),
            Self::EmailCode => f.write_str("email_code"),
            Self::Text(text) => write!(f, "text {text:?}"),
        }
    }
}
