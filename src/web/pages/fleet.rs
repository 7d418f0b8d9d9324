use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::{Answer, Frame, render};
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

#[derive(Template)]
#[template(path = "web/fleet.html")]
struct Page {
    frame: Frame,
    waiting: u64,
    running: u64,
    slots: u32,
    workers: Vec<Worker>,
}

pub async fn page(MayReadAll(caller): MayReadAll, State(site): State<Arc<Site>>) -> Answer {
    let (waiting, running) = site.store.waiting_and_running().await?;
    let rows = site.store.workers().await?;
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
        waiting,
        running,
        slots,
        workers: workers.collect(),
    }))
}
