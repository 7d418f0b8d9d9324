use std::sync::Arc;

use askama::Template;
use axum::extract::State;

use super::{Answer, Frame, render};
use crate::web::guard::MayRead;
use crate::web::rows::Row;
use crate::web::site::Site;

/// So many are shown of each group.
const OF_EACH: u32 = 50;

/// Accounts that want a human for the same reason.
struct Group {
    code: &'static str,
    action: &'static str,
    accounts: u64,
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
    groups: Vec<Group>,
}

/// Accounts whose newest attempt wants a human: what somebody did about it shows in a later one.
pub async fn page(MayRead(caller): MayRead, State(site): State<Arc<Site>>) -> Answer {
    let wanting = site.view(&caller).wanting(OF_EACH).await?;
    let groups = wanting.into_iter().map(|wanting| Group {
        code: wanting.code.as_str(),
        action: wanting.code.user_action(),
        accounts: wanting.accounts,
        rows: wanting.newest.iter().map(Row::of).collect(),
    });
    Ok(render(&Page { frame: Frame::new("Needs you", "needs-you", &caller), groups: groups.collect() }))
}
