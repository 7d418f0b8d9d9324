use std::io::{Write, stderr, stdout};

use clap::Args;
use secrecy::ExposeSecret;

use super::{Context, Exit, Failure};
use crate::cli::{output, parts, who};
use crate::job::AccountRef;

#[derive(Debug, Args)]
#[command(after_help = "That it was shown, and to whom, stands in the audit: `turnlock audit`.")]
pub struct Reveal {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
}

impl Reveal {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let vault = parts::open_vault(&context.config()?).await?;
        let shown = crate::reveal::Reveal::new(vault).password(&self.account, &who::at_the_shell()).await?;
        writeln!(stdout(), "{}", shown.password.expose_secret())?;
        writeln!(stderr(), "the password of {} since {}", shown.username, output::local_time(shown.since))?;
        if shown.in_doubt {
            writeln!(stderr(), "another one may open the account by now: it is being found out")?;
        }
        Ok(Exit::Done)
    }
}
