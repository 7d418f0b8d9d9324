use std::io::{Write, stderr, stdout};
use std::str::FromStr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::audit::{audited, entry};
use crate::cli::{Context, Exit, Failure, parts, who};
use crate::store::{NewAudit, NewToken, Scope};
use crate::web::Secret;

#[derive(Debug, Args)]
#[command(after_help = "\
Scopes:
  read     see the log, accounts, apps and workers; no secret is among them
  submit   submit jobs, try ended ones once more, have TOTP codes shown
  operate  cancel jobs, give them codes, close breakers, read the audit
  reveal   have passwords shown

Passwords are shown to owners of an account only, codes to owners and collaborators:
`turnlock account share` says who is which.

Examples:
  turnlock token create grafana
  turnlock token create deploy --scope read,submit --days 90
  turnlock token create bob --scope read,submit,reveal --only-shared")]
pub struct Create {
    /// What people call it; the audit names it
    name: Name,
    /// What it is good for; several with commas between them
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', default_value = "read", value_parser = scope())]
    scope: Vec<Scope>,
    /// It is good for accounts that are shared with it only, and nothing else is to be seen with it
    #[arg(long)]
    only_shared: bool,
    /// It expires after so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,
}

fn scope() -> impl TypedValueParser<Value = Scope> {
    PossibleValuesParser::new(Scope::ALL.iter().map(|scope| scope.as_str()))
        .try_map(|scope| scope.parse::<Scope>())
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
        let who = who::at_the_shell();
        let new = NewToken {
            id: Uuid::now_v7(),
            name: self.name.0,
            hash: secret.hash(),
            scopes,
            expires_at: lasts.and_then(|lasts| Timestamp::now().saturating_add(lasts).ok()),
            only_shared: self.only_shared,
            created_by: Some(who.clone()),
        };
        let names: Vec<_> = new.scopes.iter().map(|scope| scope.as_str()).collect();
        let of = if new.only_shared { ", for shared accounts only" } else { "" };
        let entry = NewAudit {
            detail: Some(format!("{}{of}", names.join(","))),
            ..entry(&who, "token.create", &new.name)
        };
        audited(store.as_ref(), entry, store.add_token(&new)).await?;
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
