//! What the API answers. Fields may be added, none is taken away or renamed.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::redact::redact;
use crate::store::{AttemptRow, JobRow, QuestionRow, Step, StepResult, Waits};

/// A job.
#[derive(Serialize, ToSchema)]
pub struct Job {
    id: Uuid,
    #[schema(example = "verify_login")]
    kind: String,
    #[schema(example = "acme/alice")]
    account: String,
    /// `queued`, `running`, `finished` or `cancelled`
    #[schema(example = "finished")]
    state: String,
    /// It runs, and was told to end: its worker finds that out with its next sign of life.
    is_being_cancelled: bool,
    /// How its last attempt ended; null before that.
    #[schema(example = "succeeded")]
    outcome: Option<String>,
    #[schema(example = "logged_in")]
    code: Option<String>,
    priority: String,
    requested_by: Option<String>,
    reason: Option<String>,
    submitted_at: String,
    /// It is not taken up before then.
    not_before: String,
    finished_at: Option<String>,
    /// Attempts begun.
    attempts: u32,
    worker: Option<String>,
    /// Of one that is queued: `due`, and it waits for a worker or for another job of its account; `later`, for its time; or
    /// `held_back`, for room in its app. Null where it is not looked up: when it was just submitted.
    #[schema(example = "due")]
    waits: Option<String>,
    /// What a person has to give it now; null if it waits for nothing.
    waits_for: Option<Question>,
}

/// What a job asks a person for.
#[derive(Serialize, ToSchema)]
pub struct Question {
    id: Uuid,
    job: Uuid,
    #[schema(example = "acme/alice")]
    account: String,
    /// `email_code`, `sms_code`, `totp` or `decision`
    #[schema(example = "email_code")]
    wanted: String,
    /// The same, for people.
    #[schema(example = "the code that the app has mailed")]
    words: String,
    /// The step that needs it.
    #[schema(example = "login.5")]
    step: String,
    /// Why it is asked once more: that the app refused the code before, and what it showed; null at the first.
    refused: Option<String>,
    asked_at: String,
    /// It is taken until then.
    until: String,
}

impl Question {
    pub fn of(row: &QuestionRow) -> Self {
        Self {
            id: row.id,
            job: row.job,
            account: row.account.to_string(),
            wanted: row.wanted.to_string(),
            words: row.wanted.words().to_owned(),
            step: row.step.clone(),
            refused: row.once_more().map(|why| redact(&why).into_owned()),
            asked_at: row.asked_at.to_string(),
            until: row.until.to_string(),
        }
    }
}

impl Job {
    pub fn of(row: &JobRow) -> Self {
        Self {
            id: row.job.id,
            kind: row.job.kind.to_string(),
            account: row.job.account.to_string(),
            state: row.state.as_str().to_owned(),
            is_being_cancelled: row.is_being_cancelled(),
            outcome: row.outcome.map(|outcome| outcome.to_string()),
            code: row.code.map(|code| code.to_string()),
            priority: row.job.priority.to_string(),
            requested_by: row.job.requested_by.clone(),
            reason: row.job.reason.clone(),
            submitted_at: row.job.submitted_at.to_string(),
            not_before: row.not_before.to_string(),
            finished_at: row.finished_at.map(|at| at.to_string()),
            attempts: row.attempts,
            worker: row.worker.as_ref().map(ToString::to_string),
            waits: None,
            waits_for: None,
        }
    }

    /// The same, with what it waits for.
    pub fn waiting(row: &JobRow, waits: Option<Waits>, question: Option<&QuestionRow>) -> Self {
        Self {
            waits: waits.map(|waits| waits.to_string()),
            waits_for: question.map(Question::of),
            ..Self::of(row)
        }
    }

    pub fn id(&self) -> Uuid {
        self.id
    }
}

/// An attempt: a row of the automation log.
#[derive(Serialize, ToSchema)]
pub struct Attempt {
    /// The place in the log: the cursor of `before`.
    seq: i64,
    id: Uuid,
    job: Uuid,
    kind: String,
    app: String,
    account: String,
    /// Who asked for the job, as they call themselves.
    requested_by: Option<String>,
    /// Its number within the job, from 1.
    number: u32,
    worker: String,
    queued_at: String,
    started_at: String,
    ended_at: Option<String>,
    duration_ms: Option<u64>,
    /// How it ended; null while it runs.
    outcome: Option<String>,
    code: Option<String>,
    message: Option<String>,
    /// What a person should do; empty where there is nothing to do.
    user_action: Option<String>,
    playbook: Option<String>,
    playbook_hash: Option<String>,
    browser_version: Option<String>,
    /// Only where one attempt is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<AttemptStep>>,
}

/// A step of an attempt.
#[derive(Serialize, ToSchema)]
pub struct AttemptStep {
    seq: u32,
    #[schema(example = "login.3")]
    id: String,
    summary: String,
    started_at: String,
    duration_ms: Option<u64>,
    /// `ok`, `failed`, `skipped` or `interrupted`; null while it is performed.
    result: Option<String>,
    detail: Option<String>,
}

impl Attempt {
    pub fn of(row: &AttemptRow) -> Self {
        let verdict = row.verdict.as_ref();
        Self {
            seq: row.seq,
            id: row.id,
            job: row.job,
            kind: row.kind.to_string(),
            app: row.account.app().to_owned(),
            account: row.account.to_string(),
            requested_by: row.requested_by.clone(),
            number: row.number,
            worker: row.worker.to_string(),
            queued_at: row.queued_at.to_string(),
            started_at: row.started_at.to_string(),
            ended_at: row.ended_at.map(|at| at.to_string()),
            duration_ms: row.duration.map(millis),
            outcome: verdict.map(|verdict| verdict.outcome.to_string()),
            code: verdict.map(|verdict| verdict.code.to_string()),
            message: verdict.map(|verdict| redact(&verdict.message).into_owned()),
            user_action: row.user_action.clone(),
            playbook: row.provenance.playbook.clone(),
            playbook_hash: row.provenance.playbook_hash.clone(),
            browser_version: row.provenance.browser_version.clone(),
            steps: None,
        }
    }

    pub fn with_steps(row: &AttemptRow, steps: &[Step]) -> Self {
        Self { steps: Some(steps.iter().map(AttemptStep::of).collect()), ..Self::of(row) }
    }
}

impl AttemptStep {
    fn of(step: &Step) -> Self {
        Self {
            seq: step.seq,
            id: step.id.clone(),
            summary: redact(&step.summary).into_owned(),
            started_at: step.started_at.to_string(),
            duration_ms: step.duration.map(millis),
            result: step.result.map(StepResult::as_str).map(str::to_owned),
            detail: step.detail.as_deref().map(|detail| redact(detail).into_owned()),
        }
    }
}

pub fn millis(length: std::time::Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
