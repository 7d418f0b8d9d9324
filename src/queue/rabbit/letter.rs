use std::fmt;

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::headers::{self, DEATHS, KEY, REASON};
use super::masked::shown;
use super::topology::{self, queue_of};
use crate::job::{BadMessage, JobMessage, Priority};

/// As many digits name a letter where people read it, so many where programs do.
const SHORT: usize = 8;
const LONG: usize = 16;
/// Fewer digits name nothing: somebody has typed them by mistake.
const FEWEST: usize = 4;

/// A message in the queue of dead letters, with all that may be shown of it. What it held is gone, but for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    name: String,
    /// When it was laid aside, if anything says so.
    pub at: Option<Timestamp>,
    /// The queue that it came from, if it is one of Turnlock's.
    pub queue: Option<&'static str>,
    /// Why it was laid aside.
    pub why: Why,
    /// The producer's id of the message, if it is a UUID.
    pub message_id: Option<Uuid>,
    /// How often somebody has looked at it before.
    pub looks: u64,
    /// Its headers. Texts of others are masked.
    pub headers: Map<String, Value>,
    /// Its body, masked.
    pub body: Value,
    job: Result<JobMessage, BadMessage>,
}

/// Why a message was laid aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// A worker found that it is no job, for this reason.
    NoJob(String),
    /// It was delivered as often as its queue allows, and came back each time.
    Unanswered,
    /// RabbitMQ laid it aside for something else.
    Other(&'static str),
    /// Nothing says why: somebody has published it there.
    Unsaid,
}

/// Why a letter cannot be put back into the queue of jobs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotRequeueable {
    /// A worker masked it when it laid it aside.
    #[error(
        "what it held is gone, for a worker laid it aside: {0}. Have its producer send it again, put right"
    )]
    Masked(String),
    /// It is not as a message of a job is to be.
    #[error("it is no job: {0}. Have its producer send it again, put right")]
    NoJob(#[from] BadMessage),
}

impl Letter {
    /// Reads a message of the queue of dead letters.
    pub(super) fn read(properties: &BasicProperties, body: &[u8]) -> Self {
        let table = properties.headers().clone().unwrap_or_default();
        let mut headers = headers::shown(&table);
        let looks = headers::take_count(&mut headers);
        let job = JobMessage::read(body);
        let message_id = properties.message_id().as_ref().and_then(|id| id.as_str().parse().ok());
        let sent = properties.timestamp().and_then(headers::time);
        let (at, queue, why) = death(&table);
        let mut letter = Self {
            name: String::new(),
            at: at.or(sent),
            queue,
            why,
            message_id,
            looks,
            headers,
            body: shown(body),
            job,
        };
        letter.name = letter.hash();
        letter
    }

    /// What people call it: letters that look alike are called alike, and may stand for each other.
    #[must_use]
    pub fn short_name(&self) -> &str {
        &self.name[..SHORT]
    }

    /// The same and longer, for programs.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether that names it: the beginning of its name, or the id of its job.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let by_id = || name.parse().is_ok_and(|id: Uuid| self.job.as_ref().is_ok_and(|job| job.id == id));
        (name.len() >= FEWEST && self.name.starts_with(&name)) || by_id()
    }

    /// The job that it asks for.
    ///
    /// # Errors
    /// [`NotRequeueable`] if it is none, or none any more.
    pub fn job(&self) -> Result<&JobMessage, NotRequeueable> {
        match (&self.why, &self.job) {
            (Why::NoJob(reason), _) => Err(NotRequeueable::Masked(reason.clone())),
            (_, Ok(job)) => Ok(job),
            (_, Err(why)) => Err(why.clone().into()),
        }
    }

    /// Of nothing but what is shown: whoever knows the name has learnt nothing else.
    fn hash(&self) -> String {
        let id = self.job.as_ref().ok().map(|job| job.id);
        let shown = (&self.headers, &self.body, id, self.message_id, self.at.map(Timestamp::as_second));
        // Texts, numbers and maps with texts for keys always have a JSON form.
        let digest = Sha256::digest(serde_json::to_vec(&shown).unwrap_or_default());
        HEXLOWER.encode(&digest)[..LONG].to_owned()
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJob(reason) => f.write_str(reason),
            Self::Unanswered => f.write_str(
                "delivered again and again and never answered, for workers died or lost their connections",
            ),
            Self::Other(death) => write!(f, "RabbitMQ laid it aside: {death}"),
            Self::Unsaid => f.write_str("nothing says why: somebody has published it there"),
        }
    }
}

