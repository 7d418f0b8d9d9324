use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use jiff::{SignedDuration, Timestamp};

use super::{Answer, Frame, render};
use crate::job::Outcome;
use crate::store::Depths;
use crate::web::guard::MayReadAll;
use crate::web::rows::Time;
use crate::web::site::Site;

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

#[derive(Template)]
#[template(path = "web/fleet.html")]
struct Page {
    frame: Frame,
    depths: Depths,
    /// The job that has been due for longest.
    oldest: Option<Oldest>,
    slots: u32,
    /// By outcome, how many attempts ended in the last minute and in the last hour.
    ended: Vec<(&'static str, u64, u64)>,
    workers: Vec<Worker>,
}

pub async fn page(MayReadAll(caller): MayReadAll, State(site): State<Arc<Site>>) -> Answer {
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
    Ok(render(&Page {
        frame: Frame::new("Fleet", "fleet", &caller),
        depths,
        oldest,
        slots,
        ended,
        workers: workers.collect(),
    }))
}
