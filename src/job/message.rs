//! A job as it travels: one JSON object, `schemas/job.json`. Any producer can write it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use schemars::{JsonSchema, Schema, schema_for};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{AccountRef, DEFAULT_DEADLINE, Job, Kind, LONGEST_DEADLINE, Priority, check_wait};

/// No message of a job is larger, in bytes.
pub const LARGEST: usize = 16 * 1024;

/// No text that a producer writes for the automation log is longer, in characters.
pub const LONGEST_TEXT: usize = 500;

/// No attempt can be made in less.
const SHORTEST_DEADLINE: SignedDuration = SignedDuration::from_secs(1);

/// A job may wait for so long; every database can hold such a time.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(24 * 3653);

/// What a message may have.
const FIELDS: [&str; 10] = [
    "id",
    "kind",
    "account",
    "priority",
    "requested_by",
    "reason",
    "not_before",
    "deadline",
    "wait_for_human",
    "options",
];

/// What a field is called that somebody meant to hold a secret.
const SECRET_NAMES: [&str; 10] =
    ["pass", "pwd", "secret", "token", "totp", "otp", "credential", "cookie", "key", "code"];

/// A request to do one kind of work on one account of an app. It holds no secret: what is needed to log in lies in
/// the vault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Turnlock job")]
pub struct JobMessage {
    /// The idempotency key: a UUID, best of version 7. A job of the same id is done once, however often it is sent.
    pub id: Uuid,
    /// What is asked.
    #[schemars(extend("enum" = ["verify_login", "enrol_mfa", "change_password", "set_contact", "reconcile"]))]
    #[schemars(with = "String")]
    pub kind: Kind,
    /// Of which account: `app/name`.
    #[schemars(with = "String", regex(pattern = "^[a-z0-9-]{1,64}/.{1,128}$"))]
    pub account: AccountRef,
    /// Which jobs come first.
    #[serde(default)]
    pub priority: Priority,
    /// Who asks, in words of the producer's; for the automation log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub requested_by: Option<String>,
    /// Why, in words of the producer's; for the automation log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 500))]
    pub reason: Option<String>,
    /// Not to be done before this time, in RFC 3339: `2026-11-25T08:00:00Z`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub not_before: Option<Timestamp>,
    /// How long one attempt may take, `90s` or `PT1M30S`; at most 20 minutes, and 3 minutes unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub deadline: Option<SignedDuration>,
    /// How long an attempt may wait for a person to give it a code that Turnlock cannot get by itself, `10m` or `PT10M`; at
    /// most 25 minutes together with the deadline, and not at all unless it is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub wait_for_human: Option<SignedDuration>,
    /// What else is wished.
    #[serde(default, skip_serializing_if = "JobOptions::are_usual")]
    pub options: JobOptions,
}

/// What else a producer may wish of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobOptions {
    /// Keep a screenshot and a page snapshot of a success too, not only of a failure.
    #[serde(default)]
    pub evidence: bool,
}

/// Why a message is no job. Names fields and never shows what they hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadMessage {
    /// It is larger than [`LARGEST`].
    #[error("the message has {0} bytes: a job has at most {LARGEST}")]
    TooLarge(usize),
    /// It is no JSON object.
    #[error("the message is not a JSON object")]
    NotAnObject,
    /// It has a field that is meant for a secret.
    #[error("the field `{0}` looks like a secret: no message holds one, they lie in the vault")]
    Secret(String),
    /// A field is missing, unknown, or holds something else.
    #[error("the message is not as schemas/job.json says: {0}")]
    NotAsDescribed(String),
}

