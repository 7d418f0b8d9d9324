use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::question::Question;
use super::{Answer, Frame, render};
use crate::job::{Code, Outcome};
use crate::store::LogQuery;
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;

/// So many of the newest are looked at.
const NEWEST: u32 = 200;

/// Jobs that want a human for the same reason.
struct Group {
    code: &'static str,
    action: &'static str,
    /// Somebody who has the code can help.
    for_want_of_a_code: bool,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "web/needs_you.html")]
struct Page {
    frame: Frame,
    /// What jobs wait for now.
    questions: Vec<Question>,
    groups: Vec<Group>,
}

pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>) -> Answer {
    let frame = Frame::new("Needs you", "needs-you", &caller);
    let questions = site.store.open_questions(NEWEST).await?;
    let questions = questions.iter().map(|row| Question::on(row, &frame, true)).collect();
    let query = LogQuery { outcomes: vec![Outcome::NeedsHuman], limit: NEWEST, ..LogQuery::default() };
    let mut groups: Vec<(Code, Vec<Row>)> = Vec::new();
    for row in site.store.log(&query).await? {
        let Some(code) = row.verdict.as_ref().map(|verdict| verdict.code) else { continue };
        // What somebody did about it shows in a later attempt at the account.
        let newest = LogQuery { account: Some(row.account.clone()), limit: 1, ..LogQuery::default() };
        if site.store.log(&newest).await?.first().is_some_and(|newest| newest.seq > row.seq) {
            continue;
        }
        let shown = Row::of(&row);
        match groups.iter_mut().find(|(of, _)| *of == code) {
            Some((_, rows)) => rows.push(shown),
            None => groups.push((code, vec![shown])),
        }
    }
    groups.sort_by_key(|(_, rows)| std::cmp::Reverse(rows.len()));
    let groups = groups
        .into_iter()
        .map(|(code, rows)| Group {
            code: code.as_str(),
            action: code.user_action(),
            for_want_of_a_code: matches!(code, Code::MfaUnmanaged | Code::CodeNotReceived),
            rows,
        })
        .collect();
    Ok(render(&Page { frame, questions, groups }))
}
