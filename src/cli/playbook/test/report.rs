//! What an operator may rely on, as a table and for programs.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{say, succeeded};
use crate::cli::{Failure, output};
use crate::credential::RecoveryCodes;
use crate::job::{AccountRef, Code};
use crate::playbook::FlowKind;
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
    /// Something before it did not work.
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
    pub stands: Result,
    pub code: Option<Code>,
    message: String,
    action: String,
    took: Option<Duration>,
}

impl Row {
    fn plain(what: &'static str, flow: FlowKind, stands: Result) -> Self {
        Self { what, flow, stands, code: None, message: String::new(), action: String::new(), took: None }
    }

    pub fn not_in_the_playbook(what: &'static str, flow: FlowKind) -> Self {
        Self::plain(what, flow, Result::NotInThePlaybook)
    }

    pub fn not_tried(what: &'static str, flow: FlowKind) -> Self {
        Self::plain(what, flow, Result::NotTried)
    }

    pub fn recovery_codes(sealed: bool) -> Self {
        let stands = if sealed { Result::Proved } else { Result::NotInThePlaybook };
        Self::plain("recovery codes read", FlowKind::EnrolMfa, stands)
    }

    pub fn of(what: &'static str, flow: FlowKind, row: &AttemptRow) -> Self {
        let verdict = row.verdict.as_ref();
        Self {
            what,
            flow,
            stands: if succeeded(row) { Result::Proved } else { Result::Failed },
            code: verdict.map(|verdict| verdict.code),
            message: verdict.map(|verdict| verdict.message.clone()).unwrap_or_default(),
            action: row.user_action.clone().unwrap_or_default(),
            took: row.duration,
        }
    }
}

/// All of it.
pub struct Report {
    file: String,
    account: AccountRef,
    rows: Vec<Row>,
    ends: String,
}

impl Report {
    pub fn new(file: &str, account: &AccountRef) -> Self {
        Self { file: file.to_owned(), account: account.clone(), rows: Vec::new(), ends: String::new() }
    }

    pub fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// In what state the account is left.
    pub fn ends(&mut self, held: &Credentials, old: Option<&SecretString>) {
        let same = |one: &SecretString, other: &SecretString| one.expose_secret() == other.expose_secret();
        let password = match (&held.password, old) {
            _ if held.pending_password.is_some() => {
                "which password opens it is not known: run `turnlock run reconcile`"
            }
            (Some(now), Some(old)) if same(&now.secret, old) => "its password is what it was",
            _ => "its password is another one, which the vault holds",
        };
        let mfa = if held.totp.is_some() { "MFA is on" } else { "the vault holds no MFA secret of it" };
        let codes =
            held.recovery_codes.as_ref().and_then(|codes| RecoveryCodes::from_json(&codes.secret).ok());
        let codes = codes.map(|codes| format!(", and {} recovery codes are sealed", codes.len()));
        self.ends = format!("{password}; {mfa}{}", codes.unwrap_or_default());
    }

    /// Shows it.
    ///
    /// # Errors
    /// If nobody takes it.
    pub fn show(&self, recorded: Option<String>, json: bool) -> std::result::Result<(), Failure> {
        if json {
            let rows: Vec<_> = self
                .rows
                .iter()
                .map(|row| {
                    json!({
                        "what": row.what, "flow": row.flow.as_str(), "result": row.stands.words(), "code": row.code,
                        "message": row.message, "user_action": row.action,
                        "milliseconds": row.took.map(|took| took.as_millis()),
                    })
                })
                .collect();
            let all = json!({
                "file": self.file, "account": self.account, "results": rows, "account_ends": self.ends,
                "recorded": recorded,
            });
            return say(all);
        }
        let mut table = output::table(["what", "flow", "result", "took"]);
        for row in &self.rows {
            let code = row.code.filter(|_| row.stands == Result::Failed).map(|code| format!(" ({code})"));
            let result = format!("{}{}", row.stands.words(), code.unwrap_or_default());
            let took = row.took.map(output::duration).unwrap_or_default();
            table.add_row([row.what.to_owned(), row.flow.to_string(), result, took]);
        }
        say(table)?;
        for row in self.rows.iter().filter(|row| row.stands == Result::Failed) {
            say(format_args!("{}: {}", row.what, row.message))?;
            if !row.action.is_empty() {
                say(format_args!("  What to do: {}", row.action))?;
            }
        }
        say(format_args!("The account {}: {}.", self.account, self.ends))?;
        match recorded {
            Some(folder) => say(format_args!("Its pages are in {folder}.")),
            None => Ok(()),
        }
    }
}
