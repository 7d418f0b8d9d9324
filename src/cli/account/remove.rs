use std::io::{IsTerminal, Write, stderr, stdin, stdout};

use clap::Args;

use super::{Context, Exit, Failure};
use crate::audit::{audited, entry_of};
use crate::cli::{parts, who};
use crate::job::AccountRef;
use crate::store::StoreError;

#[derive(Debug, Args)]
pub struct Remove {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
    /// Do not ask whether it is meant
    #[arg(long)]
    yes: bool,
}

impl Remove {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        if store.account(&self.account).await?.is_none() {
            return Err(StoreError::NoAccount(self.account).into());
        }
        if !self.yes && !self.is_meant()? {
            return Err(Failure::usage("nothing was removed"));
        }
        let entry = entry_of(&who::at_the_shell(), "account.remove", &self.account);
        audited(store.as_ref(), entry, async {
            match store.remove_account(&self.account).await? {
                true => Ok(()),
                false => Err(StoreError::NoAccount(self.account.clone())),
            }
        })
        .await?;
        writeln!(stdout(), "removed {}", self.account)?;
        Ok(Exit::Done)
    }

    /// What is removed is lost for good, so the account's name has to be typed again.
    fn is_meant(&self) -> Result<bool, Failure> {
        if !stdin().is_terminal() {
            return Err(Failure::usage("its credentials would be lost for good: say --yes if that is meant"));
        }
        write!(
            stderr(),
            "The credentials of {} will be lost for good. Type its name to go on: ",
            self.account
        )?;
        let mut answer = String::new();
        stdin().read_line(&mut answer)?;
        Ok(answer.trim() == self.account.to_string())
    }
}
