//! Looks at the app from outside when all is done: by plain HTTP, and nothing of Turnlock's but the vault.

use std::time::Duration;

use acme::client::Refused;
use futures::future::join_all;
use secrecy::ExposeSecret;
use tokio::time::{Instant, sleep};

use super::plan::Errand;
use crate::cli::demo::app::{App, PERIOD};
use crate::job::{AccountRef, Kind};
use crate::vault::{Credentials, Vault};

/// Opens each account with what the vault holds, and looks at what befell it. Says which fail, and why.
pub async fn prove(plan: &[Errand], vault: &Vault, app: &App) -> Vec<String> {
    // All at once the logins leave a small machine no time to connect to the database.
    let mut held = Vec::with_capacity(plan.len());
    for errand in plan {
        held.push(vault.credentials(&errand[0].account).await);
    }
    let proofs = plan.iter().zip(held).map(|(errand, held)| async move {
        let account = &errand[0].account;
        let proved = match held {
            Ok(held) => opens(account, held, app).await.and_then(|()| changed_once(errand, app)),
            Err(error) => Err(error.to_string()),
        };
        proved.err().map(|why| format!("{account}: {why}"))
    });
    join_all(proofs).await.into_iter().flatten().collect()
}

async fn opens(account: &AccountRef, held: Credentials, app: &App) -> Result<(), String> {
    let password = held.password.ok_or("the vault has no password")?;
    let totp = held.totp.map(|totp| totp.secret);
    let totp = totp.as_ref().map(ExposeSecret::expose_secret);
    // The app takes no code twice, and Turnlock may have used this one: only the clock gives the next.
    let until = Instant::now() + Duration::from_secs(3 * PERIOD);
    loop {
        let login = acme::client::login(app.url(), account.name(), password.secret.expose_secret(), totp);
        match login.await {
            Ok(_) => return Ok(()),
            Err(Refused::Said(why)) if why.contains("already used") && Instant::now() < until => {
                sleep(Duration::from_millis(250)).await;
            }
            Err(why) => return Err(format!("it does not open with what the vault holds: {why}")),
        }
    }
}

/// What was asked for once befell the app once, whoever was killed in between.
fn changed_once(errand: &Errand, app: &App) -> Result<(), String> {
    let user = app.user(&errand[0].account).ok_or("the app does not know it any more")?;
    let wanted = |kind| errand.iter().filter(|job| job.kind == kind).count();
    for (what, kind, was) in [
        ("the password was changed", Kind::ChangePassword, user.password_changes),
        ("MFA was turned on", Kind::EnrolMfa, user.mfa_enrolments),
    ] {
        if usize::try_from(was) != Ok(wanted(kind)) {
            return Err(format!("{what} {was} times instead of {}", wanted(kind)));
        }
    }
    Ok(())
}
