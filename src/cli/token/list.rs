use std::io::{Write, stdout};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::{Context, Exit, Failure, output, parts};

#[derive(Debug, Args)]
pub struct List {
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl List {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let rows = store.tokens().await?;
        let mut out = stdout().lock();
        if self.json {
            for row in rows {
                let line = json!({
                    "name": row.token.name, "only_shared": row.token.only_shared, "scopes": row.token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
                    "created_at": row.created_at.to_string(), "created_by": row.token.created_by,
                    "expires_at": row.token.expires_at.map(|at| at.to_string()),
                    "last_used_at": row.last_used_at.map(|at| at.to_string()),
                    "revoked_at": row.revoked_at.map(|at| at.to_string()),
                });
                writeln!(out, "{line}")?;
            }
            return Ok(Exit::Done);
        }
        if rows.is_empty() {
            writeln!(out, "no tokens; `turnlock token create NAME` makes one")?;
            return Ok(Exit::Done);
        }
        let mut table = output::table(["name", "scopes", "accounts", "made", "used last", "state"]);
        for row in rows {
            let state = match (row.revoked_at, row.token.expires_at) {
                (Some(at), _) => format!("revoked at {}", output::local_time(at)),
                (None, Some(at)) if at <= Timestamp::now() => {
                    format!("expired at {}", output::local_time(at))
                }
                (None, Some(at)) => format!("good until {}", output::local_time(at)),
                (None, None) => "good".to_owned(),
            };
            table.add_row([
                row.token.name,
                row.token.scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", "),
                if row.token.only_shared { "shared ones" } else { "all" }.to_owned(),
                output::local_time(row.created_at),
                row.last_used_at.map_or("never".to_owned(), output::local_time),
                state,
            ]);
        }
        writeln!(out, "{table}")?;
        Ok(Exit::Done)
    }
}
