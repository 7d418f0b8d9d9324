use std::io::{Write, stdout};

use clap::Args;

use super::{Context, Exit, Failure};
use crate::audit::{audited, entry};
use crate::cli::library::must_describe_if_any;
use crate::cli::{parts, who};

#[derive(Debug, Args)]
#[command(after_help = "Workers read playbooks when they start: restart them first if you have mended one.")]
pub struct Reset {
    /// The app, the first half of an account's name
    app: String,
}

impl Reset {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let store = parts::open_store(&config).await?;
        let entry = entry(&who::at_the_shell(), "app.reset", &self.app);
        let reset = audited(store.as_ref(), entry, store.reset_app(&self.app)).await?;
        if !reset {
            // Nothing was there to close, perhaps because there is no such app.
            must_describe_if_any(&config, &self.app)?;
        }
        let done = if reset { "is closed; its jobs go on" } else { "was closed, and no failure counted" };
        writeln!(stdout(), "the breaker of {} {done}", self.app)?;
        Ok(Exit::Done)
    }
}
