use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::{Answer, Frame, live, render};
use crate::job::Outcome;
use crate::store::{Depths, UnderWay};
use crate::web::guard::MayReadAll;
use crate::web::problem::Problem;
use crate::web::rows::{StepRow, Time};
use crate::web::site::Site;
use crate::web::watched::{Shown, Subject};

/// So many jobs that run are shown.
const MOST: u32 = 100;

struct Worker {
    id: String,
    version: String,
    busy: u32,
    slots: u32,
    duty: &'static str,
    gone: bool,
    started: Time,
    beat: Time,
}

struct Oldest {
    id: String,
    what: String,
    due: Time,
}

/// A job that runs.
struct Running {
    job: String,
    kind: &'static str,
    account: String,
    number: u32,
    since: Time,
    /// What it has come to, if a step has begun.
    step: Option<StepRow>,
    worker: String,
}

impl Running {
    fn of(one: UnderWay) -> Self {
        let row = one.attempt;
        Self {
            job: row.job.to_string(),
            kind: row.kind.as_str(),
            account: row.account.to_string(),
            number: row.number,
            since: Time(row.started_at),
            step: one.step.as_ref().map(|step| StepRow::of(step, None)),
            worker: row.worker.to_string(),
        }
    }
}

/// The fleet as it is now.
#[derive(Template)]
#[template(path = "web/fleet_now.html")]
struct Now {
    depths: Depths,
    /// What waits in the broker, if there is one.
    broker: Option<Result<String, String>>,
    /// The jobs that run, the oldest first.
    running: Vec<Running>,
    /// The job that has been due for longest.
    oldest: Option<Oldest>,
    slots: u32,
    /// By outcome, how many attempts ended in the last minute and in the last hour.
    ended: Vec<(&'static str, u64, u64)>,
    workers: Vec<Worker>,
}

impl Now {
    /// How many that run are not shown.
    fn hidden(&self) -> u64 {
        self.depths.running.saturating_sub(self.running.len() as u64)
    }
}

#[derive(Template)]
#[template(path = "web/fleet.html")]
struct Page {
    frame: Frame,
    now: Now,
}

pub async fn page(MayReadAll(caller): MayReadAll, State(site): State<Arc<Site>>) -> Answer {
    Ok(render(&Page { frame: Frame::new("Fleet", "fleet", &caller), now: now(&site).await? }))
}

/// The same, anew whenever it has changed.
pub async fn events(MayReadAll(_): MayReadAll, State(site): State<Arc<Site>>) -> Response {
    live::part(&site, Subject::Fleet, |site| async move {
        Ok(Some(Shown::always(now(&site).await?.render().unwrap_or_default())))
    })
}

async fn now(site: &Site) -> Result<Now, Problem> {
    let depths = site.store.depths().await?;
    let now = Timestamp::now();
    let ago = |minutes: i64| now.checked_sub(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MIN);
    let (minute, hour) = (site.store.ended_since(ago(1)).await?, site.store.ended_since(ago(60)).await?);
    let many = |ended: &[(Outcome, u64)], outcome| {
        ended.iter().find(|(each, _)| *each == outcome).map_or(0, |(_, many)| *many)
    };
    let ended = Outcome::ALL
        .into_iter()
        .map(|outcome| (outcome.as_str(), many(&minute, outcome), many(&hour, outcome)))
        .collect();
    let oldest = depths.oldest.as_ref().map(|row| Oldest {
        id: row.job.id.to_string(),
        what: format!("{} of {}", row.job.kind, row.job.account),
        due: Time(row.not_before),
    });
    let rows = site.workers().await?;
    let slots = rows.iter().filter(|row| !row.gone).map(|row| row.slots).sum();
    let workers = rows.into_iter().map(|row| Worker {
        id: row.id.to_string(),
        version: row.version,
        busy: row.busy,
        slots: row.slots,
        duty: row.duty.as_str(),
        gone: row.gone,
        started: Time(row.started_at),
        beat: Time(row.beat_at),
    });
    let running = site.store.under_way(MOST).await?.into_iter().map(Running::of).collect();
    let broker = site.broker().await;
    Ok(Now { depths, broker, running, oldest, slots, ended, workers: workers.collect() })
}
