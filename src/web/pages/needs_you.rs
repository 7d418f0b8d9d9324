use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::question::Question;
use super::{Answer, Frame, render};
use crate::job::Code;
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;

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
