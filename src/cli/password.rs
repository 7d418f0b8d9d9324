use std::io::{Write, stdout};

use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::{Exit, Failure};
use crate::credential::{PasswordRules, generate};

/// See what an app's password rules give.
#[derive(Debug, Args)]
pub struct Password {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make passwords by the rules
    #[command(after_help = "Example:
  turnlock password generate --rules 'minlength: 12; required: upper; required: digit; allowed: [-_!]'")]
    Generate {
        /// The rules, in Apple's passwordrules grammar
        #[arg(long)]
        rules: String,
        /// How many
        #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        count: u32,
    },
}

impl Password {
    /// Does it.
    ///
    /// # Errors
    /// If the rules are not rules, or no password can meet them.
    pub fn run(self) -> Result<Exit, Failure> {
        let Command::Generate { rules, count } = self.command;
        let rules = PasswordRules::parse(&rules).map_err(Failure::usage)?;
        let mut out = stdout().lock();
        for _ in 0..count {
            let password = generate(&rules).map_err(Failure::usage)?;
            writeln!(out, "{}", password.expose_secret())?;
        }
        Ok(Exit::Done)
    }
}
