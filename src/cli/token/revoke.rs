use std::io::{Write, stdout};

use clap::Args;

use crate::audit::{audited, entry};
use crate::cli::{Context, Exit, Failure, parts, who};
use crate::store::StoreError;

#[derive(Debug, Args)]
pub struct Revoke {
    /// Its name
    name: String,
}

impl Revoke {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let entry = entry(&who::at_the_shell(), "token.revoke", &self.name);
        audited(store.as_ref(), entry, async {
            match store.revoke_token(&self.name).await? {
                true => Ok(()),
                false => Err(StoreError::NoToken(self.name.clone())),
            }
        })
        .await?;
        writeln!(stdout(), "the token {} is good for nothing any more", self.name)?;
        Ok(Exit::Done)
    }
}
