use std::io::{Write, stdout};

use clap::Args;

use super::at_the_shell;
use crate::cli::{Context, Exit, Failure, parts};
use crate::store::NewAudit;

#[derive(Debug, Args)]
pub struct Revoke {
    /// Its name
    name: String,
}

impl Revoke {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        if !store.revoke_token(&self.name).await? {
            return Err(Failure::usage(format_args!(
                "there is no token `{}` that is good: `turnlock token list` shows them",
                self.name
            )));
        }
        let audit = NewAudit {
            who: at_the_shell(context),
            action: "token.revoke".to_owned(),
            target: self.name.clone(),
            detail: None,
        };
        store.audit(&audit).await?;
        writeln!(stdout(), "the token {} is good for nothing any more", self.name)?;
        Ok(Exit::Done)
    }
}
