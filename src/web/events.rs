//! What viewers are sent as it happens, as server-sent events.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures::future::ready;
use futures::stream::{once, select, unfold};
use futures::{Stream, StreamExt};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, interval, sleep, timeout_at};

use super::problem::Problem;
use super::rows::Row;
use super::site::Site;
use crate::store::AttemptRow;

/// How often a viewer is told whether all is well: one that hears nothing for longer knows that something is not. It keeps
/// proxies from closing the connection, too.
const BEAT: Duration = Duration::from_secs(4);

/// How soon a viewer whose stream has ended asks again.
const AGAIN: Duration = Duration::from_millis(300);

/// Who has missed more than this looks anew.
const MOST_MISSED: u32 = 500;

/// A viewer, and what it is owed.
struct Viewer<W, E> {
    /// What it has missed, oldest first.
    missed: VecDeque<AttemptRow>,
    /// It has missed too much.
    again: bool,
    receiver: Receiver<Arc<AttemptRow>>,
    /// The newest change that it has.
    seen: i64,
    /// When it has to ask again, so that it is looked anew whether it may.
    until: Instant,
    wants: W,
    as_event: E,
}

/// Where a viewer goes on: behind the change that it was sent last before its connection was lost, or that its page was
/// made at.
pub fn cursor(headers: &HeaderMap, of_page: Option<i64>) -> Option<i64> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    last.or(of_page)
}

/// The rows that are wanted, each as this event: first those behind the cursor, then those to come. `again` tells a viewer
/// that has missed too much to load the page anew.
pub async fn rows<W, E>(
    site: &Site,
    after: Option<i64>,
    wants: W,
    as_event: E,
) -> Result<impl Stream<Item = Event> + Send + use<W, E>, Problem>
where
    W: Fn(&AttemptRow) -> bool + Send + 'static,
    E: Fn(&AttemptRow) -> Event + Send + 'static,
{
    // Before the look at what was missed, so that nothing falls in between.
    let receiver = site.pulse.rows();
    let missed = match after {
        Some(after) => site.store.log_changes(after, MOST_MISSED).await?,
        None => Vec::new(),
    };
    let viewer = Viewer {
        again: missed.len() >= MOST_MISSED as usize,
        missed: missed.into(),
        receiver,
        seen: after.unwrap_or_default(),
        until: Instant::now() + site.stream,
        wants,
        as_event,
    };
    Ok(unfold(viewer, |mut viewer| async move {
        let event = viewer.next().await?;
        Some((event, viewer))
    }))
}

/// Both, for as long as a stream lasts.
pub fn both(
    site: &Site,
    one: impl Stream<Item = Event> + Send + 'static,
    other: impl Stream<Item = Event> + Send + 'static,
) -> Response {
    answer(site, select(one, other).take_until(sleep(site.stream)).map(Ok))
}

/// A stream of events, for as long as the server runs, with a beat at once and then all the time. What stands between is not to
/// keep any of it.
pub fn answer(
    site: &Site,
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> Response {
    let begin = Event::default().retry(AGAIN).comment("events follow");
    // It ends with the events: beats alone are no stream.
    let events = select(events.map(Some).chain(once(ready(None))), beats(site).map(Some));
    let events = events.scan((), |(), event| ready(event));
    let events = once(ready(Ok(begin))).chain(events).take_until(site.pulse.over());
    let headers = [(header::CACHE_CONTROL, "no-store"), (HeaderName::from_static("x-accel-buffering"), "no")];
    let mut response = Sse::new(events).into_response();
    for (name, value) in headers {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether what is told is what there is.
fn beats(site: &Site) -> impl Stream<Item = Result<Event, Infallible>> + Send + use<> {
    let beat = |well| Event::default().event("beat").data(if well { "well" } else { "away" });
    unfold((site.pulse.clone(), interval(BEAT)), move |(pulse, mut tick)| async move {
        tick.tick().await;
        Some((Ok(beat(pulse.is_well())), (pulse, tick)))
    })
}

impl<W: Fn(&AttemptRow) -> bool, E: Fn(&AttemptRow) -> Event> Viewer<W, E> {
    async fn next(&mut self) -> Option<Event> {
        let look_anew = || Some(Event::default().event("again").data("-"));
        if std::mem::take(&mut self.again) {
            return look_anew();
        }
        loop {
            let row = match self.missed.pop_front() {
                Some(row) => Arc::new(row),
                None => match timeout_at(self.until, self.receiver.recv()).await {
                    Ok(Ok(row)) => row,
                    Ok(Err(RecvError::Lagged(_))) => return look_anew(),
                    Ok(Err(RecvError::Closed)) | Err(_) => return None,
                },
            };
            if row.changed <= self.seen {
                continue;
            }
            self.seen = row.changed;
            if (self.wants)(&row) {
                return Some((self.as_event)(&row));
            }
        }
    }
}

/// The row as the page has it.
pub fn as_html(row: &AttemptRow) -> Event {
    Event::default().event("row").id(row.changed.to_string()).data(Row::of(row).render().unwrap_or_default())
}
