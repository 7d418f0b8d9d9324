use std::fmt;

/// Why it is certain that the app does not take a candidate: nothing else rejects one. That the app says so is not
/// enough while another credential has not opened the account, since a browser or a proxy may have sent the request
/// twice, and the app may have taken the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disproof {
    /// The app was never told of it, and a fresh login with this credential succeeded.
    NeverSubmitted {
        /// What opened the account, in words.
        opened: String,
    },
    /// A fresh login with this credential succeeded after the attempt that submitted it had ended.
    OtherOpens {
        /// What opened the account, in words.
        opened: String,
    },
}

impl fmt::Display for Disproof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeverSubmitted { opened } => {
                write!(f, "never submitted to the app, and a fresh login with the {opened} succeeded")
            }
            Self::OtherOpens { opened } => write!(f, "a fresh login with the {opened} succeeded"),
        }
    }
}
