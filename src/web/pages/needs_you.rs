use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::StreamExt as _;

use super::question::Question;
use super::{Answer, Frame, render};
use crate::job::{Code, Outcome};
use crate::store::AttemptRow;
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;
use crate::web::{events, waiting};

/// So many jobs that wait now are shown.
const WAITING: u32 = 200;

/// So many are shown of each group.
const OF_EACH: u32 = 50;

/// Accounts that want a human for the same reason.
struct Group {
    code: &'static str,
    action: &'static str,
    accounts: u64,
    /// Somebody who has the code can help.
    for_want_of_a_code: bool,
    rows: Vec<Row>,
}

impl Group {
    /// How many are not shown.
    fn hidden(&self) -> u64 {
        self.accounts.saturating_sub(self.rows.len() as u64)
    }

    /// By what the page's script knows whether it has changed.
    fn mark(&self) -> String {
        let places: Vec<String> = self.rows.iter().map(|row| row.seq.to_string()).collect();
        format!("{}: {}", self.accounts, places.join(" "))
    }
}

#[derive(Template)]
#[template(path = "web/needs_you.html")]
struct Page {
    frame: Frame,
    /// What jobs wait for now.
    questions: Vec<Question>,
    groups: Vec<Group>,
}

/// Accounts whose newest attempt wants a human: what somebody did about it shows in a later one.
pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>) -> Answer {
    let frame = Frame::new("Needs you", "needs-you", &caller);
    let view = site.view(&caller);
    let questions = view.open_questions(WAITING).await?;
    let questions = questions.iter().map(|row| Question::on(row, &frame, true)).collect();
    let groups = view.wanting(OF_EACH).await?.into_iter().map(|wanting| Group {
        code: wanting.code.as_str(),
        action: wanting.code.user_action(),
        accounts: wanting.accounts,
        for_want_of_a_code: matches!(wanting.code, Code::MfaUnmanaged | Code::CodeNotReceived),
        rows: wanting.newest.iter().map(Row::of).collect(),
    });
    Ok(render(&Page { frame, questions, groups: groups.collect() }))
}

/// When to load the page's lists anew: at first, since something may have changed meanwhile; when the questions change;
/// when an attempt `wants` a human; and when one `goes_on` at an account, which the page may show.
pub async fn events(
    MayRead(caller): MayRead,
    State(site): State<Arc<Site>>,
) -> Result<Response, super::Failed> {
    let view = site.view(&caller);
    let seen = view.seen().await?;
    let waiting = waiting::sets(&site, &view, seen.clone()).await?;
    let wants = move |row: &AttemptRow| seen.has(&row.account) && change(row).is_some();
    let as_event = |row: &AttemptRow| {
        let event = Event::default().event(change(row).unwrap_or_default());
        event.data(row.account.to_string())
    };
    let rows = events::rows(&site, None, wants, as_event).await?;
    let waiting = waiting.map(|_| Event::default().event("waiting").data("-"));
    Ok(events::both(&site, rows, waiting))
}

/// What the attempt changes of who wants a human.
fn change(row: &AttemptRow) -> Option<&'static str> {
    match &row.verdict {
        Some(verdict) if verdict.outcome == Outcome::NeedsHuman => Some("wants"),
        // It begins, or ended before it began.
        None => Some("goes_on"),
        Some(verdict) if verdict.code == Code::Cancelled => Some("goes_on"),
        Some(_) => None,
    }
}
