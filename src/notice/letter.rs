use std::fmt::Write as _;

use jiff::Timestamp;
use lettre::Message;
use lettre::message::Mailbox;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use uuid::Uuid;

use super::occasion::Occasion;
use crate::redact::redact;

/// The most characters of what happened; all of it stands in the automation log.
const LONGEST: usize = 2000;

/// A mail that is ready to go.
pub(super) struct Letter {
    /// What it is about, for Turnlock's own log.
    pub subject: String,
    /// Head and body.
    pub bytes: Vec<u8>,
}

impl Letter {
    /// Writes it. `more` like it were not told by themselves.
    pub fn write(
        occasion: &Occasion,
        more: u32,
        from: &Mailbox,
        to: &[Mailbox],
    ) -> Result<Self, lettre::error::Error> {
        let subject = redact(&subject(occasion)).into_owned();
        let mut mail = Message::builder()
            .from(from.clone())
            .subject(subject.clone())
            .date_now()
            .message_id(Some(format!("<{}@{}>", Uuid::now_v7(), from.email.domain())))
            // Nobody's vacation answers it.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ))
            .header(ContentType::TEXT_PLAIN);
        for person in to {
            mail = mail.to(person.clone());
        }
        let mail = mail.body(redact(&body(occasion, more)).into_owned())?;
        Ok(Self { subject, bytes: mail.formatted() })
    }
}

fn subject(occasion: &Occasion) -> String {
    let code = occasion.verdict().map(|verdict| verdict.code.as_str()).unwrap_or_default();
    match occasion {
        Occasion::Asked { account, wanted, .. } => format!("[turnlock] {account} waits for you: {wanted}"),
        Occasion::NeedsHuman(row, _) => format!("[turnlock] {} needs a human: {code}", row.account),
        Occasion::BreakerOpened { app, .. } => {
            format!("[turnlock] the breaker of {app} is open: {code}")
        }
        Occasion::CanaryFailed(row, flow, _) => {
            format!("[turnlock] the canary of {} fails in {flow}: {code}", row.account.app())
        }
    }
}

fn body(occasion: &Occasion, more: u32) -> String {
    let (what, mut facts, look) = match occasion {
        Occasion::Asked { job, account, wanted, until } => (
            format!("A job needs {}. It waits for that, and goes on then.", wanted.words()),
            vec![("account", account.to_string()), ("job", job.to_string()), ("until", utc(*until))],
            vec![
                format!("turnlock job answer {job}    # asks for the code; so does the job's page"),
                format!("turnlock job show {job}"),
            ],
        ),
        Occasion::NeedsHuman(row, _) => (
            "A job has ended that needs a human; Turnlock does not try it again by itself.".to_owned(),
            vec![
                ("account", row.account.to_string()),
                ("job", format!("{} ({})", row.job, row.kind)),
                ("when", utc(row.ended_at.unwrap_or_else(Timestamp::now))),
                ("worker", row.worker.to_string()),
            ],
            vec![format!("turnlock log --job {}", row.job)],
        ),
        Occasion::CanaryFailed(row, flow, _) => (
            format!(
                "The canary {} does not get through {flow} any more: real jobs of {} may meet the same.",
                row.account,
                row.account.app()
            ),
            vec![
                ("account", row.account.to_string()),
                ("flow", flow.clone()),
                ("job", row.job.to_string()),
                ("when", utc(row.ended_at.unwrap_or_else(Timestamp::now))),
            ],
            vec![format!("turnlock log --job {}", row.job), "turnlock app list".to_owned()],
        ),
        Occasion::BreakerOpened { app, failures, probe_at, job, .. } => (
            format!(
                "{failures} attempts at {app} in a row have failed: its breaker is open, and its jobs wait until \
                 one that probes it does not fail."
            ),
            vec![
                ("app", app.clone()),
                ("last job", job.to_string()),
                ("when", utc(Timestamp::now())),
                ("first probe", utc(*probe_at)),
            ],
            vec![
                format!("turnlock log --job {job}"),
                "turnlock app list".to_owned(),
                format!("turnlock app reset {app}    # once it works again: its jobs go on at once"),
            ],
        ),
    };
    if let Some(verdict) = occasion.verdict() {
        facts.push(("outcome", verdict.outcome.to_string()));
        facts.push(("code", verdict.code.to_string()));
    }
    let mut text = format!("{what}\n\n");
    for (name, value) in facts {
        let _ = writeln!(text, "{:13}{value}", format!("{name}:"));
    }
    if let Some(verdict) = occasion.verdict() {
        let message: String = verdict.message.chars().take(LONGEST).collect();
        section(&mut text, "What happened", message.lines());
        section(&mut text, "What to do", verdict.code.user_action().lines());
    }
    let title = if occasion.verdict().is_some() { "How to look" } else { "What to do" };
    section(&mut text, title, look.iter().map(String::as_str));
    if more > 0 {
        let _ = write!(text, "\n{more} more since the last notice of this app and code.\n");
    }
    text
}

/// Indented, so that what a page said looks like nothing of Turnlock's own.
fn section<'a>(text: &mut String, title: &str, lines: impl Iterator<Item = &'a str>) {
    let mut lines = lines.filter(|line| !line.trim().is_empty()).peekable();
    if lines.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "\n{title}:");
    for line in lines {
        let _ = writeln!(text, "    {line}");
    }
}

fn utc(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}
