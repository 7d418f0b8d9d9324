use std::io::{Write, stderr, stdout};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use secrecy::ExposeSecret;

use super::{Context, Exit, Failure};
use crate::cli::parts;
use crate::credential::{TotpSecret, Usable};
use crate::job::AccountRef;

#[derive(Debug, Args)]
#[command(
    after_help = "A code is good for one login, so one that a job has used is passed over, and one that is printed here is used by no job."
)]
pub struct Code {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
}

impl Code {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let vault = parts::open_vault(&context.config()?).await?;
        if vault.account(&self.account).await?.is_none() {
            return Err(crate::store::StoreError::NoAccount(self.account).into());
        }
        let held = vault.credentials(&self.account).await?.totp.ok_or_else(|| {
            Failure::usage(format_args!("the vault holds no TOTP secret of {}", self.account))
        })?;
        let secret = TotpSecret::from_uri(held.secret.expose_secret()).map_err(Failure::environment)?;
        let mut used = None;
        loop {
            match secret.next_usable(unix_now(), used) {
                Usable::Now(code) => {
                    if vault.claim_totp_step(&self.account, held.candidate, code.step).await? {
                        writeln!(stdout(), "{}", code.digits.expose_secret())?;
                        writeln!(stderr(), "good for {} s more", code.expires_in.as_secs())?;
                        return Ok(Exit::Done);
                    }
                    used = Some(code.step);
                }
                Usable::At(next) => {
                    let wait = next.saturating_sub(unix_now());
                    writeln!(
                        stderr(),
                        "the current code is used or about to expire; the next one comes in {wait} s"
                    )?;
                    tokio::time::sleep(Duration::from_secs(wait)).await;
                }
            }
        }
    }
}

/// Seconds since 1970; before then no code is made.
fn unix_now() -> u64 {
    u64::try_from(Timestamp::now().as_second()).unwrap_or(0)
}
