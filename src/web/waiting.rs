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

/// A question that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asks {
    question: Uuid,
    /// Of this attempt.
    pub attempt: Uuid,
    account: AccountRef,
}

impl Asks {
    fn of(row: &QuestionRow) -> Self {
        Self { question: row.id, attempt: row.attempt, account: row.account.clone() }
    }
}

/// The questions that are open, of all accounts.
pub type Open = Arc<[Asks]>;

/// As viewers are told of them.
pub fn open(rows: &[QuestionRow]) -> Open {
    rows.iter().map(Asks::of).collect()
}

/// What waits for this caller.
pub async fn now(view: &View<'_>) -> Result<Vec<Asks>, Problem> {
    Ok(view.open_questions(MOST).await?.iter().map(Asks::of).collect())
}

/// How many jobs wait, in words; nothing, if none does.
pub fn words(asks: &[Asks]) -> String {
    match asks.len() {
        0 => String::new(),
        1 => "A job waits for you".to_owned(),
        jobs if jobs >= MOST as usize => format!("{MOST} jobs or more wait for you"),
        jobs => format!("{jobs} jobs wait for you"),
    }
}

/// Which questions are open of accounts that the caller sees: first as it is now, then whenever that changes.
pub async fn sets(
    site: &Site,
    view: &View<'_>,
    seen: Seen,
) -> Result<impl Stream<Item = Vec<Asks>> + Send + use<>, Problem> {
    // Before the look, so that nothing falls in between.
    let changes = site.pulse.questions();
    let viewer = (changes, seen, None, Some(now(view).await?));
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
type Viewer = (watch::Receiver<Open>, Seen, Option<Vec<Asks>>, Option<Vec<Asks>>);

fn of_those(open: &Open, seen: &Seen) -> Vec<Asks> {
    open.iter().filter(|asks| seen.has(&asks.account)).take(MOST as usize).cloned().collect()
}

/// How many wait, for the log's banner, and, in a second line, which attempts.
pub fn as_words(open: &[Asks]) -> Event {
    let words = words(open);
    let attempts: Vec<_> = open.iter().map(|asks| asks.attempt.to_string()).collect();
    let event = Event::default().event("waiting");
    match words.is_empty() {
        true => event.data(NOTHING),
        false => event.data(format!("{words}\n{}", attempts.join(" "))),
    }
}
