use std::io::{Write, stderr, stdout};
use std::str::FromStr;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::at_the_shell;
use crate::cli::{Context, Exit, Failure, parts};
use crate::store::{NewAudit, NewToken, Scope};
use crate::web::Secret;

#[derive(Debug, Args)]
#[command(after_help = "\
Scopes:
  read     see the log, accounts, apps and workers; no secret is among them
  submit   submit jobs, and try ended ones once more
  operate  cancel jobs, give them codes, close breakers
  reveal   have secrets shown

Examples:
  turnlock token create grafana
  turnlock token create deploy --scope read,submit --days 90")]
pub struct Create {
    /// What people call it; the audit names it
    name: Name,
    /// What it is good for: read, submit, operate, reveal; several with commas between them
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_value = "read")]
    scope: Vec<Scope>,
    /// It expires after so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
}

impl Create {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let secret = Secret::new().map_err(Failure::environment)?;
        let mut scopes = self.scope;
        scopes.sort_unstable();
        scopes.dedup();
        let lasts = self.days.map(|days| SignedDuration::from_hours(24 * i64::from(days)));
        let new = NewToken {
            id: Uuid::now_v7(),
            name: self.name.0,
            hash: secret.hash(),
            scopes,
            expires_at: lasts.and_then(|lasts| Timestamp::now().saturating_add(lasts).ok()),
            created_by: Some(at_the_shell(context)),
        };
        store.add_token(&new).await?;
        let names: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let audit = NewAudit {
            who: at_the_shell(context),
            action: "token.create".to_owned(),
            target: new.name.clone(),
            detail: Some(names.join(",")),
        };
        store.audit(&audit).await?;
        writeln!(stderr(), "the token {} ({}); it is not shown again:", new.name, names.join(", "))?;
        writeln!(stdout(), "{}", secret.expose())?;
        Ok(Exit::Done)
    }
}

/// A token's name: it stands in the log and in the audit.
#[derive(Debug, Clone)]
struct Name(String);

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fine = (1..=64).contains(&text.chars().count())
            && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '@'));
        if fine {
            Ok(Self(text.to_owned()))
        } else {
            Err("a name has 1 to 64 letters, digits, and - _ . @".to_owned())
        }
    }
}
