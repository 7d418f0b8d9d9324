use std::net::SocketAddr;

use acme::{Acme, NewUser, TotpShape};
use secrecy::{ExposeSecret, SecretString};

use crate::cli::Failure;
use crate::credential::{PasswordRules, generate};
use crate::redact;
use crate::vault::{NewAccount, Vault};

/// How long the demo app's TOTP codes live, in seconds. A code is good for one login, so that each login waits
/// for the next one: with the usual 30 the demo would mostly wait.
const PERIOD: u64 = 10;

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

    /// Opens the demo's accounts in the app, with passwords made for them, and puts them into the vault.
    ///
    /// # Errors
    /// If app or vault refuse.
    pub async fn open_accounts(&mut self, vault: &Vault, inbox: Option<SocketAddr>) -> Result<(), Failure> {
        self.acme.set_smtp(inbox);
        let (alice, bob) = (password()?, password()?);
        self.acme.add_user(NewUser::new("alice", alice.expose_secret())).map_err(broken)?;
        let mailed = NewUser::new("bob", bob.expose_secret()).email(ADDRESS).code_login();
        self.acme.add_user(mailed).map_err(broken)?;
        for (name, password, address) in [("alice", alice, None), ("bob", bob, Some(ADDRESS.to_owned()))] {
            let account = format!("acme/{name}").parse().map_err(Failure::usage)?;
            let (username, password) = (name.to_owned(), Some(password));
            vault.add_account(&NewAccount { account, username, address, password, totp: None }).await?;
        }
        Ok(())
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
