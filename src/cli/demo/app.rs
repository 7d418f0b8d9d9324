use std::net::SocketAddr;

use acme::{Acme, NewUser, TotpShape, UserView};
use secrecy::{ExposeSecret, SecretString};

use crate::cli::Failure;
use crate::credential::{PasswordRules, generate};
use crate::job::AccountRef;
use crate::redact;
use crate::vault::{NewAccount, Vault};

/// How long the demo app's TOTP codes live, in seconds. A code is good for one login, so that each login waits
/// for the next one: with the usual 30 the demo would mostly wait.
pub const PERIOD: u64 = 10;

/// Said at the start, since it is not what most apps do.
pub const CODES_NOTE: &str = "its TOTP codes live 10 s instead of the usual 30, and as each is used once, some logins wait for the next one";

/// Where bob's codes are mailed.
const ADDRESS: &str = "bob@codes.turnlock.test";

/// The bundled app with the demo's accounts.
pub struct App {
    acme: Acme,
}

impl App {
    /// Starts the app on free loopback ports.
    ///
    /// # Errors
    /// If there are none.
    pub async fn start() -> Result<Self, Failure> {
        let totp = TotpShape { period: PERIOD, ..TotpShape::default() };
        let options = acme::Options { totp, ..acme::Options::default() };
        Ok(Self { acme: Acme::start(options).await.map_err(broken)? })
    }

    /// The app's origin.
    pub fn url(&self) -> &str {
        self.acme.url()
    }

    /// Opens the demo's accounts, whose codes go to that inbox.
    ///
    /// # Errors
    /// If app or vault refuse.
    pub async fn open_accounts(&mut self, vault: &Vault, inbox: Option<SocketAddr>) -> Result<(), Failure> {
        self.acme.set_smtp(inbox);
        for (name, address) in [("acme/alice", None), ("acme/bob", Some(ADDRESS))] {
            self.open_account(vault, name.parse().map_err(Failure::usage)?, address).await?;
        }
        Ok(())
    }

    /// Opens an account in the app, with a password made for it, and puts it into the vault. A login to one with an
    /// address asks for a code that is mailed there.
    ///
    /// # Errors
    /// If app or vault refuse.
    pub async fn open_account(
        &self,
        vault: &Vault,
        account: AccountRef,
        address: Option<&str>,
    ) -> Result<(), Failure> {
        let password = password()?;
        let user = NewUser::new(account.name(), password.expose_secret());
        let user = if let Some(address) = address { user.email(address).code_login() } else { user };
        self.acme.add_user(user).map_err(broken)?;
        let (username, address) = (account.name().to_owned(), address.map(str::to_owned));
        let new =
            NewAccount { account, username, address, number: None, password: Some(password), totp: None };
        Ok(vault.add_account(&new).await?)
    }

    /// What the app knows of this account.
    pub fn user(&self, account: &AccountRef) -> Option<UserView> {
        self.acme.user(account.name())
    }

    /// Stops the app.
    pub async fn stop(self) {
        self.acme.stop().await;
    }
}

fn password() -> Result<SecretString, Failure> {
    let rules = PasswordRules::parse(
        "minlength: 16; maxlength: 16; required: upper; required: digit; allowed: lower",
    )
    .map_err(Failure::environment)?;
    let password = generate(&rules).map_err(Failure::environment)?;
    redact::register(&password);
    Ok(password)
}

fn broken(error: std::io::Error) -> Failure {
    Failure::environment(format_args!("the bundled app cannot be started: {error}"))
}
