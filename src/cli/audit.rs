use std::io::{Write, stdout};

use clap::Args;
use comfy_table::{Cell, Color};
use serde_json::json;

use super::{Context, Exit, Failure, output, parts};
use crate::job::AccountRef;
use crate::store::{AuditOutcome, AuditQuery, AuditRow};

/// Show what was changed and what was shown, and by whom
#[derive(Debug, Args)]
#[command(after_help = "\
`asked` says that nobody could say what came of it: it may have been done. Whoever is at a shell
is called `shell:` and the user's name, everybody else as the token is.

Examples:
  turnlock audit
  turnlock audit --account acme/alice
  turnlock audit --who shell:root --json")]
pub struct Audit {
    /// Only of this account, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<AccountRef>,
    /// Only of whoever is called so
    #[arg(long, value_name = "NAME")]
    who: Option<String>,
    /// Only what came before this row: the next page
    #[arg(long, value_name = "ROW")]
    before: Option<i64>,
    /// At most so many, the newest first
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
}

impl Audit {
    /// Does it.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let store = parts::open_store(&context.config()?).await?;
        let query = AuditQuery {
            who: self.who,
            account: self.account,
            before: self.before,
            limit: self.limit,
            ..AuditQuery::default()
        };
        let rows = store.audits(&query).await?;
        let mut out = stdout().lock();
        if self.json {
            for row in &rows {
                writeln!(out, "{}", as_json(row))?;
            }
            return Ok(Exit::Done);
        }
        let Some(last) = rows.last() else {
            writeln!(out, "nothing was changed or shown")?;
            return Ok(Exit::Done);
        };
        let mut table = output::table(["row", "when", "who", "what", "to what", "came of it", "more"]);
        for row in &rows {
            let came = Cell::new(row.outcome);
            let paint = match row.outcome {
                AuditOutcome::Done => Color::Green,
                AuditOutcome::Refused => Color::Red,
                AuditOutcome::Asked => Color::Yellow,
            };
            table.add_row([
                Cell::new(row.seq),
                Cell::new(output::local_time(row.at)),
                Cell::new(output::printable(&row.audit.who)),
                Cell::new(output::printable(&row.audit.action)),
                Cell::new(output::printable_lines(&target(row))),
                if context.colour { came.fg(paint) } else { came },
                Cell::new(output::printable_lines(row.audit.detail.as_deref().unwrap_or_default())),
            ]);
        }
        writeln!(out, "{table}")?;
        if rows.len() >= query.limit as usize {
            writeln!(out, "older ones: --before {}", last.seq)?;
        }
        Ok(Exit::Done)
    }
}

/// The account stands below what has to do with it.
fn target(row: &AuditRow) -> String {
    match &row.audit.account {
        Some(account) if account.to_string() != row.audit.target => {
            format!("{}\n{account}", row.audit.target)
        }
        _ => row.audit.target.clone(),
    }
}

/// The row as programs read it. Fields may be added, none is taken away or renamed.
fn as_json(row: &AuditRow) -> serde_json::Value {
    json!({
        "seq": row.seq,
        "at": row.at.to_string(),
        "who": row.audit.who,
        "action": row.audit.action,
        "target": row.audit.target,
        "account": row.audit.account,
        "outcome": row.outcome.as_str(),
        "detail": row.audit.detail,
    })
}
