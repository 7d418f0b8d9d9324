mod add;
mod code;
mod import;
mod list;
mod remove;
mod reveal;
mod share;
mod show;

use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};

use super::{Context, Exit, Failure};
use crate::credential::{TotpError, TotpSecret};
use crate::inbox::number::e164;

/// Add, show, share and remove accounts
#[derive(Debug, Args)]
pub struct Account {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Add an account, or change one; secrets come from a prompt, a file or standard input
    Add(add::Add),
    /// List the accounts
    List(list::List),
    /// Show what is known of an account, without its secrets
    Show(show::Show),
    /// Add many accounts, from CSV or JSON Lines
    Import(import::Import),
    /// Print the account's current TOTP code, for its owner
    Code(code::Code),
    /// Print the account's password, for its owner
    Reveal(reveal::Reveal),
    /// Share an account with the holder of a token, or change the role
    Share(share::Share),
    /// Share an account with somebody no more
    Unshare(share::Unshare),
    /// Remove an account with all its credentials; the automation log stays
    Remove(remove::Remove),
}

impl Account {
    /// Does it.
    ///
    /// # Errors
    /// As the subcommands say.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.command {
            Command::Add(add) => add.run(context).await,
            Command::List(list) => list.run(context).await,
            Command::Show(show) => show.run(context).await,
            Command::Import(import) => import.run(context).await,
            Command::Code(code) => code.run(context).await,
            Command::Reveal(reveal) => reveal.run(context).await,
            Command::Share(share) => share.run(context).await,
            Command::Unshare(unshare) => unshare.run(context).await,
            Command::Remove(remove) => remove.run(context).await,
        }
    }
}

/// A number for text messages, in the one way to write it.
fn number(text: &str) -> Result<String, String> {
    e164(text).ok_or_else(|| {
        "it is no number: write + and the country's code first, for example +15550100".to_owned()
    })
}

/// A managed address: `local@domain`, as a mail server is told it.
fn address(text: &str) -> Result<String, String> {
    let part = |text: &str| {
        !text.is_empty()
            && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>@,;".contains(c))
    };
    match text.split_once('@') {
        Some((local, domain)) if part(local) && part(domain) => Ok(text.to_owned()),
        _ => {
            Err("it is no mail address: write local@domain, for example alice@codes.example.test".to_owned())
        }
    }
}

/// The TOTP secret as the vault keeps it, from what an owner has: an `otpauth://` link, or base32.
fn totp_link(text: &SecretString) -> Result<SecretString, TotpError> {
    let text = text.expose_secret().trim();
    let secret =
        if text.starts_with("otpauth:") { TotpSecret::from_uri(text)? } else { TotpSecret::from_text(text)? };
    Ok(secret.to_uri())
}
