//! Where an `open` step goes.

use std::fmt;
use std::time::Duration;

use super::Address;
use super::locator::Texts;

/// Where an `open` step goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An address that the playbook gives.
    Address(Address),
    /// The link that the app mails, if it leads to a declared origin.
    MailedLink {
        /// Its words or its address contain one of these; empty if it may be any.
        containing: Vec<String>,
        /// How long it is awaited, if not as long as mail takes.
        timeout: Option<Duration>,
    },
}

impl Destination {
    /// What stands for the mailed link in a playbook.
    pub const MAILED_LINK: &'static str = "email_link";
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::MailedLink { containing, timeout: _ } => {
                f.write_str(Self::MAILED_LINK)?;
                if !containing.is_empty() {
                    write!(f, " containing {}", Texts(containing))?;
                }
                Ok(())
            }
        }
    }
}
