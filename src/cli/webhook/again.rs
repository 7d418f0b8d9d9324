use std::io::{Write, stdout};

use clap::Args;
use uuid::Uuid;

use crate::audit::{audited_unless, entry};
use crate::cli::{Context, Exit, Failure, parts, who};
use crate::store::NewAudit;

/// Which messages are meant.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The message, by its id in `turnlock webhook list`
    #[arg(value_name = "ID")]
    id: Option<Uuid>,
    /// All that were laid aside
    #[arg(long)]
    dead: bool,
}

#[derive(Debug, Args)]
pub struct Retry {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, Args)]
pub struct Drop {
    #[command(flatten)]
    which: Which,
}

impl Retry {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let retrying = store.retry_deliveries(self.which.id);
        let done = audited_unless(store.as_ref(), self.which.entry("webhook.retry"), retrying, none).await?;
        self.which.say(done, "is due at once", "are due at once")
    }
}

impl Drop {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let dropping = store.drop_deliveries(self.which.id);
        let done = audited_unless(store.as_ref(), self.which.entry("webhook.drop"), dropping, none).await?;
        self.which.say(done, "is forgotten", "are forgotten")
    }
}

fn none(done: &u64) -> Option<&'static str> {
    (*done == 0).then_some("there was no such message")
}

impl Which {
    fn entry(&self, action: &str) -> NewAudit {
        let which = self.id.map_or_else(|| "all that were laid aside".to_owned(), |id| id.to_string());
        entry(&who::at_the_shell(), action, which)
    }

    fn say(&self, done: u64, one: &str, many: &str) -> Result<Exit, Failure> {
        match (self.id, done) {
            (Some(id), 0) => {
                return Err(Failure::usage(format_args!(
                    "no message {id} waits or was laid aside; `turnlock webhook list` has those that do"
                )));
            }
            (_, 1) => writeln!(stdout(), "1 message {one}")?,
            (_, number) => writeln!(stdout(), "{number} messages {many}")?,
        }
        Ok(Exit::Done)
    }
}
