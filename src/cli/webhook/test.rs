use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;

use crate::cli::{Context, Exit, Failure, output, parts};
use crate::webhook::{Endpoint, Tried, test_message};

/// So much of what a receiver says is shown.
const SAID: usize = 200;

#[derive(Debug, Args)]
#[command(after_help = "It ends with 1 if a server did not take the message.")]
pub struct Test {
    /// Of the servers that are told what happens, this one, by its name [default: all]
    name: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Test {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let mut endpoints = parts::endpoints(&context.config()?)?;
        let names: Vec<_> = endpoints.iter().map(|endpoint| endpoint.name().to_owned()).collect();
        if names.is_empty() {
            return Err(Failure::usage("no server is told what happens: name one by webhook_url"));
        }
        if let Some(name) = self.name {
            endpoints.retain(|endpoint| endpoint.name() == name);
            if endpoints.is_empty() {
                let names = names.join(", ");
                return Err(Failure::usage(format_args!("no server is called {name}: there are {names}")));
            }
        }
        let mut all = true;
        for endpoint in endpoints {
            let tried = endpoint.deliver(&test_message(&endpoint)).await;
            all &= tried.is_delivered();
            if self.json { machine(&endpoint, &tried)? } else { person(&endpoint, &tried)? }
        }
        Ok(if all { Exit::Done } else { Exit::JobFailed })
    }
}

fn person(endpoint: &Endpoint, tried: &Tried) -> Result<(), Failure> {
    let (mut out, name) = (stdout().lock(), endpoint.name());
    let took = output::duration(tried.took);
    if let (true, Ok(answer)) = (tried.is_delivered(), &tried.answer) {
        let events: Vec<_> = endpoint.events().iter().map(|event| event.as_str()).collect();
        writeln!(
            out,
            "{name} took the message in {took} ({}); it is told {}",
            answer.status,
            events.join(", ")
        )?;
        return Ok(());
    }
    writeln!(out, "{name} did not take the message: {} (after {took})", output::printable(&tried.failure()))?;
    writeln!(out, "    {}", tried.what_to_do())?;
    if let Some(said) =
        tried.answer.as_ref().ok().map(|answer| answer.text.trim()).filter(|said| !said.is_empty())
    {
        let said: String = said.chars().take(SAID).collect();
        writeln!(out, "    It says: {}", output::printable(&said))?;
    }
    Ok(())
}

fn machine(endpoint: &Endpoint, tried: &Tried) -> Result<(), Failure> {
    let delivered = tried.is_delivered();
    let line = json!({
        "endpoint": endpoint.name(),
        "delivered": delivered,
        "status": tried.answer.as_ref().ok().map(|answer| answer.status.as_u16()),
        "milliseconds": u64::try_from(tried.took.as_millis()).unwrap_or(u64::MAX),
        "failure": (!delivered).then(|| tried.failure()),
        "what_to_do": (!delivered).then(|| tried.what_to_do()),
    });
    Ok(writeln!(stdout(), "{line}")?)
}
