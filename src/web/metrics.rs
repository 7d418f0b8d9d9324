//! What Prometheus scrapes: attempts as they have ended since this server began, and how things stand when it asks.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::guard::MayReadAll;
use super::problem::Problem;
use super::site::Site;
use crate::job::{Code, Kind, Outcome};
use crate::store::{AppRow, AttemptRow, Breaker, StoreError};

/// OpenMetrics, which Prometheus asks for.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// From a quick login to the longest attempt, in seconds.
const DURATIONS: [f64; 11] = [0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 1200.0];

/// What codes come with beside their usual outcomes: of those for which people were asked that, for example.
const UNUSUAL: [(Outcome, Code); 4] = [
    (Outcome::NeedsHuman, Code::CodeNotReceived),
    (Outcome::NeedsHuman, Code::CodeRefused),
    (Outcome::NeedsHuman, Code::StorageFailed),
    (Outcome::Unknown, Code::CredentialUncertain),
];

type Labels = Vec<(&'static str, String)>;
type Durations = Family<Labels, Histogram, fn() -> Histogram>;

/// The attempts that have ended since this server began.
pub struct Ends {
    attempts: Family<Labels, Counter>,
    durations: Durations,
}

impl Ends {
    pub fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(DURATIONS);
        Self { attempts: Family::default(), durations: Family::new_with_constructor(histogram) }
    }

    /// Has what jobs of this kind may come to in this app be counted from 0 on: of a counter that comes with its first event
    /// Prometheus takes that for no increase.
    fn begin(&self, app: &str, kind: Kind) {
        let usual = Code::ALL.iter().map(|code| (code.outcome(), *code));
        for (outcome, code) in usual.chain(UNUSUAL) {
            let _ = self.attempts.get_or_create(&labels(app, kind, outcome, code));
        }
    }

    /// Counts it, if it has ended.
    pub fn note(&self, row: &AttemptRow) {
        let Some(verdict) = &row.verdict else { return };
        let mut labels = labels(row.account.app(), row.kind, verdict.outcome, verdict.code);
        self.attempts.get_or_create(&labels).inc();
        if let Some(took) = row.duration {
            labels.truncate(2);
            self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        }
    }
}

/// Of an attempt; the first two are its job's.
fn labels(app: &str, kind: Kind, outcome: Outcome, code: Code) -> Labels {
    let (kind, outcome) = (kind.to_string(), outcome.to_string());
    vec![("app", app.to_owned()), ("kind", kind), ("outcome", outcome), ("code", code.to_string())]
}

/// What jobs may come to: of an app whose playbook is known here those of the kinds that it has flows for, else all.
fn begin(ends: &Ends, site: &Site, known: &[AppRow]) {
    for row in known.iter().filter(|row| site.app(&row.app).is_none()) {
        Kind::ALL.iter().for_each(|kind| ends.begin(&row.app, *kind));
    }
    for info in &site.apps {
        let kinds = Kind::ALL.into_iter().filter(|kind| info.takes(*kind));
        kinds.for_each(|kind| ends.begin(&info.app, kind));
    }
}

/// The metrics.
pub async fn page(_may: MayReadAll, State(site): State<Arc<Site>>) -> Result<Response, Problem> {
    let mut registry = Registry::with_prefix("turnlock");
    let ends = site.pulse.ends();
    let apps = site.store.apps().await?;
    begin(ends, &site, &apps);
    registry.register("attempts", "Attempts that have ended since this server began", ends.attempts.clone());
    registry.register("attempt_duration_seconds", "How long they took", ends.durations.clone());
    stand(&mut registry, &site, apps).await?;
    let mut text = String::new();
    // Writing to a String does not fail.
    let _ = encode(&mut text, &registry);
    Ok(([(header::CONTENT_TYPE, FORMAT)], text).into_response())
}

/// How things stand now.
async fn stand(registry: &mut Registry, site: &Site, apps: Vec<AppRow>) -> Result<(), StoreError> {
    let store = site.store.as_ref();
    let depths = store.depths().await?;
    let jobs = gauge(registry, "jobs", "Jobs that have not ended, by what they wait for");
    for (state, number) in [
        ("due", depths.due),
        ("later", depths.later),
        ("held_back", depths.held_back),
        ("running", depths.running),
    ] {
        set(&jobs, vec![("state", state.to_owned())], number);
    }
    let oldest = gauge(
        registry,
        "oldest_due_job_seconds",
        "For how long the job has been due that has waited longest, those aside that their apps hold back",
    );
    let waited = depths.oldest.map(|row| Timestamp::now().duration_since(row.not_before).as_secs().max(0));
    set(&oldest, Vec::new(), u64::try_from(waited.unwrap_or(0)).unwrap_or(0));

    let messages = gauge(registry, "broker_messages", "Messages that wait in a queue of the broker");
    // Where the broker is away, nobody knows.
    for queue in site.queue.messages().await.unwrap_or_default() {
        set(&messages, vec![("queue", queue.name.to_owned())], queue.messages.into());
    }

    let slots =
        gauge(registry, "slots", "Slots of the workers that are alive, and how many of them are busy");
    let workers = gauge(registry, "workers", "Workers, by whether they are alive");
    let rows = site.workers().await?;
    let (alive, gone): (Vec<_>, Vec<_>) = rows.iter().partition(|row| !row.gone);
    let of = |number: fn(&crate::store::WorkerRow) -> u32| {
        alive.iter().map(|row| u64::from(number(row))).sum::<u64>()
    };
    set(&slots, vec![("state", "all".to_owned())], of(|row| row.slots));
    set(&slots, vec![("state", "busy".to_owned())], of(|row| row.busy));
    set(&workers, vec![("state", "alive".to_owned())], alive.len() as u64);
    set(&workers, vec![("state", "gone".to_owned())], gone.len() as u64);

    let memory = gauge(registry, "browser_memory_bytes", "What the browser of a worker that is alive holds");
    for row in &alive {
        if let Some(bytes) = row.browser_memory {
            set(&memory, vec![("worker", row.id.to_string())], bytes);
        }
    }

    let deliveries = gauge(
        registry,
        "webhook_deliveries",
        "Webhooks that were not delivered, by whether they are tried again",
    );
    let depths = store.delivery_depths().await?;
    set(&deliveries, vec![("state", "waiting".to_owned())], depths.waiting);
    set(&deliveries, vec![("state", "dead".to_owned())], depths.dead);
    let asked = gauge(
        registry,
        "jobs_waiting_for_people",
        "Jobs that wait for a person to give them a code or a decision",
    );
    set(&asked, Vec::new(), store.open_questions(None, 1000).await?.len() as u64);

    let breakers = gauge(registry, "breaker_open", "1 while an app's breaker is open");
    for row in apps {
        set(&breakers, vec![("app", row.app)], u64::from(row.breaker != Breaker::Closed));
    }
    let canaries = gauge(registry, "canary_failing", "1 while a flow fails that an app's canary tries");
    for row in store.canaries(None).await? {
        let labels = vec![("app", row.last.account.app().to_owned()), ("flow", row.last.flow.clone())];
        set(&canaries, labels, u64::from(!row.is_well()));
    }
    Ok(())
}

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Family<Labels, Gauge> {
    let family = Family::default();
    registry.register(name, help, family.clone());
    family
}

fn set(family: &Family<Labels, Gauge>, labels: Labels, value: u64) {
    family.get_or_create(&labels).set(i64::try_from(value).unwrap_or(i64::MAX));
}
