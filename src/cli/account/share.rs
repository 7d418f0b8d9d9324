use std::io::{Write, stdout};

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::{Context, Exit, Failure};
use crate::audit::{audited, entry_of};
use crate::cli::{parts, who};
use crate::job::AccountRef;
use crate::store::{NewAudit, Role};

#[derive(Debug, Args)]
#[command(after_help = "\
Roles:
  owner         may have the password shown (scope `reveal`), and every kind of job done
  collaborator  may have a TOTP code shown and a login tried (scope `submit`), never the password

What may be done at all is said by the token's scopes. A token made with --only-shared sees
nothing but what is shared with it.

Example:
  turnlock token create bob --scope read,submit --only-shared
  turnlock account share acme/alice --with bob --role collaborator")]
pub struct Share {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
    /// With the holder of this token
    #[arg(long, value_name = "TOKEN")]
    with: String,
    /// What its holder is to the account
    #[arg(long, value_name = "ROLE", value_parser = role())]
    role: Role,
}

fn role() -> impl TypedValueParser<Value = Role> {
    PossibleValuesParser::new(Role::ALL.iter().map(|role| role.as_str())).try_map(|role| role.parse::<Role>())
}

impl Share {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let (account, with, role) = (&self.account, &self.with, self.role);
        let who = who::at_the_shell();
        let entry = NewAudit {
            detail: Some(format!("with {with} as {role}")),
            ..entry_of(&who, "account.share", account)
        };
        audited(store.as_ref(), entry, store.share(account, with, role, &who)).await?;
        writeln!(stdout(), "{account} is shared with {with} as {role}")?;
        Ok(Exit::Done)
    }
}

#[derive(Debug, Args)]
pub struct Unshare {
    /// The account, APP/NAME
    #[arg(value_name = "ACCOUNT")]
    account: AccountRef,
    /// With the holder of this token
    #[arg(long, value_name = "TOKEN")]
    with: String,
}

impl Unshare {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let (account, with) = (&self.account, &self.with);
        let entry = NewAudit {
            detail: Some(format!("with {with}")),
            ..entry_of(&who::at_the_shell(), "account.unshare", account)
        };
        audited(store.as_ref(), entry, async {
            match store.unshare(account, with).await? {
                true => Ok(()),
                false => Err(Failure::usage(format_args!("{account} is not shared with `{with}`"))),
            }
        })
        .await?;
        writeln!(stdout(), "{account} is shared with {with} no more")?;
        Ok(Exit::Done)
    }
}
