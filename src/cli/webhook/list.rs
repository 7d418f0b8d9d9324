use std::io::{Write, stdout};

use clap::Args;
use serde_json::json;

use crate::cli::{Context, Exit, Failure, output, parts};
use crate::store::DeliveryRow;

/// So many are listed at most.
const MOST: u32 = 1000;

#[derive(Debug, Args)]
pub struct List {
    /// Only those that were laid aside
    #[arg(long)]
    dead: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let mut rows = store.deliveries(MOST).await?;
        rows.retain(|row| !self.dead || row.due_at.is_none());
        let mut out = stdout().lock();
        if self.json {
            for row in rows {
                writeln!(out, "{}", as_json(&row))?;
            }
            return Ok(Exit::Done);
        }
        if rows.is_empty() {
            writeln!(out, "no message waits to be delivered")?;
            return Ok(Exit::Done);
        }
        let any_dead = rows.iter().any(|row| row.due_at.is_none());
        let mut table = output::table(["message", "to", "tells", "since", "tries", "state"]);
        for row in rows {
            let state = match row.due_at {
                Some(at) => format!("tried next at {}", output::local_time(at)),
                None => "laid aside".to_owned(),
            };
            let failure = row.failure.as_deref().map(output::printable);
            table.add_row([
                row.delivery.id.to_string(),
                row.delivery.endpoint,
                row.delivery.event,
                output::local_time(row.created_at),
                match row.tries {
                    0 => "none yet".to_owned(),
                    tries => tries.to_string(),
                },
                [Some(state), failure].into_iter().flatten().collect::<Vec<_>>().join("\n"),
            ]);
        }
        writeln!(out, "{table}")?;
        if any_dead {
            writeln!(out, "When the server is well again: turnlock webhook retry --dead")?;
        }
        Ok(Exit::Done)
    }
}

fn as_json(row: &DeliveryRow) -> serde_json::Value {
    let body: serde_json::Value = serde_json::from_str(&row.delivery.body).unwrap_or_default();
    json!({
        "id": row.delivery.id,
        "endpoint": row.delivery.endpoint,
        "event": row.delivery.event,
        "state": if row.due_at.is_some() { "waiting" } else { "dead" },
        "created_at": row.created_at.to_string(),
        "due_at": row.due_at.map(|at| at.to_string()),
        "tries": row.tries,
        "tried_at": row.tried_at.map(|at| at.to_string()),
        "failure": row.failure,
        "body": body,
    })
}
