use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use futures::StreamExt as _;

use super::question::{Question, may_answer};
use super::{Answer, Frame, render};
use crate::job::{Code, Verdict};
use crate::store::{AttemptRow, Wanting};
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;
use crate::web::view::May;
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
    rows: Vec<Wants>,
}

/// One of them.
struct Wants {
    row: Row,
    /// The reader may submit the job once more.
    may_retry: bool,
}

impl Group {
    fn of(wanting: &Wanting, frame: &Frame, may: &May) -> Self {
        let code = wanting.code;
        // No job is taken of an account that is not there.
        let tries = frame.may_submit && code != Code::UnknownAccount;
        let wants = |row: &AttemptRow| Wants {
            row: Row::of(row),
            may_retry: tries && may.ask(&row.account, row.kind),
        };
        Self {
            code: code.as_str(),
            action: code.user_action(),
            accounts: wanting.accounts,
            for_want_of_a_code: matches!(code, Code::MfaUnmanaged | Code::CodeNotReceived),
            rows: wanting.newest.iter().map(wants).collect(),
        }
    }

    /// How many are not shown.
    fn hidden(&self) -> u64 {
        self.accounts.saturating_sub(self.rows.len() as u64)
    }

    /// By what the page's script knows whether it has changed.
    fn mark(&self) -> String {
        let places: Vec<String> = self.rows.iter().map(|wants| wants.row.seq.to_string()).collect();
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

/// Accounts whose newest attempt ended its job so that a person has to act: what somebody did about it shows in a later one.
pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>) -> Answer {
    let frame = Frame::new("Needs you", "needs-you", &caller);
    let view = site.view(&caller);
    let may = view.may().await?;
    let mut questions = Vec::new();
    for row in view.open_questions(WAITING).await? {
        let answers = frame.may_operate && may_answer(&view, &may, &row).await?;
        questions.push(Question::on(&row, &frame, answers, true));
    }
    let wanting = view.wanting(OF_EACH).await?;
    let groups = wanting.iter().map(|wanting| Group::of(wanting, &frame, &may)).collect();
    Ok(render(&Page { frame, questions, groups }))
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
        // Maybe: whether its job is tried again stands with the job.
        Some(verdict) if verdict.calls_a_person() => Some("wants"),
        // It begins, or ended before it began.
        None => Some("goes_on"),
        Some(Verdict { code: Code::Cancelled, .. }) => Some("goes_on"),
        Some(_) => None,
    }
}
