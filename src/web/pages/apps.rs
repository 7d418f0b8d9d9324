use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;

use super::job::Nothing;
use super::{Answer, Frame, live, render};
use crate::audit::{audited, entry};
use crate::store::Breaker;
use crate::web::apps;
use crate::web::asked::Path;
use crate::web::csrf::Posted;
use crate::web::guard::{MayOperateAll, MayReadAll};
use crate::web::problem::Problem;
use crate::web::rows::Time;
use crate::web::site::{AppInfo, Site};
use crate::web::watched::{Shown, Subject};
use crate::words::{duration, failures};

struct App {
    name: String,
    title: String,
    playbook: String,
    /// Since when it is that one, as far as the last attempts tell.
    playbook_since: Option<Time>,
    flows: String,
    /// In words: how many of the last attempts succeeded.
    succeeded: String,
    /// In words: how long they take, by kind.
    medians: Vec<String>,
    running: u32,
    waiting: u64,
    /// In words.
    breaker: String,
    open: bool,
    canary: String,
    canary_at: Option<Time>,
    ill: bool,
}

/// How the apps fare now.
#[derive(Template)]
#[template(path = "web/apps_now.html")]
struct Now {
    apps: Vec<App>,
    /// What the forms hold; empty where the page's script puts it in.
    csrf: String,
    may_operate: bool,
}

#[derive(Template)]
#[template(path = "web/apps.html")]
struct Page {
    frame: Frame,
    now: Now,
}

pub async fn page(MayReadAll(caller): MayReadAll, State(site): State<Arc<Site>>) -> Answer {
    let frame = Frame::new("Apps", "apps", &caller);
    let now = Now { apps: apps(&site).await?, csrf: frame.csrf.clone(), may_operate: frame.may_operate };
    Ok(render(&Page { now, frame }))
}

/// The same, anew whenever it has changed.
pub async fn events(MayReadAll(_): MayReadAll, State(site): State<Arc<Site>>) -> Response {
    live::part(&site, Subject::Apps, |site| async move {
        let now = Now { apps: apps(&site).await?, csrf: String::new(), may_operate: true };
        Ok(Some(Shown::always(now.render().unwrap_or_default())))
    })
}

async fn apps(site: &Site) -> Result<Vec<App>, Problem> {
    let apps = apps::all(site).await?.into_iter().map(|all| {
        let info = site.app(&all.row.app);
        app(all, info)
    });
    Ok(apps.collect())
}

fn app(all: apps::App, info: Option<&AppInfo>) -> App {
    let apps::App { row, canaries, record } = all;
    let failing: Vec<_> = canaries
        .iter()
        .filter(|canary| !canary.is_well())
        .map(|canary| format!("{} fails ({})", canary.last.flow, canary.last.verdict.code))
        .collect();
    let breaker = match row.breaker {
        Breaker::Closed if row.failures == 0 => "closed".to_owned(),
        Breaker::Closed => format!("closed, {} in a row", failures(row.failures)),
        Breaker::Open { probing: true, .. } => {
            format!("open, {}; a probe is under way", failures(row.failures))
        }
        Breaker::Open { probe_at, .. } if probe_at <= Timestamp::now() => {
            format!("open, {}; the next job is a probe", failures(row.failures))
        }
        Breaker::Open { probe_at, .. } => {
            format!("open, {}; the next probe is at {}", failures(row.failures), Time(probe_at).words())
        }
    };
    App {
        title: info.map(|info| info.title.clone()).unwrap_or_default(),
        playbook: info.map(|info| format!("{} {}", info.file, start(&info.hash))).unwrap_or_default(),
        playbook_since: record
            .playbook
            .as_ref()
            .filter(|(hash, _)| info.is_none_or(|info| info.hash == *hash))
            .map(|(_, since)| Time(*since)),
        succeeded: match record.percent() {
            Some(percent) => format!("{percent} % of the last {}", record.ended),
            None => String::new(),
        },
        medians: record
            .medians
            .iter()
            .map(|(kind, median)| format!("{kind} {}", duration(*median)))
            .collect(),
        flows: info.map(|info| info.flows.join(", ")).unwrap_or_default(),
        running: row.running,
        waiting: row.waiting,
        open: row.breaker != Breaker::Closed,
        breaker,
        canary: match (canaries.is_empty(), failing.is_empty()) {
            (true, _) => "none".to_owned(),
            (false, true) => "well".to_owned(),
            (false, false) => failing.join(", "),
        },
        canary_at: canaries.iter().map(|canary| canary.last.tried_at).max().map(Time),
        ill: !failing.is_empty(),
        name: row.app,
    }
}

/// As much of a hash as tells it from others.
fn start(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Closes the breaker.
pub async fn reset(
    MayOperateAll(caller): MayOperateAll,
    State(site): State<Arc<Site>>,
    Path(app): Path<String>,
    Posted(Nothing {}): Posted<Nothing>,
) -> Answer {
    let entry = entry(&caller.name, "app.reset", &app);
    audited(site.store.as_ref(), entry, site.store.reset_app(&app)).await?;
    Ok(Redirect::to("/apps").into_response())
}
