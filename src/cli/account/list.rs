use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::cli::{output, parts};

#[derive(Debug, Args)]
pub struct List {
    /// Only those of this app
    #[arg(long)]
    app: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let accounts = store.accounts(self.app.as_deref()).await?;
        let mut out = stdout().lock();
        if self.json {
            for account in accounts {
                let line = json!({
                    "account": account.account,
                    "username": account.username,
                    "address": account.address,
                    "number": account.number,
                    "mfa": account.mfa_note,
                    "created_at": account.created_at.to_string(),
                    "updated_at": account.updated_at.to_string(),
                });
                writeln!(out, "{line}")?;
            }
            return Ok(Exit::Done);
        }
        if accounts.is_empty() {
            writeln!(out, "no accounts; `turnlock account add` adds one")?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(["account", "username", "managed address", "MFA", "changed"]);
        for account in accounts {
            table.add_row([
                account.account.to_string(),
                account.username,
                [account.address, account.number].into_iter().flatten().collect::<Vec<_>>().join("\n"),
                account.mfa_note.unwrap_or_default(),
                output::local_time(account.updated_at),
            ]);
        }
        writeln!(out, "{table}")?;
        Ok(Exit::Done)
    }
}
