use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use jiff::Timestamp;
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::Event;
use crate::redact::for_the_log;
use crate::store::{Fence, NewQuestion, Step, StepResult, Store, StoreError};

/// Takes the steps of one attempt as they are performed: tells those who watch at once, and writes them to
/// the automation log without holding up the flow. Cheap to clone.
#[derive(Clone)]
pub struct StepSink {
    attempt: Uuid,
    job: Uuid,
    last: Arc<AtomicU32>,
    to_log: mpsc::UnboundedSender<Step>,
    to_watchers: broadcast::Sender<Event>,
}

/// A step that has begun. It must be ended by one of its methods; if it is dropped instead, because the
/// attempt was stopped in the middle of it, it ends as [`StepResult::Interrupted`].
#[must_use = "a step that is dropped is logged as interrupted"]
pub struct OpenStep {
    sink: StepSink,
    step: Option<Step>,
    began: Instant,
}

impl StepSink {
    /// Begins a step. `id` is its place in the playbook, as `login.3`; the summary must hold no secret.
    pub fn begin(&self, id: impl Into<String>, summary: impl Into<String>) -> OpenStep {
        let step = Step {
            seq: self.last.fetch_add(1, Ordering::Relaxed) + 1,
            id: id.into(),
            summary: for_the_log(&summary.into()),
            started_at: Timestamp::now(),
            duration: None,
            result: None,
            detail: None,
        };
        self.send(&step);
        OpenStep { sink: self.clone(), step: Some(step), began: Instant::now() }
    }

    /// Says what the steps behind it are for. The words must hold no secret.
    pub fn heading(&self, words: impl Into<String>) {
        self.begin(Step::HEADING, words).ok();
    }

    /// Tells those who watch that the attempt waits for a person.
    pub fn asked(&self, question: &NewQuestion) {
        let NewQuestion { id, wanted, lasts, .. } = *question;
        let until = Timestamp::now().saturating_add(lasts).unwrap_or(Timestamp::MAX);
        let (attempt, job, account) = (self.attempt, self.job, question.account.clone());
        // Nobody need watch.
        let _ = self.to_watchers.send(Event::Asked { question: id, attempt, job, account, wanted, until });
    }

    /// A sink that leads to this store and these watchers, and the task that writes. The task ends, with
    /// all steps written, when the sink and its clones are gone.
    pub(super) fn new(
        attempt: Uuid,
        job: Uuid,
        fence: Fence,
        store: Arc<dyn Store>,
        to_watchers: broadcast::Sender<Event>,
    ) -> (Self, JoinHandle<Result<(), StoreError>>) {
        let (to_log, mut steps) = mpsc::unbounded_channel();
        let writer = tokio::spawn(async move {
            let mut batch = Vec::new();
            while steps.recv_many(&mut batch, 64).await > 0 {
                store.write_steps(attempt, &batch, Some(&fence)).await?;
                batch.clear();
            }
            Ok(())
        });
        (Self { attempt, job, last: Arc::default(), to_log, to_watchers }, writer)
    }

    fn send(&self, step: &Step) {
        // Nobody need watch; and when the log could not be written, the writer's task says so.
        let _ =
            self.to_watchers.send(Event::Step { attempt: self.attempt, job: self.job, step: step.clone() });
        let _ = self.to_log.send(step.clone());
    }
}

impl OpenStep {
    /// It was done, or what it expected came.
    pub fn ok(self) {
        self.end(StepResult::Ok, None);
    }

    /// It was done, and there is more to say. The detail must hold no secret.
    pub fn ok_with(self, detail: impl Into<String>) {
        self.end(StepResult::Ok, Some(detail.into()));
    }

    /// It could not be done. The detail must hold no secret.
    pub fn failed(self, detail: impl Into<String>) {
        self.end(StepResult::Failed, Some(detail.into()));
    }

    /// It was not called for. The detail must hold no secret.
    pub fn skipped(self, detail: impl Into<String>) {
        self.end(StepResult::Skipped, Some(detail.into()));
    }

    fn end(mut self, result: StepResult, detail: Option<String>) {
        self.close(result, detail);
    }

    fn close(&mut self, result: StepResult, detail: Option<String>) {
        if let Some(step) = self.step.take() {
            let detail = detail.map(|detail| for_the_log(&detail));
            let step = Step { duration: Some(self.began.elapsed()), result: Some(result), detail, ..step };
            self.sink.send(&step);
        }
    }
}

impl Drop for OpenStep {
    fn drop(&mut self) {
        self.close(StepResult::Interrupted, None);
    }
}