impl JobMessage {
    /// Reads a message.
    ///
    /// # Errors
    /// [`BadMessage`] when it is not as the schema says, or seems to hold a secret.
    pub fn read(bytes: &[u8]) -> Result<Self, BadMessage> {
        if bytes.len() > LARGEST {
            return Err(BadMessage::TooLarge(bytes.len()));
        }
        let Ok(Value::Object(fields)) = serde_json::from_slice::<Value>(bytes) else {
            return Err(BadMessage::NotAnObject);
        };
        if let Some(name) = secret_field(&fields) {
            return Err(BadMessage::Secret(name));
        }
        for name in ["requested_by", "reason"] {
            let text = fields.get(name).and_then(Value::as_str).unwrap_or_default();
            if text.chars().count() > LONGEST_TEXT {
                let why = format!("`{name}` is longer than {LONGEST_TEXT} characters");
                return Err(BadMessage::NotAsDescribed(why));
            }
            if text.contains('\0') {
                return Err(BadMessage::NotAsDescribed(format!("`{name}` holds the character U+0000")));
            }
            if text.to_ascii_lowercase().contains("otpauth:") {
                return Err(BadMessage::Secret(name.to_owned()));
            }
        }
        let message = understood(fields)?;
        let deadlines = SHORTEST_DEADLINE..=LONGEST_DEADLINE;
        if message.deadline.is_some_and(|deadline| !deadlines.contains(&deadline)) {
            let why = "`deadline` is not between a second and 20 minutes";
            return Err(BadMessage::NotAsDescribed(why.to_owned()));
        }
        if let Some(wait) = message.wait_for_human {
            check_wait(message.deadline(), wait)
                .map_err(|why| BadMessage::NotAsDescribed(format!("`wait_for_human` {why}")))?;
        }
        let latest = Timestamp::now().saturating_add(LONGEST_WAIT).unwrap_or(Timestamp::MAX);
        if message.not_before.is_some_and(|at| at > latest) {
            let why = "`not_before` is more than ten years ahead";
            return Err(BadMessage::NotAsDescribed(why.to_owned()));
        }
        Ok(message)
    }

    /// The message as JSON.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        // A struct of texts and numbers with names for keys always has a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// The job that it asks for.
    #[must_use]
    pub fn into_job(self) -> Job {
        let deadline = self.deadline();
        let wait = self.wait_for_human.and_then(|wait| Duration::try_from(wait).ok());
        Job {
            id: self.id,
            priority: self.priority,
            requested_by: self.requested_by,
            reason: self.reason,
            evidence: self.options.evidence,
            deadline,
            wait_for_human: wait.unwrap_or_default(),
            ..Job::new(self.kind, self.account)
        }
    }

    fn deadline(&self) -> Duration {
        self.deadline.and_then(|deadline| Duration::try_from(deadline).ok()).unwrap_or(DEFAULT_DEADLINE)
    }

    /// The message that asks for this job.
    #[must_use]
    pub fn of(job: &Job, not_before: Option<Timestamp>) -> Self {
        Self {
            id: job.id,
            kind: job.kind,
            account: job.account.clone(),
            priority: job.priority,
            requested_by: job.requested_by.clone(),
            reason: job.reason.clone(),
            not_before,
            deadline: SignedDuration::try_from(job.deadline).ok(),
            wait_for_human: Some(job.wait_for_human)
                .filter(|wait| !wait.is_zero())
                .and_then(|wait| SignedDuration::try_from(wait).ok()),
            options: JobOptions { evidence: job.evidence },
        }
    }

    /// The JSON Schema (draft 2020-12) of a message.
    #[must_use]
    pub fn schema() -> Schema {
        schema_for!(Self)
    }
}

