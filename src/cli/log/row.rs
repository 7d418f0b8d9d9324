use comfy_table::{Cell, Table};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cli::output;
use crate::store::AttemptRow;

/// The rows as a table, one below the other as they are given.
#[must_use]
pub fn table(rows: &[AttemptRow], colour: bool) -> Table {
    let mut table = output::table([
        "started",
        "job",
        "account",
        "kind",
        "try",
        "outcome",
        "code",
        "took",
        "what happened",
    ]);
    for row in rows {
        let (outcome, code, message) = match &row.verdict {
            Some(verdict) => (
                output::outcome_cell(verdict.outcome, colour),
                verdict.code.as_str(),
                verdict.message.as_str(),
            ),
            None => (Cell::new("running"), "", ""),
        };
        let mut told = message.to_owned();
        if let Some(action) = row.user_action.as_deref().filter(|action| !action.is_empty()) {
            told = format!("{told}\n→ {action}");
        }
        table.add_row([
            Cell::new(output::local_time(row.started_at)),
            Cell::new(short(row.job)),
            Cell::new(&row.account),
            Cell::new(row.kind),
            Cell::new(row.number),
            outcome,
            Cell::new(code),
            Cell::new(row.duration.map(output::duration).unwrap_or_default()),
            Cell::new(told),
        ]);
    }
    table
}

/// The last part of the id, which differs between jobs of one moment; `--job` takes it.
pub(super) fn short(id: Uuid) -> String {
    let id = id.to_string();
    id.rsplit('-').next().unwrap_or_default().to_owned()
}

/// The row as programs read it. Fields may be added, none is taken away or renamed.
#[must_use]
pub fn as_json(row: &AttemptRow) -> Value {
    let verdict = row.verdict.as_ref();
    json!({
        "seq": row.seq,
        "attempt": row.id,
        "job": row.job,
        "kind": row.kind,
        "app": row.account.app(),
        "account": row.account,
        "number": row.number,
        "worker": row.worker.as_str(),
        "queued_at": row.queued_at.to_string(),
        "started_at": row.started_at.to_string(),
        "ended_at": row.ended_at.map(|at| at.to_string()),
        "duration_ms": row.duration.map(|length| u64::try_from(length.as_millis()).unwrap_or(u64::MAX)),
        "outcome": verdict.map(|verdict| verdict.outcome),
        "code": verdict.map(|verdict| verdict.code.as_str()),
        "message": verdict.map(|verdict| verdict.message.as_str()),
        "user_action": row.user_action,
        "playbook": row.provenance.playbook,
        "playbook_hash": row.provenance.playbook_hash,
        "browser_version": row.provenance.browser_version,
        "evidence": row.provenance.evidence,
    })
}
