use std::io::{Write, stderr, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::{Context, Exit, Failure, address, number, totp_link};
use crate::audit::{audited, entry_of};
use crate::cli::library::Library;
use crate::cli::{parts, secret_input, who};
use crate::job::AccountRef;
use crate::playbook::{Parameters, Playbook};
use crate::store::NewAudit;
use crate::vault::NewAccount;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  turnlock account add acme/alice --username alice@example.test
  turnlock account add acme/alice --password-file - < password.txt
  turnlock account add acme/alice --totp-file otpauth.txt
  turnlock account add shop/alice --param tenant=acme

For an account that exists, what is not named stays as it is; a password that is replaced is kept as the previous one.")]
pub struct Add {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
    /// What is typed as the user name [default: the account's name]
    #[arg(long)]
    username: Option<String>,
    /// The managed address that the app sends codes to
    #[arg(long, value_parser = address)]
    address: Option<String>,
    /// The number that the app sends text messages to, as +15550100; several accounts may share one
    #[arg(long, value_parser = number)]
    number: Option<String>,
    /// A file with the password, `-` for standard input [default: a new account's is asked for]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Ask for the password, also of an account that exists
    #[arg(long, conflicts_with = "password_file")]
    password: bool,
    /// What the account gives to a parameter of its app's playbook; those not named stay as they are
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    params: Vec<(String, String)>,
    /// A file with the TOTP secret, an otpauth:// link or base32; `-` for standard input
    #[arg(long, value_name = "FILE")]
    totp_file: Option<PathBuf>,
}

impl Add {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let dash = |file: &Option<PathBuf>| file.as_deref() == Some(Path::new("-"));
        if dash(&self.password_file) && dash(&self.totp_file) {
            return Err(Failure::usage("standard input can hold one secret: give the other one in a file"));
        }
        let config = context.config()?;
        let library = Library::load(&config.playbooks, &config.origins, false);
        note_what_is_lacking(&library, self.account.app())?;
        let vault = parts::open_vault(&config).await?;
        let known = vault.account(&self.account).await?;
        if known.is_none() {
            self.account.clone().to_be_added().map_err(Failure::usage)?;
        }
        let params = known.as_ref().map(|account| account.params.clone()).unwrap_or_default();
        let mut params = still_asked_for(library.as_ref().ok(), self.account.app(), params);
        params.extend(self.params.iter().cloned());
        // One that was there before its playbook asked for more can still be given a new password.
        match check_params(library.as_ref().ok(), self.account.app(), &params) {
            Err(failure) if known.is_some() && self.params.is_empty() => {
                writeln!(stderr(), "turnlock: {failure}")?;
            }
            checked => checked?,
        }
        let asked = self.password || (known.is_none() && self.password_file.is_none());
        // The prompt comes last: until it is answered nothing else was begun.
        let totp = match &self.totp_file {
            Some(file) => {
                let text = secret_input::from_file(file, "the TOTP secret")?;
                Some(totp_link(&text).map_err(Failure::usage)?)
            }
            None => None,
        };
        let password = match &self.password_file {
            Some(file) => Some(secret_input::from_file(file, "the password")?),
            None if asked => {
                let what = format!("the password of {}", self.account);
                Some(secret_input::from_prompt(&what, "--password-file")?)
            }
            None => None,
        };
        let known_username = known.as_ref().map(|account| account.username.clone());
        let new = NewAccount {
            username: self.username.or(known_username).unwrap_or_else(|| self.account.name().to_owned()),
            account: self.account,
            address: self.address,
            number: self.number,
            password,
            totp,
        };
        let action = if known.is_some() { "account.change" } else { "account.add" };
        audited(vault.store().as_ref(), entry(action, &new, !self.params.is_empty()), async {
            vault.add_account(&new).await?;
            if !self.params.is_empty() {
                vault.store().put_params(&new.account, &params).await?;
            }
            Ok::<_, Failure>(())
        })
        .await?;
        let done = if known.is_some() { "changed" } else { "added" };
        writeln!(stdout(), "{done} {}", new.account)?;
        Ok(Exit::Done)
    }
}

/// Which credentials are given, and what else, for the audit.
pub(super) fn entry(action: &str, new: &NewAccount, params: bool) -> NewAudit {
    let given = [
        ("password", new.password.is_some()),
        ("TOTP secret", new.totp.is_some()),
        ("address", new.address.is_some()),
        ("number", new.number.is_some()),
        ("parameters", params),
    ];
    let given: Vec<_> = given.into_iter().filter_map(|(what, given)| given.then_some(what)).collect();
    let detail = Some(given.join(", ")).filter(|given| !given.is_empty());
    NewAudit { detail, ..entry_of(&who::at_the_shell(), action, &new.account) }
}

fn param(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is NAME=VALUE, as in tenant=acme".to_owned()),
    }
}

/// The playbook of this app, where there is one here: only a worker needs playbooks.
fn described<'l>(library: Option<&'l Library>, app: &str) -> Option<&'l Arc<Playbook>> {
    library.into_iter().flat_map(Library::iter).find(|playbook| playbook.app.as_str() == app)
}

fn has(playbook: &Playbook, name: &str) -> bool {
    playbook.parameters.iter().any(|parameter| parameter.name == name)
}

/// That the app's playbook takes these values and lacks none.
pub(super) fn check_params(library: Option<&Library>, app: &str, params: &Parameters) -> Result<(), Failure> {
    let Some(playbook) = described(library, app) else { return Ok(()) };
    if let Some(unknown) = params.keys().find(|name| !has(playbook, name)) {
        let names: Vec<_> = playbook.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let has = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        return Err(Failure::usage(format_args!(
            "the playbook of {app} has no parameter `{unknown}`: it has {has}"
        )));
    }
    playbook.for_account(params).map(drop).map_err(Failure::usage)
}

/// What is left of an account's values where its playbook asks for others meanwhile.
pub(super) fn still_asked_for(library: Option<&Library>, app: &str, mut params: Parameters) -> Parameters {
    if let Some(playbook) = described(library, app) {
        params.retain(|name, _| has(playbook, name));
    }
    params
}

/// Tells of an app that no playbook here describes, or whose playbook cannot be used. An account may come before it.
fn note_what_is_lacking(library: &Result<Library, Failure>, app: &str) -> Result<(), Failure> {
    let draft = format!("`turnlock playbook new URL --app {app}` drafts one");
    let note = match library {
        Err(failure) if failure.exit() == Exit::PlaybookInvalid => {
            "no playbook here can be used, so what the account gives to its app's parameters is not looked at: \
             `turnlock playbook check` says what is wrong"
                .to_owned()
        }
        // A worker elsewhere may have them.
        Err(_) => return Ok(()),
        Ok(library) if described(Some(library), app).is_some() => return Ok(()),
        Ok(library) => match library.unusable().iter().find(|unusable| unusable.app == app) {
            Some(unusable) => format!(
                "the playbook of `{app}` cannot be used, so what the account gives to its parameters is not looked at: \
                 `turnlock playbook check {}` says what is wrong with it",
                unusable.file
            ),
            None => format!("no playbook describes `{app}` yet: {draft}"),
        },
    };
    Ok(writeln!(stderr(), "note: {note}")?)
}