impl JobOptions {
    fn are_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// The first field, however deep, whose name says that it holds a secret.
fn secret_field(fields: &Map<String, Value>) -> Option<String> {
    fields.iter().find_map(|(name, value)| {
        let lower = name.to_ascii_lowercase();
        if SECRET_NAMES.iter().any(|secret| lower.contains(secret)) {
            return Some(name.chars().take(64).collect());
        }
        value.as_object().and_then(secret_field)
    })
}

/// Serde's own words may show what a field holds, so that it is found here which field is wrong: by each alone, beside
/// what every message needs.
fn understood(fields: Map<String, Value>) -> Result<JobMessage, BadMessage> {
    let wrong = |what: String| Err(BadMessage::NotAsDescribed(what));
    let needed = [
        ("id", Value::from("00000000-0000-0000-0000-000000000000")),
        ("kind", Value::from("reconcile")),
        ("account", Value::from("a/a")),
    ];
    if let Some((missing, _)) = needed.iter().find(|(name, _)| !fields.contains_key(*name)) {
        return wrong(format!("the field `{missing}` is missing"));
    }
    for (name, value) in &fields {
        let short: String = name.chars().take(64).collect();
        if !FIELDS.contains(&name.as_str()) {
            return wrong(format!("there is no field `{short}`"));
        }
        let mut alone: Map<_, _> =
            needed.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        alone.insert(name.clone(), value.clone());
        if serde_json::from_value::<JobMessage>(Value::Object(alone)).is_err() {
            return wrong(format!("the field `{short}` does not hold what it should"));
        }
    }
    serde_json::from_value(Value::Object(fields))
        .or_else(|_| wrong("a field does not hold what it should".to_owned()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        JobMessage::read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn the_least_that_a_producer_writes() {
        let text =
            r#"{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"verify_login","account":"acme/alice"}"#;
        let message = JobMessage::read(text.as_bytes()).unwrap();
        assert_eq!(message.priority, Priority::Normal);
        let job = message.clone().into_job();
        assert_eq!((job.kind, job.deadline, job.evidence), (Kind::VerifyLogin, DEFAULT_DEADLINE, false));
        assert_eq!(JobMessage::read(&message.to_json()).unwrap(), message);
        let again = JobMessage::of(&job, None);
        assert_eq!(JobMessage::read(&again.to_json()).unwrap(), again);
    }

    #[test]
    fn all_that_a_producer_may_write() {
        let text = r#"{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"change_password","account":"acme/alice",
            "priority":"low","requested_by":"rotation","reason":"quarterly","not_before":"2026-11-25T08:00:00Z",
            "deadline":"90s","wait_for_human":"10m","options":{"evidence":true}}"#;
        let message = JobMessage::read(text.as_bytes()).unwrap();
        assert_eq!(message.deadline, Some(SignedDuration::from_secs(90)));
        assert_eq!(JobMessage::read(&message.to_json()).unwrap(), message);
        let job = message.into_job();
        assert_eq!((job.evidence, job.wait_for_human), (true, Duration::from_secs(600)));
    }

    #[test]
    fn what_is_refused_is_named_and_not_shown() {
        let with = |field: &str| {
            format!(
                r#"{{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"verify_login","account":"acme/alice",{field}}}"#
            )
        };
        for (field, named) in [
            (r#""password":"hunter2""#, "`password` looks like a secret"),
            (r#""options":{"mfa_secret":"hunter2"}"#, "`mfa_secret` looks like a secret"),
            (r#""reason":"otpauth://totp/x?secret=hunter2""#, "`reason` looks like a secret"),
            (r#""colour":"hunter2""#, "there is no field `colour`"),
            (r#""priority":"hunter2""#, "`priority` does not hold"),
            (r#""not_before":"hunter2""#, "`not_before` does not hold"),
            (r#""deadline":"90m""#, "`deadline` is not between"),
            (r#""wait_for_human":"23m""#, "`wait_for_human` is not between a second and 22 minutes"),
            (r#""wait_for_human":"0s""#, "`wait_for_human` is not between"),
            (
                r#""deadline":"20m","wait_for_human":"6m""#,
                "`wait_for_human` is not between a second and 5 minutes",
            ),
            (r#""deadline":"1ns""#, "`deadline` is not between"),
            (r#""reason":"a\u0000b""#, "`reason` holds the character U+0000"),
            (r#""not_before":"9999-12-30T22:00:00.999999999Z""#, "`not_before` is more than ten years ahead"),
            (r#""options":{"hunter2":1}"#, "`options` does not hold"),
        ] {
            let why = refused(&with(field));
            assert!(why.contains(named) && !why.contains("hunter2"), "{field}: {why}");
        }
        assert!(refused("[1]").contains("not a JSON object"));
        assert!(refused(r#"{"kind":"verify_login","account":"acme/alice"}"#).contains("`id` is missing"));
        assert!(refused(&with(&format!(r#""reason":"{}""#, "x".repeat(501)))).contains("longer than 500"));
        assert!(refused(&" ".repeat(LARGEST + 1)).contains("bytes"));
    }
}
