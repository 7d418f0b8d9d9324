use std::io::{Write, stdout};

use clap::Args;
use secrecy::ExposeSecret as _;

use crate::cli::{Exit, Failure};
use crate::webhook::Key;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  (umask 077; turnlock webhook secret > /etc/turnlock/ops.whsec)

To change it, put the new one on a line above the old one: messages are signed with both until you take the old one out.")]
pub struct Secret {}

impl Secret {
    pub fn run(self) -> Result<Exit, Failure> {
        let secret = Key::generate().map_err(Failure::environment)?;
        writeln!(stdout(), "{}", secret.expose_secret())?;
        Ok(Exit::Done)
    }
}
