use std::io::{Write, stderr, stdout};
use std::time::Duration;

use clap::Args;
use secrecy::ExposeSecret;

use super::{Context, Exit, Failure};
use crate::cli::{parts, who};
use crate::job::AccountRef;
use crate::reveal::{Reveal, RevealError};

#[derive(Debug, Args)]
#[command(
    after_help = "A code is good for one login, so one that a job has used is passed over, and one that is printed here is used by no job. That it was printed stands in the audit: `turnlock audit`."
)]
pub struct Code {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
}

impl Code {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let reveal = Reveal::new(parts::open_vault(&context.config()?).await?);
        let who = who::at_the_shell();
        loop {
            match reveal.code(&self.account, &who).await {
                Ok(code) => {
                    writeln!(stdout(), "{}", code.digits.expose_secret())?;
                    writeln!(stderr(), "good for {} s more", code.seconds)?;
                    return Ok(Exit::Done);
                }
                Err(later @ RevealError::Later(seconds)) => {
                    writeln!(stderr(), "{later}")?;
                    tokio::time::sleep(Duration::from_secs(seconds)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
