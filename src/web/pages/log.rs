use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures::StreamExt as _;
use serde::Deserialize;

use super::filter::Filter;
use super::{Answer, Frame, render};
use crate::job::{Code, Kind};
use crate::store::{AttemptRow, LogPage};
use crate::web::asked::{Asked, Query};
use crate::web::events;
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;
use crate::web::waiting;

#[derive(Template)]
#[template(path = "web/log.html")]
struct Page {
    frame: Frame,
    filter: Filter,
    /// Why it is no question.
    wrong: String,
    rows: Vec<Row>,
    /// The address of the next page.
    older: Option<String>,
    /// It was not looked farther, though not all have been found.
    cut_short: bool,
    /// The newest rows are shown, and more come: those that change behind this.
    live: Option<i64>,
    outcomes: [&'static str; 7],
    kinds: Vec<&'static str>,
    codes: Vec<&'static str>,
    /// Apps whose canary fails, in words.
    warnings: Vec<String>,
    /// How many jobs wait for a person now, if any do.
    waiting: String,
}

pub const OUTCOMES: [&str; 7] =
    ["failed", "succeeded", "rejected", "retry_later", "needs_human", "interrupted", "unknown"];

pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>, asked: Asked<Filter>) -> Answer {
    let (query, wrong) = match asked.read(Filter::query) {
        Ok(query) => (Some(query), String::new()),
        // What was meant stands in the form, to be mended there.
        Err(why) => (None, why),
    };
    let filter = asked.asked;
    // Before the rows, so that nothing falls in between.
    let cursor = site.store.log_cursor().await?;
    let view = site.view(&caller);
    let found = match &query {
        Some(query) => view.log_page(query).await?,
        None => LogPage::default(),
    };
    let live = query.as_ref().is_some_and(|query| query.before.is_none());
    let seen = view.seen().await?;
    let canaries = site.store.canaries(query.as_ref().and_then(|query| query.app.as_deref())).await?;
    let warnings = canaries.iter().filter(|row| !row.is_well() && seen.has_app(row.last.account.app()));
    let warnings = warnings.map(|row| {
        let (app, flow, code) = (row.last.account.app(), &row.last.flow, row.last.verdict.code);
        format!("The canary of {app} fails in {flow} ({code}): jobs may meet the same.")
    });
    let asks = waiting::now(&view).await?;
    let waits = |row: &AttemptRow| asks.iter().any(|asks| asks.attempt == row.id);
    let status = if query.is_some() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = render(&Page {
        waiting: waiting::words(&asks),
        frame: Frame::new("Log", "log", &caller),
        live: live.then_some(cursor),
        older: found.next.map(|next| filter.older(next)),
        cut_short: found.cut_short,
        rows: found.rows.iter().map(|row| Row { asks: waits(row), ..Row::of(row) }).collect(),
        outcomes: OUTCOMES,
        kinds: Kind::ALL.iter().map(|kind| kind.as_str()).collect(),
        codes: Code::ALL.iter().map(|code| code.as_str()).collect(),
        warnings: warnings.collect(),
        wrong,
        filter,
    });
    Ok((status, page).into_response())
}

/// The change that the page was made at.
#[derive(Deserialize)]
pub struct After {
    after: Option<i64>,
}

/// Rows as they begin and end, and how many jobs wait for a person.
pub async fn events(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
    Query(filter): Query<Filter>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Result<Response, super::Failed> {
    let query = filter.query()?;
    let after = events::cursor(&headers, after);
    let view = site.view(&caller);
    let seen = view.seen().await?;
    let waiting = waiting::sets(&site, &view, seen.clone()).await?;
    let wants = move |row: &AttemptRow| seen.has(&row.account) && query.wants(row);
    let rows = events::rows(&site, after, wants, events::as_html).await?;
    Ok(events::both(&site, rows, waiting.map(|open| waiting::as_words(&open))))
}
