use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;

use super::{Context, Exit, Failure};
use crate::cli::{output, parts};
use crate::job::AccountRef;
use crate::store::{Account, Candidate, CandidateKind, CandidateState, Share, StoreError};

#[derive(Debug, Args)]
pub struct Show {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Show {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let found = store.account(&self.account).await?;
        let account = found.ok_or_else(|| StoreError::NoAccount(self.account.clone()))?;
        let ledger = store.candidates(&self.account).await?;
        let shares = store.shared_with(&self.account).await?;
        if self.json {
            writeln!(stdout(), "{}", as_json(&account, &ledger, &shares))?;
        } else {
            print(&account, &ledger, &shares)?;
        }
        Ok(Exit::Done)
    }
}

fn print(account: &Account, ledger: &[Candidate], shares: &[Share]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "account   {}", account.account)?;
    writeln!(out, "username  {}", account.username)?;
    writeln!(out, "address   {}", account.address.as_deref().unwrap_or("none is managed"))?;
    if let Some(number) = &account.number {
        writeln!(out, "number    {number}")?;
    }
    for (name, value) in &account.params {
        writeln!(out, "param     {name}={value}")?;
    }
    writeln!(out, "MFA       {}", mfa(account, ledger))?;
    for share in shares {
        writeln!(out, "shared    with {} as {}", share.name, share.role)?;
    }
    writeln!(out, "added     {}", output::local_time(account.created_at))?;
    let mut table = output::table(["credential", "version", "state", "written", "by job", "note"]);
    for row in ledger {
        table.add_row([
            row.kind.to_string(),
            row.version.to_string(),
            row.state.to_string(),
            output::local_time(row.created_at),
            row.job.map(|job| job.to_string()).unwrap_or_else(|| "its owner".to_owned()),
            row.reason.clone().unwrap_or_default(),
        ]);
    }
    writeln!(out, "{table}")?;
    Ok(())
}

fn mfa<'a>(account: &'a Account, ledger: &[Candidate]) -> &'a str {
    let held = |row: &Candidate| row.kind == CandidateKind::Totp && row.state == CandidateState::Current;
    match &account.mfa_note {
        Some(note) => note,
        None if ledger.iter().any(held) => "on, by TOTP",
        None => "the vault holds no secret for it",
    }
}

fn as_json(account: &Account, ledger: &[Candidate], shares: &[Share]) -> serde_json::Value {
    let credential = |row: &Candidate| {
        json!({
            "kind": row.kind.as_str(),
            "version": row.version,
            "state": row.state.as_str(),
            "created_at": row.created_at.to_string(),
            "submitted_at": row.submitted_at.map(|at| at.to_string()),
            "decided_at": row.decided_at.map(|at| at.to_string()),
            "job": row.job,
            "reason": row.reason,
        })
    };
    json!({
        "account": account.account,
        "username": account.username,
        "address": account.address,
        "number": account.number,
        "params": account.params,
        "mfa": account.mfa_note,
        "created_at": account.created_at.to_string(),
        "updated_at": account.updated_at.to_string(),
        "shared": shares.iter().map(|share| json!({ "token": share.name, "role": share.role.as_str() })).collect::<Vec<_>>(),
        "credentials": ledger.iter().map(credential).collect::<Vec<_>>(),
    })
}
