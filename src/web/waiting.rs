//! What jobs wait for people to give, as that changes: looked at once for all who watch.

use std::sync::Arc;

use axum::response::sse::Event;
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::watch;
use uuid::Uuid;

use super::problem::Problem;
use super::site::Site;
use super::view::{Seen, View};
use crate::job::AccountRef;
use crate::store::QuestionRow;

/// More jobs that wait are not counted.
const MOST: u32 = 100;

/// What viewers are told where nothing waits: an event without any data is none.
const NOTHING: &str = "-";

/// The questions that are open, of all accounts: each with its account.
pub type Open = Arc<[(Uuid, AccountRef)]>;

/// As viewers are told of them.
pub fn open(rows: &[QuestionRow]) -> Open {
    rows.iter().map(|row| (row.id, row.account.clone())).collect()
}

/// How many jobs wait for this caller, in words; nothing, if none does.
pub async fn words(view: &View<'_>) -> Result<String, Problem> {
    Ok(say(view.open_questions(MOST).await?.len()))
}

fn say(jobs: usize) -> String {
    match jobs {
        0 => String::new(),
        1 => "A job waits for you".to_owned(),
        _ if jobs >= MOST as usize => format!("{MOST} jobs or more wait for you"),
        _ => format!("{jobs} jobs wait for you"),
    }
}

/// Which questions are open of accounts that the caller sees: first as it is now, then whenever that changes.
pub async fn sets(
    site: &Site,
    view: &View<'_>,
    seen: Seen,
) -> Result<impl Stream<Item = Vec<Uuid>> + Send + use<>, Problem> {
    // Before the look, so that nothing falls in between.
    let changes = site.pulse.questions();
    let now: Vec<Uuid> = view.open_questions(MOST).await?.iter().map(|row| row.id).collect();
    let viewer = (changes, seen, None, Some(now));
    Ok(unfold(viewer, |(mut changes, seen, mut last, mut first): Viewer| async move {
        loop {
            let now = match first.take() {
                Some(now) => now,
                None => {
                    changes.changed().await.ok()?;
                    of_those(&changes.borrow_and_update(), &seen)
                }
            };
            if last.as_ref() != Some(&now) {
                last = Some(now.clone());
                return Some((now, (changes, seen, last, first)));
            }
        }
    }))
}

/// Who watches: the changes, what it sees of them, what it was told last, and what it is told first.
type Viewer = (watch::Receiver<Open>, Seen, Option<Vec<Uuid>>, Option<Vec<Uuid>>);

fn of_those(open: &Open, seen: &Seen) -> Vec<Uuid> {
    let ours = open.iter().filter(|(_, account)| seen.has(account)).map(|(id, _)| *id);
    ours.take(MOST as usize).collect()
}

/// How many wait, for the log's banner.
pub fn as_words(open: &[Uuid]) -> Event {
    let words = say(open.len());
    Event::default().event("waiting").data(if words.is_empty() { NOTHING } else { &words })
}
