use std::collections::HashMap;
use std::io::{Write, stdout};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::time::timeout;
use uuid::Uuid;

use crate::cli::output::printable;
use crate::cli::stops::Stops;
use crate::cli::{Context, Exit, Failure, parts};
use crate::inbox::extract::ExtractHints;
use crate::inbox::{Inbox, Received};
use crate::store::MessageRow;

/// How soon it is noticed what another process did, where the database tells no news of that.
const LOOK: Duration = Duration::from_millis(500);
/// So many of the newest messages are looked at for a job that has taken them.
const RECENT: i64 = 200;
/// So many digits of a code tell something of it.
const FEWEST_DIGITS: usize = 3;

#[derive(Debug, Args)]
#[command(
    after_help = "Shows who sent a message and for whom, and whether there is a code in it, but never the code. A message is kept for an hour, sealed."
)]
pub struct Watch {
    /// Show what lies in the inbox already, too
    #[arg(long)]
    all: bool,
    /// End when there is nothing more to show
    #[arg(long)]
    once: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

/// What is shown of a message last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waits,
    Taken(Uuid),
    Refused(Uuid),
}

impl State {
    fn of(row: &MessageRow) -> Self {
        match row.job {
            None => Self::Waits,
            Some(job) if row.refused => Self::Refused(job),
            Some(job) => Self::Taken(job),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Waits => "waits",
            Self::Taken(_) => "taken",
            Self::Refused(_) => "refused",
        }
    }
}

impl Watch {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let vault = parts::open_vault(&context.config()?).await?;
        let store = vault.store();
        let inbox = Inbox::new(store.clone(), vault.message_seal());
        let mut stops = Stops::new()?;
        let mut news = store.message_news();
        let from = if self.all || self.once { 0 } else { store.newest_message().await? };
        let mut shown: HashMap<Uuid, State> = HashMap::new();
        loop {
            news.mark_unchanged();
            let newest = store.newest_message().await?;
            for row in store.messages_after(from.max(newest - RECENT), 1000).await? {
                let state = State::of(&row);
                if shown.insert(row.id, state) != Some(state) {
                    self.show(&row, state, inbox.read(&row).as_ref())?;
                }
            }
            if self.once {
                return Ok(Exit::Done);
            }
            tokio::select! {
                _ = timeout(LOOK, news.changed()) => {}
                () = stops.next() => return Ok(Exit::Done),
            }
        }
    }

    fn show(&self, row: &MessageRow, state: State, received: Option<&Received>) -> Result<(), Failure> {
        let mut out = stdout().lock();
        let holds = received.map_or_else(|| "does not open".to_owned(), holds);
        let from = received.map(from).unwrap_or_default();
        let job = match state {
            State::Waits => None,
            State::Taken(job) | State::Refused(job) => Some(job),
        };
        if self.json {
            let line = json!({
                "id": row.id, "at": row.arrived_at.to_string(), "address": row.address, "from": from,
                "holds": holds, "state": state.name(), "job": job,
            });
            writeln!(out, "{line}")?;
        } else {
            let at = Timestamp::now().min(row.arrived_at).to_zoned(TimeZone::system());
            let taken = match state {
                State::Waits => String::new(),
                State::Taken(job) => format!(", taken by job {job}"),
                State::Refused(job) => format!(", refused by the app in job {job}"),
            };
            writeln!(out, "{}  {} ← {from}: {holds}{taken}", at.strftime("%H:%M:%S"), row.address)?;
        }
        out.flush()?;
        Ok(())
    }
}

/// Who sent a message, without what of it may be the code: some put it into their address.
fn from(received: &Received) -> String {
    let explained = received.message.explain(&ExtractHints::default());
    let codes = explained.candidates.iter().map(|candidate| candidate.code.expose_secret());
    masked(&printable(&received.sender.to_string()), codes)
}

/// Masks all of the codes in a text, and the runs of digits in them.
fn masked<'a>(text: &str, codes: impl Iterator<Item = &'a str>) -> String {
    let mut text = text.to_owned();
    for code in codes.map(str::to_lowercase) {
        let together: String = code.chars().filter(|c| c.is_alphanumeric()).collect();
        let runs = code.split(|c: char| !c.is_ascii_digit()).map(str::to_owned);
        let parts = [code.clone(), together].into_iter().chain(runs.filter(|run| run.len() >= FEWEST_DIGITS));
        // A word without a digit that is no code stands in many an address.
        for part in parts.filter(|part| part.chars().any(char::is_numeric)) {
            text = text.replace(&part, &"•".repeat(part.chars().count()));
        }
    }
    text
}

/// What a message holds, without it.
fn holds(received: &Received) -> String {
    match received.message.code(&ExtractHints::default()) {
        Ok(Some(found)) => format!("a code, {}", "•".repeat(found.code.expose_secret().chars().count())),
        Ok(None) => "no code".to_owned(),
        Err(ambiguous) => format!("{} texts that could be the code", ambiguous.candidates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_is_shown_without_the_code_that_it_holds() {
        for (from, code, shown) in [
            ("code-771332@b.example", "771332", "code-••••••@b.example"),
            ("code-771332@b.example", "771-332", "code-••••••@b.example"),
            ("771-x@332.example", "771-332", "•••-x@•••.example"),
            ("ab12cd@b.example", "AB12CD", "••••••@b.example"),
            ("codes@acme.example", "acme", "codes@acme.example"),
            ("+15550100", "482915", "+15550100"),
        ] {
            assert_eq!(masked(from, [code].into_iter()), shown, "{from}, {code}");
        }
    }
}
