use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use url::Url;
use uuid::Uuid;

use super::draft_file::DraftFile;
use crate::browser::{Options, Pool, Sandbox};
use crate::cli::library::Library;
use crate::cli::{Context, Exit, Failure, output, parts};
use crate::config::Config;
use crate::draft::{Explorer, Findings, Keys, NoDraft, SignIn, write};
use crate::job::AccountRef;
use crate::redact::redact;
use crate::store::{Begun, Limit, NewTry, StoreError, TryResult, WorkerId};
use crate::vault::Vault;

/// An account is held for so long at most; nobody renews it, and nobody needs it for longer.
const HELD: Duration = Explorer::LONGEST.saturating_add(Duration::from_secs(2 * 60));
/// As a flow takes it where no playbook says: two wrong attempts in a quarter of an hour.
const BUDGET: Limit = Limit { most: 2, window: Duration::from_secs(15 * 60) };

#[derive(Debug, Args)]
#[command(after_help = "\
Without an account it looks at the login form and submits nothing. With one it signs in once, which counts as an attempt
of the account's, looks for what shows being signed in and for the settings, and changes nothing.

Examples:
  turnlock playbook new https://ledger.example --app ledger
  turnlock account add ledger/me --username me && turnlock playbook new https://ledger.example --account ledger/me")]
pub struct New {
    /// The app's address, best its login's
    #[arg(value_name = "URL", value_parser = address)]
    url: Url,
    /// The app's name [default: that of --account, or made from the address]
    #[arg(long, value_name = "NAME", value_parser = app_name)]
    app: Option<String>,
    /// Sign in with this account of the vault, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
    /// Another origin in which the account's credentials may be typed, such as a single-sign-on page's or a frame's
    #[arg(long = "trust", value_name = "ORIGIN", requires = "account")]
    trusted: Vec<String>,
    /// Where the draft goes; `-` for standard output [default: playbooks/NAME.yaml]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn address(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Err(error) if text.starts_with("http://") || text.starts_with("https://") => Err(error.to_string()),
        _ => {
            let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
            Err(format!("an address begins with its scheme: write `http://{rest}` or `https://{rest}`"))
        }
    }
}

fn app_name(text: &str) -> Result<String, String> {
    match crate::playbook::AppName::parse(text) {
        Some(name) => Ok(name.as_str().to_owned()),
        None => Err("an app's name has small letters, digits and `-` only, as in `my-ledger`".to_owned()),
    }
}

