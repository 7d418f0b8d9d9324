use serde_json::{Value, json};

use super::dossier::{Attempt, Dossier};
use crate::cli::log;
use crate::store::{JobRow, QuestionRow};

/// All that is known of a job, as programs read it. Fields may be added, none is taken away or renamed.
pub(super) fn as_json(dossier: &Dossier) -> Value {
    let row = dossier.job.as_ref();
    let job = row.map(|row| &row.job);
    let outcome = dossier.outcome();
    json!({
        "job": dossier.id,
        "kind": dossier.kind,
        "app": dossier.account.app(),
        "account": dossier.account,
        "priority": job.map(|job| job.priority),
        "requested_by": job.and_then(|job| job.requested_by.as_deref()),
        "reason": job.and_then(|job| job.reason.as_deref()),
        "submitted_at": job.map(|job| job.submitted_at.to_string()),
        "deadline_ms": job.map(|job| u64::try_from(job.deadline.as_millis()).unwrap_or(u64::MAX)),
        "wait_for_human_ms": job.map(|job| u64::try_from(job.wait_for_human.as_millis()).unwrap_or(u64::MAX)),
        "waits_for": dossier.question.as_ref().map(waits_for),
        "state": row.map(|row| row.state.as_str()),
        "not_before": row.map(|row| row.not_before.to_string()),
        "worker": row.and_then(|row| row.worker.as_ref()).map(|worker| worker.as_str()),
        "tries": row.map(|row| row.tries),
        "outcome": outcome.map(|(outcome, _)| outcome),
        "code": outcome.map(|(_, code)| code),
        "user_action": dossier.user_action(),
        "finished_at": row.and_then(|row| row.finished_at).map(|at| at.to_string()),
        "caused_by": dossier.caused_by,
        "nested": dossier.nested.iter().map(nested).collect::<Vec<_>>(),
        "put_aside": dossier.aside().is_some(),
        "attempts": dossier.attempts.iter().map(attempt).collect::<Vec<_>>(),
    })
}

/// What a job waits for a person to give, and until when.
pub(super) fn waits_for(question: &QuestionRow) -> Value {
    json!({
        "question": question.id,
        "wanted": question.wanted,
        "step": question.step,
        "asked_at": question.asked_at.to_string(),
        "until": question.until.to_string(),
        "refused": question.once_more(),
    })
}

fn nested(row: &JobRow) -> Value {
    json!({
        "job": row.job.id,
        "kind": row.job.kind,
        "state": row.state.as_str(),
        "outcome": row.outcome,
        "code": row.code,
    })
}

/// As a line of the log, with its steps and with what lies on this machine.
fn attempt(attempt: &Attempt) -> Value {
    let mut line = attempt.row.as_json();
    let mut steps = log::steps_as_json(&attempt.steps);
    for (step, value) in attempt.steps.iter().zip(steps.as_array_mut().into_iter().flatten()) {
        let quote = attempt.quote(step);
        value["playbook_line"] =
            quote.map_or(Value::Null, |quote| json!(format!("{}:{}", quote.file, quote.line)));
    }
    line["steps"] = steps;
    line["failed_step"] = json!(attempt.decisive().map(|step| step.seq));
    line["picture"] = json!(attempt.evidence.as_ref().and_then(|evidence| evidence.picture.as_ref()));
    line["page"] = json!(attempt.evidence.as_ref().and_then(|evidence| evidence.page.as_ref()));
    line
}
