//! What is told of a job as it goes: a CloudEvent, `schemas/event.json`. It holds no secret.

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, schema_for};
use serde::Serialize;
use uuid::Uuid;

use super::{AccountRef, Code, Job, Kind, Outcome, Verdict, Wanted};

/// An event of a job's life, in the JSON form of CloudEvents 1.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "Turnlock event")]
pub struct JobEvent {
    /// The version of CloudEvents: `1.0`.
    specversion: &'static str,
    /// Tells events apart: one that comes twice, as after a lost connection, has the same.
    id: String,
    /// Who tells it: `turnlock`.
    source: &'static str,
    /// What kind of event: `turnlock.job.started`, `.step`, `.asks_human`, `.retrying` or `.finished`.
    r#type: &'static str,
    /// The account: `app/name`.
    subject: String,
    /// When it happened, in RFC 3339.
    #[schemars(with = "String", extend("format" = "date-time"))]
    time: Timestamp,
    /// The form of `data`: `application/json`.
    datacontenttype: &'static str,
    /// What happened.
    data: EventData,
}

/// What happened to which job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct EventData {
    /// The job's id.
    job: Uuid,
    /// What it asks.
    #[schemars(with = "String")]
    kind: Kind,
    /// Of which account.
    #[schemars(with = "String")]
    account: AccountRef,
    #[serde(flatten)]
    happened: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Happened {
    /// An attempt began.
    Started {
        /// The attempt.
        attempt: Uuid,
        /// Its number within the job, from 1.
        number: u32,
        /// Who performs it.
        worker: String,
    },
    /// A step of an attempt has ended.
    Step {
        /// The attempt.
        attempt: Uuid,
        /// The step's place within the attempt, from 1.
        step: u32,
        /// Where it stands in the playbook, as `login.3`.
        place: String,
        /// What it does.
        summary: String,
        /// How it ended: `ok`, `failed`, `skipped` or `interrupted`.
        result: &'static str,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// An attempt waits for a person, with its page open.
    AsksHuman {
        /// The attempt.
        attempt: Uuid,
        /// The question; an answer may name it.
        question: Uuid,
        /// What it needs: `email_code`, `sms_code` or `totp`, or that a person does what the app asks for: `decision`.
        #[schemars(with = "String")]
        wanted: Wanted,
        /// It waits until then.
        #[schemars(with = "String", extend("format" = "date-time"))]
        until: Timestamp,
    },
    /// An attempt ended, and the job is tried again.
    Retrying {
        /// The attempt.
        attempt: Uuid,
        /// How it ended.
        #[schemars(with = "String")]
        outcome: Outcome,
        /// Why, as a code.
        #[schemars(with = "String")]
        code: Code,
        /// Why, in words.
        message: String,
        /// Not before then.
        #[schemars(with = "String", extend("format" = "date-time"))]
        again_at: Timestamp,
    },
    /// The job has ended. Told once for every job, or again with the same `id`.
    Finished {
        /// How it ended.
        #[schemars(with = "String")]
        outcome: Outcome,
        /// Why, as a code.
        #[schemars(with = "String")]
        code: Code,
        /// Why, in words.
        message: String,
        /// What a person should do; empty where there is nothing to do.
        user_action: &'static str,
        /// Attempts begun.
        attempts: u32,
        /// Who asked, in the submitter's words.
        requested_by: Option<String>,
        /// Why, in the submitter's words.
        reason: Option<String>,
    },
}

impl JobEvent {
    /// What happened to a job, and when.
    #[must_use]
    pub fn new(job: Uuid, kind: Kind, account: &AccountRef, time: Timestamp, happened: Happened) -> Self {
        let (r#type, id) = match &happened {
            Happened::Started { attempt, .. } => ("turnlock.job.started", format!("{attempt}/started")),
            Happened::Step { attempt, step, .. } => ("turnlock.job.step", format!("{attempt}/step/{step}")),
            Happened::AsksHuman { attempt, question, .. } => {
                ("turnlock.job.asks_human", format!("{attempt}/asks/{question}"))
            }
            Happened::Retrying { attempt, .. } => ("turnlock.job.retrying", format!("{attempt}/retrying")),
            Happened::Finished { .. } => ("turnlock.job.finished", format!("{job}/finished")),
        };
        Self {
            specversion: "1.0",
            id,
            source: "turnlock",
            r#type,
            subject: account.to_string(),
            time,
            datacontenttype: "application/json",
            data: EventData { job, kind, account: account.clone(), happened },
        }
    }

    /// The end of a job.
    #[must_use]
    pub fn finished(job: &Job, verdict: &Verdict, attempts: u32, at: Timestamp) -> Self {
        let happened = Happened::Finished {
            outcome: verdict.outcome,
            code: verdict.code,
            message: verdict.message.clone(),
            user_action: verdict.code.user_action(),
            attempts,
            requested_by: job.requested_by.clone(),
            reason: job.reason.clone(),
        };
        Self::new(job.id, job.kind, &job.account, at, happened)
    }

    /// By which those who listen choose: `job.<kind>.<outcome>` for the end of a job, and `job.<kind>.started`,
    /// `.step`, `.asks_human` and `.retrying` before it.
    #[must_use]
    pub fn key(&self) -> String {
        let last = match &self.data.happened {
            Happened::Started { .. } => "started",
            Happened::Step { .. } => "step",
            Happened::AsksHuman { .. } => "asks_human",
            Happened::Retrying { .. } => "retrying",
            Happened::Finished { outcome, .. } => outcome.as_str(),
        };
        format!("job.{}.{last}", self.data.kind.as_str())
    }

    /// The event as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of texts and numbers with names for keys always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The JSON Schema (draft 2020-12) of an event.
    #[must_use]
    pub fn schema() -> Schema {
        schema_for!(Self)
    }
}