/// When, from where and why it was laid aside, by Turnlock or else by RabbitMQ.
fn death(headers: &FieldTable) -> (Option<Timestamp>, Option<&'static str>, Why) {
    let headers = headers.inner();
    if let Some(reason) = headers.get(REASON).and_then(headers::text) {
        let key = headers.get(KEY).and_then(headers::text).and_then(|key| key.parse::<Priority>().ok());
        return (None, key.map(queue_of), Why::NoJob(reason));
    }
    // The latest comes first.
    let latest = match headers.get("x-death") {
        Some(AMQPValue::FieldArray(deaths)) => deaths.as_slice().first(),
        _ => None,
    };
    let Some(AMQPValue::FieldTable(latest)) = latest else { return (None, None, Why::Unsaid) };
    let said = |name: &str| latest.inner().get(name).and_then(headers::text).unwrap_or_default();
    let at = match latest.inner().get("time") {
        Some(AMQPValue::Timestamp(seconds)) => headers::time(*seconds),
        _ => None,
    };
    let (queue, reason) = (said("queue"), said("reason"));
    let why = match DEATHS.into_iter().find(|known| *known == reason) {
        Some("delivery_limit") => Why::Unanswered,
        Some(known) => Why::Other(known),
        None => Why::Unsaid,
    };
    (at, topology::queues().find(|known| *known == queue), why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const JOB: &str = r#"{"id":"0197e2a4-0000-7000-8000-000000000001","kind":"verify_login","account":"acme/alice","reason":"hunter2"}"#;

    fn with(headers: &[(&str, AMQPValue)]) -> BasicProperties {
        let mut table = FieldTable::default();
        for (name, value) in headers {
            table.insert((*name).into(), value.clone());
        }
        BasicProperties::default().with_headers(table)
    }

    fn text(text: &str) -> AMQPValue {
        AMQPValue::LongString(text.into())
    }

    fn dead_of(reason: &str, queue: &str) -> AMQPValue {
        let mut death = FieldTable::default();
        death.insert("reason".into(), text(reason));
        death.insert("queue".into(), text(queue));
        death.insert("time".into(), AMQPValue::Timestamp(1_780_000_000));
        AMQPValue::FieldArray(vec![AMQPValue::FieldTable(death)].into())
    }

    #[test]
    fn a_job_that_came_back_too_often_is_one_still() {
        let dead = ("x-death", dead_of("delivery_limit", "turnlock.jobs.low"));
        let counted = |count| ("x-delivery-count", AMQPValue::LongLongInt(count));
        let letter = Letter::read(&with(&[dead.clone(), counted(0)]), JOB.as_bytes());
        assert_eq!((letter.queue, &letter.why), (Some("turnlock.jobs.low"), &Why::Unanswered));
        assert_eq!(letter.at.unwrap().as_second(), 1_780_000_000);
        assert_eq!(letter.job().unwrap().account.to_string(), "acme/alice");
        let id = "0197e2a4-0000-7000-8000-000000000001";
        assert!(letter.is_called(id) && letter.is_called(&letter.name()[..5]) && !letter.is_called(""));
        // It is called the same after a look, and another job otherwise.
        let again = Letter::read(&with(&[dead.clone(), counted(7)]), JOB.as_bytes());
        assert_eq!((again.name(), again.looks), (letter.name(), 7));
        // Also if it has no count yet, and others' headers lie around it.
        let more = [dead.clone(), ("a", text("")), ("x-z", text("")), ("y", text(""))];
        let first = Letter::read(&with(&more), JOB.as_bytes());
        let then = Letter::read(&with(&[&more[..], &[counted(1)]].concat()), JOB.as_bytes());
        assert_eq!((first.name(), first.looks), (then.name(), 0));
        let other = JOB.replace("0001", "0002");
        assert_ne!(Letter::read(&with(&[dead, counted(0)]), other.as_bytes()).name(), letter.name());
    }

    #[test]
    fn what_was_laid_aside_by_a_worker_says_why_and_stays_there() {
        let headers = [(REASON, text("the field `password` looks like a secret")), (KEY, text("high"))];
        // Even if it looks like a job.
        let letter = Letter::read(&with(&headers), JOB.as_bytes());
        assert_eq!(letter.queue, Some("turnlock.jobs.high"));
        let refused = letter.job().unwrap_err().to_string();
        assert!(refused.contains("gone") && refused.contains("`password`"), "{refused}");
    }

    #[test]
    fn nothing_that_others_wrote_is_shown() {
        let forged = [
            ("authorization", text("hunter2")),
            ("x-death", dead_of("hunter2", "hunter2")),
            ("x-first-death-queue", text("hunter2")),
            (KEY, text("hunter2")),
            ("x-number", AMQPValue::LongInt(4711)),
        ];
        let properties = with(&forged).with_message_id("hunter2".into()).with_timestamp(1_780_000_000);
        for body in [JOB, r#"{"hunter":"hunter2"}"#, "hunter2"] {
            let letter = Letter::read(&properties, body.as_bytes());
            let mut shown =
                format!("{} {} {:?}", Value::from(letter.headers.clone()), letter.body, letter.at);
            shown += &format!("{:?} {}", letter.queue, letter.why);
            assert!(shown.contains("authorization") && shown.contains("2026-05-28"), "{shown}");
            assert!(!shown.contains("hunter2") && !shown.contains("4711"), "{shown}");
        }
        let bell = Letter::read(&with(&[(REASON, text("\u{7}\u{1b}[2J"))]), b"");
        assert!(!bell.why.to_string().contains(char::is_control));
    }
}
