use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::span::{half, of_job};
use super::{Kind, Span, Tracer};
use crate::job::{Job, Outcome, TraceParent, Wanted};
use crate::store::{AttemptRow, Step, StepResult};
use crate::worker::Event;

/// An attempt is forgotten that has not ended when so many others are under way: its end was missed.
const MOST: usize = 1024;

/// The attempts that are under way, and their steps that have ended.
#[derive(Default)]
pub(super) struct Attempts(HashMap<Uuid, UnderWay>);

struct UnderWay {
    job: Job,
    steps: Vec<Step>,
}

impl Attempts {
    /// Makes spans of what a worker does, until it is gone.
    pub async fn watch(mut self, mut events: broadcast::Receiver<Event>, tracer: Tracer) {
        loop {
            match events.recv().await {
                Ok(event) => self.note(event).into_iter().for_each(|span| tracer.take(span)),
                Err(RecvError::Lagged(missed)) => {
                    tracing::debug!(missed, "so much happened that spans may be missing");
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The spans that are complete with this event.
    fn note(&mut self, event: Event) -> Vec<Span> {
        match event {
            Event::AttemptStarted { attempt, job, .. } => {
                if self.0.len() >= MOST {
                    self.0.clear();
                }
                self.0.insert(attempt, UnderWay { job, steps: Vec::new() });
                Vec::new()
            }
            Event::Step { attempt, step, .. } if step.result.is_some() => {
                if let Some(under_way) = self.0.get_mut(&attempt) {
                    under_way.steps.push(step);
                }
                Vec::new()
            }
            Event::AttemptEnded { row, .. } => {
                self.0.remove(&row.id).map(|under_way| spans(&under_way, &row)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

fn spans(under_way: &UnderWay, row: &AttemptRow) -> Vec<Span> {
    let job = &under_way.job;
    let within = job.trace.unwrap_or(TraceParent::of_job(job.id));
    // The spans of an attempt follow one another.
    let first = half(row.id);
    let id = |nth: u32| first.wrapping_add(u64::from(nth)).max(1);
    let mut attributes = of_job(job);
    attributes.extend([
        ("turnlock.attempt", row.id.to_string().into()),
        ("turnlock.attempt.number", row.number.into()),
        ("turnlock.worker", row.worker.to_string().into()),
    ]);
    let waited = Span {
        within,
        id: id(0),
        kind: Kind::Consumer,
        name: "wait in the queue".to_owned(),
        began: row.queued_at,
        ended: row.started_at,
        attributes: attributes.clone(),
        failure: None,
    };
    let verdict = row.verdict.as_ref();
    attributes.extend(verdict.into_iter().flat_map(|verdict| {
        [
            ("turnlock.outcome", verdict.outcome.as_str().into()),
            ("turnlock.code", verdict.code.as_str().into()),
        ]
    }));
    let provenance = &row.provenance;
    for (key, value) in [
        ("turnlock.playbook", &provenance.playbook),
        ("turnlock.playbook.hash", &provenance.playbook_hash),
        ("turnlock.browser.version", &provenance.browser_version),
    ] {
        attributes.extend(value.as_ref().map(|value| (key, value.clone().into())));
    }
    let failure = verdict.filter(|verdict| verdict.outcome != Outcome::Succeeded);
    let attempt = Span {
        within,
        id: id(1),
        kind: Kind::Internal,
        name: format!("attempt {}", job.kind),
        began: row.started_at,
        ended: row.ended_at.unwrap_or_else(Timestamp::now),
        attributes,
        failure: failure.map(|verdict| verdict.code.to_string()),
    };
    let inside = within.at(attempt.id);
    let steps = under_way.steps.iter().map(|step| of_step(step, inside, id(1 + step.seq)));
    [waited, attempt].into_iter().chain(steps).collect()
}

/// A step by its place and by what it does, in a word; what it does it to stands in the log.
fn of_step(step: &Step, within: TraceParent, id: u64) -> Span {
    let person = Wanted::of_step(&step.summary);
    // As the flow words it when it awaits what the app has sent.
    let awaits = person.is_none() && step.summary.starts_with("wait for ");
    let does = step.summary.split([' ', ':']).next().unwrap_or_default();
    let took = step.duration.and_then(|took| SignedDuration::try_from(took).ok()).unwrap_or_default();
    let result = step.result.map_or("interrupted", StepResult::as_str);
    let mut attributes = vec![
        ("turnlock.step", step.id.clone().into()),
        ("turnlock.step.does", does.into()),
        ("turnlock.step.result", result.into()),
    ];
    if awaits {
        attributes.push(("turnlock.inbox.awaits", step.summary.trim_start_matches("wait for the ").into()));
    }
    attributes.extend(person.map(|wanted| ("turnlock.person.wanted", wanted.as_str().into())));
    let what = match person {
        Some(_) => "person",
        None if awaits => "inbox",
        None => does,
    };
    Span {
        within,
        id,
        kind: Kind::Internal,
        name: format!("{what} {}", step.id),
        began: step.started_at,
        ended: step.started_at.saturating_add(took).unwrap_or(step.started_at),
        attributes,
        failure: matches!(step.result, Some(StepResult::Failed)).then(|| result.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::Wanted;

    #[test]
    fn a_wait_for_a_person_is_none_for_the_inbox() {
        let of = |summary: &str| {
            let step = Step {
                seq: 4,
                id: "login.4".to_owned(),
                summary: summary.to_owned(),
                started_at: Timestamp::UNIX_EPOCH,
                duration: None,
                result: Some(StepResult::Ok),
                detail: None,
            };
            let span = of_step(&step, TraceParent::of_job(Uuid::nil()), 1);
            let said =
                |key| span.attributes.iter().find(|(name, _)| *name == key).map(|(_, value)| value.clone());
            (span.name.clone(), said("turnlock.person.wanted"), said("turnlock.inbox.awaits"))
        };
        for wanted in Wanted::ALL {
            let person = ("person login.4".to_owned(), Some(wanted.as_str().into()), None);
            assert_eq!(of(&wanted.step()), person);
        }
        let inbox = ("inbox login.4".to_owned(), None, Some("mailed code".into()));
        assert_eq!(of("wait for the mailed code"), inbox);
        assert_eq!(of("click button Sign in"), ("click login.4".to_owned(), None, None));
    }
}
