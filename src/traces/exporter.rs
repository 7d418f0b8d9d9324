use std::time::Duration;

use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{broadcast, mpsc};
use tokio::task::JoinHandle;
use tokio::time::{self, timeout};
use url::Url;
use uuid::Uuid;

use super::attempts::Attempts;
use super::span::{half, of_job};
use super::{Kind, Span, otlp};
use crate::job::{Job, TraceParent};
use crate::net::{CallError, Caller};
use crate::outage::Outage;
use crate::redact;
use crate::worker::Event;

/// So many spans may wait to be sent; more are left out.
const WAITING: usize = 8192;

/// So many are sent together.
const TOGETHER: usize = 512;

/// For how long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// How long the collector may take.
const ANSWER: Duration = Duration::from_secs(10);

/// How long what is left may take when everything ends.
const LATE: Duration = Duration::from_secs(2);

/// Takes spans, if somebody wants them. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Tracer(Option<mpsc::Sender<Span>>);

/// A job is being submitted.
#[must_use = "it is told when it is done"]
pub struct Submission(Option<(Tracer, Span)>);

/// Sends what a [`Tracer`] takes, until all its clones are gone.
pub struct Exporting {
    task: Option<JoinHandle<()>>,
}

struct Exporter {
    url: Url,
    headers: HeaderMap,
    resource: Vec<(String, String)>,
    caller: Caller,
}

impl Tracer {
    /// One whose spans go to this collector, with these headers, which may hold a token.
    ///
    /// # Errors
    /// When a header is none.
    pub fn start(
        url: Url,
        headers: &[(String, SecretString)],
        resource: Vec<(String, String)>,
    ) -> Result<(Self, Exporting), String> {
        let mut map = HeaderMap::new();
        for (name, text) in headers {
            let unfit = || format!("the header {name} of traces is none");
            let name = HeaderName::try_from(name).map_err(|_| unfit())?;
            let mut value = HeaderValue::from_str(text.expose_secret()).map_err(|_| unfit())?;
            value.set_sensitive(true);
            redact::register(text);
            // `Bearer xyz`: the secret is what stands behind the scheme.
            if let Some((_, token)) = text.expose_secret().split_once(' ') {
                redact::register(&SecretString::from(token.trim()));
            }
            map.insert(name, value);
        }
        map.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let caller = Caller::new(None).map_err(|error| error.to_string())?;
        // A collector is often a neighbour. A token goes to no neighbour in the clear.
        let caller = if headers.is_empty() { caller.plain_anywhere() } else { caller };
        let (spans, waiting) = mpsc::channel(WAITING);
        let exporter = Exporter { url, headers: map, resource, caller };
        let task = tokio::spawn(exporter.run(waiting));
        Ok((Self(Some(spans)), Exporting { task: Some(task) }))
    }

    /// Nobody wants any.
    #[must_use]
    pub const fn none() -> (Self, Exporting) {
        (Self(None), Exporting { task: None })
    }

    /// The job is about to be submitted, as part of the trace that came with it, if one did. From now on it carries its
    /// trace.
    pub fn submit(&self, job: &mut Job) -> Submission {
        let Some(spans) = &self.0 else { return Submission(None) };
        let within = job.trace.unwrap_or(TraceParent::of_job(job.id));
        let id = half(Uuid::now_v7());
        job.trace = Some(within.at(id));
        let now = Timestamp::now();
        let span = Span {
            within,
            id,
            kind: Kind::Producer,
            name: format!("submit {}", job.kind),
            began: now,
            ended: now,
            attributes: of_job(job),
            failure: None,
        };
        Submission(Some((Self(Some(spans.clone())), span)))
    }

    /// Watches a worker from now on.
    pub fn watch(&self, events: broadcast::Receiver<Event>) {
        if self.0.is_some() {
            tokio::spawn(Attempts::default().watch(events, self.clone()));
        }
    }

    pub(super) fn take(&self, span: Span) {
        if let (Some(spans), true) = (&self.0, span.within.sampled) {
            // Nothing waits for a collector.
            let _ = spans.try_send(span);
        }
    }
}

impl Submission {
    /// It was, if it was.
    pub fn ended<T, E>(self, submitted: &Result<T, E>) {
        let Some((tracer, span)) = self.0 else { return };
        let failure = submitted.is_err().then(|| "not_submitted".to_owned());
        tracer.take(Span { ended: Timestamp::now(), failure, ..span });
    }
}

impl Exporting {
    /// Returns when what was taken is sent, or cannot be sent soon. All tracers must be gone, but for those of tasks that
    /// never end.
    pub async fn end(mut self) {
        if let Some(mut task) = self.task.take()
            && timeout(LATE, &mut task).await.is_err()
        {
            task.abort();
        }
    }
}

impl Exporter {
    async fn run(self, mut spans: mpsc::Receiver<Span>) {
        let mut outage = Outage::of("traces cannot be sent", ANSWER);
        let mut batch = Vec::new();
        while spans.recv_many(&mut batch, TOGETHER).await > 0 {
            // What belongs together comes together.
            let gathered =
                async { while batch.len() < TOGETHER && spans.recv_many(&mut batch, TOGETHER).await > 0 {} };
            let _ = timeout(GATHER, gathered).await;
            let begun = time::Instant::now();
            match self.send(&batch).await {
                Ok(()) => outage.over(),
                // They are left out: a trace is no record.
                Err(error) => time::sleep_until(begun + outage.failed(&error)).await,
            }
            batch.clear();
        }
    }

    async fn send(&self, spans: &[Span]) -> Result<(), String> {
        let body = otlp::request(&self.resource, spans).to_string().into_bytes();
        let sent = self.caller.post(&self.url, self.headers.clone(), body, ANSWER).await;
        let answer = sent.map_err(|error: CallError| error.to_string())?;
        if answer.status.is_success() {
            Ok(())
        } else {
            Err(format!("the collector answered {}", answer.status))
        }
    }
}
