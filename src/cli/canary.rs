//! What the canaries of apps show, as people and programs read it.

use serde_json::{Value, json};

use super::output;
use crate::store::CanaryRow;

/// What one app's canary shows, in a few lines.
#[must_use]
pub fn cell(rows: &[&CanaryRow]) -> String {
    let Some(newest) = rows.iter().map(|row| row.last.tried_at).max() else { return "none".to_owned() };
    let failing: Vec<_> = rows
        .iter()
        .filter_map(|row| row.failing_since.map(|since| (row, since)))
        .map(|(row, since)| {
            let (flow, code) = (&row.last.flow, row.last.verdict.code);
            format!("{flow} fails since {}\n({code})", output::local_time(since))
        })
        .collect();
    if failing.is_empty() { format!("well at {}", output::local_time(newest)) } else { failing.join("\n") }
}

/// A line of warning about a flow that fails, for those who read the log of real jobs.
#[must_use]
pub fn warning(row: &CanaryRow, colour: bool) -> Option<String> {
    let since = output::local_time(row.failing_since?);
    let (app, flow, code) = (row.last.account.app(), &row.last.flow, row.last.verdict.code);
    let (red, plain) = if colour { ("\u{1b}[31m", "\u{1b}[0m") } else { ("", "") };
    Some(format!(
        "{red}! {app}: its canary fails in {flow} since {since} ({code}){plain}; every step: turnlock log --job {}",
        output::short_id(row.last.job)
    ))
}

/// The same for programs.
#[must_use]
pub fn as_json(row: &CanaryRow) -> Value {
    json!({
        "flow": row.last.flow,
        "account": row.last.account,
        "job": row.last.job,
        "tried_at": row.last.tried_at.to_string(),
        "outcome": row.last.verdict.outcome,
        "code": row.last.verdict.code.as_str(),
        "message": row.last.verdict.message,
        "playbook_hash": row.last.playbook_hash,
        "failing_since": row.failing_since.map(|since| since.to_string()),
    })
}