impl New {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let app = self.app.clone().or_else(|| self.account.as_ref().map(|account| account.app().to_owned()));
        let app = app.unwrap_or_else(|| name_of(&self.url));
        if let Some(account) = &self.account {
            self.must_be_of(account, &app, &config)?;
        }
        let file = DraftFile::new(self.output.clone(), &app)?;
        let program = config.browser.find()?;
        config.browser.check_sandbox()?;
        let sandbox = if config.browser.sandbox { Sandbox::On } else { Sandbox::Off };
        // What a window sends is not seen, and so not held back.
        let options = Options { windows: false, ..Options::new(program, sandbox, config.temporary.clone()) };
        let pool = Pool::start(options).await.map_err(Failure::environment)?;
        let explored = self.explore(&pool, &app, &config).await;
        pool.close().await;
        let findings = explored?;
        file.say(&match &findings.sign_in {
            SignIn::Done => "signed in once".to_owned(),
            SignIn::NotTried(why) => format!("not signed in: {why}"),
            SignIn::CodeWanted => "not signed in: the app asked for a code".to_owned(),
            SignIn::Refused(said) if said.is_empty() => {
                "not signed in: the app refused the credentials".to_owned()
            }
            SignIn::Refused(said) => {
                let said = output::printable(&redact(said));
                format!("not signed in: the app refused the credentials: {said}")
            }
            SignIn::Unclear(there) => format!("not signed in: {}", output::printable(&redact(there))),
        })?;
        file.keep(&write(&findings), context)
    }

    /// That the account is the app's, and that the app is there: a password is typed at no other.
    fn must_be_of(&self, account: &AccountRef, app: &str, config: &Config) -> Result<(), Failure> {
        if app != account.app() {
            return Err(Failure::usage(format_args!(
                "the draft is to be of the app `{app}`, and {account} is an account of another: name one as {app}/NAME"
            )));
        }
        // Whether what is configured can be used does not matter here.
        let library = Library::load(&config.playbooks, &config.origins, false).unwrap_or_default();
        let Some(playbook) = library.iter().find(|playbook| playbook.app.as_str() == app) else {
            return Ok(());
        };
        let here = self.url.origin().ascii_serialization();
        let known = playbook.origins.iter().any(|(_, origin)| origin.matches(&self.url));
        if known || self.trusted.contains(&here) {
            return Ok(());
        }
        let origins: Vec<_> = playbook.origins.iter().map(|(_, origin)| origin.as_str()).collect();
        Err(Failure::usage(format_args!(
            "{account} is an account of the app that {} has at {}, and its password would be typed at {here}: give an account of \
             the app there, or, if it is the same app, say so by --trust {here}",
            playbook.name,
            origins.join(", ")
        )))
    }

    async fn explore(&self, pool: &Pool, app: &str, config: &Config) -> Result<Findings, Failure> {
        let explorer = Explorer::new(pool, self.url.clone(), app, &self.trusted).await.map_err(failure)?;
        let Some(account) = &self.account else {
            return explorer.explore(None).await.0.map_err(failure);
        };
        let vault = parts::open_vault(config).await?;
        let worker = WorkerId::new(format!("draft:{}", Uuid::now_v7()));
        let lease = vault.store().acquire(account, &worker, HELD).await?;
        let lease = lease.ok_or_else(|| {
            Failure::new(
                Exit::JobFailed,
                format_args!("a job is at {account}: wait for its end, see `turnlock log`"),
            )
        })?;
        let explored = with_account(explorer, account, &vault.under(&lease)).await;
        vault.store().release(&lease).await?;
        explored
    }
}

/// One login, out of the account's budget.
async fn with_account(explorer: Explorer, account: &AccountRef, vault: &Vault) -> Result<Findings, Failure> {
    let found = vault.account(account).await?.ok_or_else(|| StoreError::NoAccount(account.clone()))?;
    let password = vault.credentials(account).await?.password;
    let password = password
        .ok_or_else(|| Failure::usage(format_args!("the vault holds no proved password of {account}")))?;
    let new = NewTry {
        account: account.clone(),
        job: Uuid::now_v7(),
        flow: "login",
        within: HELD,
        password: Some(password.candidate),
        totp: None,
    };
    let Begun::Try(id) = vault.begin_try(&new, Some(BUDGET)).await? else {
        return Err(Failure::new(
            Exit::JobFailed,
            format_args!(
                "{account} has had its wrong attempts for now: wait a quarter of an hour, or leave out --account"
            ),
        ));
    };
    let keys = Keys { username: found.username, password: password.secret };
    let (explored, sent) = explorer.explore(Some(&keys)).await;
    let result = match &explored {
        _ if !sent => TryResult::NotSent,
        Ok(findings) => match findings.sign_in {
            SignIn::Done => TryResult::SignedIn,
            SignIn::Refused(_) => TryResult::BadCredentials,
            SignIn::CodeWanted => TryResult::NotSent,
            _ => TryResult::Unclear,
        },
        Err(_) => TryResult::Unclear,
    };
    vault.end_try(id, result, false).await?;
    explored.map_err(failure)
}

fn failure(error: NoDraft) -> Failure {
    match error {
        NoDraft::Origin { .. } => Failure::usage(error),
        NoDraft::NoLogin { .. } | NoDraft::Dialog { .. } | NoDraft::Captcha { .. } | NoDraft::TooSlow(_) => {
            Failure::new(Exit::JobFailed, error)
        }
        NoDraft::Page(_) => Failure::environment(error),
    }
}

/// `https://www.ledger.example` is `ledger`, and an address of a machine is `app`.
fn name_of(url: &Url) -> String {
    let host = url.domain().unwrap_or_default().trim_start_matches("www.");
    let name = host.split('.').next().unwrap_or_default();
    crate::playbook::AppName::parse(name).map_or_else(|| "app".to_owned(), |name| name.as_str().to_owned())
}
