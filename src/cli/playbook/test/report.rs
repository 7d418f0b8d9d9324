//! What an operator may rely on, as a table and for programs.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::lack::Lack;
use super::{say, succeeded};
use crate::cli::{Failure, output};
use crate::credential::RecoveryCodes;
use crate::job::{AccountRef, Code};
use crate::playbook::{FlowKind, MfaMethod};
use crate::store::AttemptRow;
use crate::vault::Credentials;

/// How it stands with something that the app can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Result {
    /// It was done, and a fresh login proved it.
    Proved,
    /// It was so before, and a login with what the vault holds proved that. How it is done was not tried.
    OnAlready,
    /// The playbook does not describe it.
    NotInThePlaybook,
    /// The app does not take it, as it may: a password that was there before, and stays what it is now.
    NotTaken,
    /// It did not work.
    Failed,
    /// Something before it did not work, or what it needs is not at hand.
    NotTried,
}

impl Result {
    const fn words(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::OnAlready => "on already",
            Self::NotInThePlaybook => "not in the playbook",
            Self::NotTaken => "the app does not take it again",
            Self::Failed => "failed",
            Self::NotTried => "not tried",
        }
    }
}

/// A line of the report.
pub struct Row {
    what: &'static str,
    flow: FlowKind,
    account: AccountRef,
    pub stands: Result,
    pub code: Option<Code>,
    /// What there is to say of it below the table.
    message: String,
    action: String,
    took: Option<Duration>,
}

impl Row {
    pub fn plain(what: &'static str, flow: FlowKind, account: &AccountRef, stands: Result) -> Self {
        let (message, action) = (String::new(), String::new());
        Self { what, flow, account: account.clone(), stands, code: None, message, action, took: None }
    }

    /// It was not tried, and could be.
    pub fn for_want_of(self, lack: Lack) -> Self {
        Self { message: lack.why, action: lack.give, ..self }
    }

    /// The job that tried it has ended so.
    pub fn after(self, row: &AttemptRow) -> Self {
        let verdict = row.verdict.as_ref();
        Self {
            stands: if succeeded(row) { Result::Proved } else { Result::Failed },
            code: verdict.map(|verdict| verdict.code),
            message: verdict.map(|verdict| verdict.message.clone()).unwrap_or_default(),
            action: row.user_action.clone().unwrap_or_default(),
            took: row.duration,
            ..self
        }
    }
}

/// All of it.
pub struct Report {
    file: String,
    accounts: Vec<AccountRef>,
    rows: Vec<Row>,
    /// The accounts whose logins ask for a code that the app sends.
    sent: Vec<(AccountRef, MfaMethod)>,
    /// In what state each is left.
    ends: Vec<String>,
}

impl Report {
    pub fn new(file: &str, accounts: &[AccountRef]) -> Self {
        let accounts = accounts.to_vec();
        Self { file: file.to_owned(), accounts, rows: Vec::new(), sent: Vec::new(), ends: Vec::new() }
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// From now on the account's logins ask for a code that the app sends.
    pub fn sends_codes(&mut self, account: &AccountRef, method: MfaMethod) {
        self.sent.push((account.clone(), method));
    }

    /// In what state the next account is left.
    pub fn ends(&mut self, account: &AccountRef, held: &Credentials, old: Option<&SecretString>) {
        let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        let password = match (&held.password, old) {
            _ if held.pending_password.is_some() => {
                "which password opens it is not known: run `turnlock run reconcile`"
            }
            (Some(now), Some(old)) if same(&now.secret, old) => "its password is what it was",
            _ => "its password is another one, which the vault holds",
        };
        let sent = self.sent.iter().find(|(of, _)| of == account).map(|(_, method)| *method);
        let mfa = match sent {
            Some(MfaMethod::Sms) => "MFA is on, by text messages",
            Some(_) => "MFA is on, by mailed codes",
            None if held.totp.is_some() => "MFA is on",
            None => "the vault holds no MFA secret of it",
        };
        let codes =
            held.recovery_codes.as_ref().and_then(|codes| RecoveryCodes::from_json(&codes.secret).ok());
        let codes = codes.map(|codes| format!(", and {} recovery codes are sealed", codes.len()));
        self.ends.push(format!("{password}; {mfa}{}", codes.unwrap_or_default()));
    }

    /// Shows it.
    ///
    /// # Errors
    /// If nobody takes it.
    pub fn show(&self, recorded: Option<String>, json: bool) -> std::result::Result<(), Failure> {
        if json {
            return say(self.json(recorded));
        }
        // Whose each line is goes without saying where there is one account.
        let several = self.accounts.len() > 1;
        let mut table = output::table(["what"; 1]);
        let heads = ["what", "flow", "account", "result", "took"];
        let shown = |at: usize| several || heads[at] != "account";
        table.set_header(heads.into_iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, head)| head));
        for row in &self.rows {
            let code = row.code.filter(|_| row.stands == Result::Failed).map(|code| format!(" ({code})"));
            let result = format!("{}{}", row.stands.words(), code.unwrap_or_default());
            let took = row.took.map(output::duration).unwrap_or_default();
            let cells = [row.what.to_owned(), row.flow.to_string(), row.account.to_string(), result, took];
            table.add_row(cells.into_iter().enumerate().filter(|(at, _)| shown(*at)).map(|(_, cell)| cell));
        }
        say(table)?;
        let telling = |row: &&Row| matches!(row.stands, Result::Failed | Result::NotTried);
        for row in self.rows.iter().filter(telling).filter(|row| !row.message.is_empty()) {
            let how = if row.stands == Result::NotTried { "not tried: " } else { "" };
            say(format_args!("{}: {how}{}", row.what, row.message))?;
            if !row.action.is_empty() {
                say(format_args!("  What to do: {}", row.action))?;
            }
        }
        for (account, ends) in self.accounts.iter().zip(&self.ends) {
            say(format_args!("The account {account}: {ends}."))?;
        }
        match recorded {
            Some(folder) => say(format_args!("Its pages are in {folder}.")),
            None => Ok(()),
        }
    }

    fn json(&self, recorded: Option<String>) -> Value {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "what": row.what, "flow": row.flow.as_str(), "account": row.account,
                    "result": row.stands.words(), "code": row.code,
                    "message": row.message, "user_action": row.action,
                    "milliseconds": row.took.map(|took| took.as_millis()),
                })
            })
            .collect();
        let mut ends = self.accounts.iter().zip(&self.ends);
        let first = ends.next();
        let further: Vec<_> =
            ends.map(|(account, ends)| json!({ "account": account, "account_ends": ends })).collect();
        json!({
            "file": self.file, "account": first.map(|(account, _)| account), "results": rows,
            "account_ends": first.map(|(_, ends)| ends), "further_accounts": further, "recorded": recorded,
        })
    }
}
