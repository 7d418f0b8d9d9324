//! What of a playbook does not do on the pages that were recorded for it what it did there.

use std::collections::HashSet;
use std::time::Duration;

use futures::stream::{self, StreamExt};

use super::run::{AT_ONCE, Case, Only, cases};
use super::trial::{Fate, LOADED};
use crate::browser::{Overview, PageError, Pool};
use crate::pages::Pages;
use crate::pages::step::targets_in;
use crate::playbook::{Action, Fault, Mismatch, Playbook, Target, Value};

/// What is on a page that has come is there without a wait.
const NOW: Duration = Duration::from_millis(300);

/// The steps of which nothing was recorded: those put in since, and those that the test account never came to.
#[must_use]
pub fn unrecorded(playbook: &Playbook, pages: &Pages) -> Vec<String> {
    cases(playbook, pages, &Only::default()).1
}

/// Each step on each page that was recorded for it: those that find nothing there or several elements, act on another one
/// than the step that was recorded, take the page for what it is not, or type a password where it can be read.
pub async fn mismatches(pool: &Pool, playbook: &Playbook, pages: &Pages) -> Vec<Mismatch> {
    let (cases, _) = cases(playbook, pages, &Only::default());
    let mut known = HashSet::new();
    let distinct = cases.into_iter().filter(|case| known.insert((case.step.id.clone(), case.key())));
    let tried = stream::iter(distinct.collect::<Vec<_>>()).map(|case| async move {
        let fate = case.tried(pool, playbook, pages, &[]).await.into_iter().next()?;
        let targets = targets_in(&case.step.action, case.kept.state.as_deref());
        let fault = match fate {
            Fate::Broke(why) | Fate::Misled(why) | Fate::Untried(why) => {
                let instead = instead(&case, &targets, pool, playbook, pages).await.unwrap_or_default();
                Fault::Unmatched { why, instead }
            }
            Fate::Survived => Fault::Shown(shows_password(&case, pool, playbook, pages).await?),
            Fate::NotApplicable => return None,
        };
        Some(Mismatch {
            place: targets.first().map_or(case.step.place, |target| target.place),
            step: case.step.id.clone(),
            fault,
            page: case.kept.page.clone(),
            recorded: case.kept.does.clone(),
        })
    });
    tried.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
}

/// What comes near to what a step looks for, as a playbook would name it; else what of its kind is on the page.
async fn instead(
    case: &Case<'_>,
    targets: &[&Target],
    pool: &Pool,
    playbook: &Playbook,
    pages: &Pages,
) -> Option<String> {
    let page = case.opened(pool, playbook, pages).await.ok()?;
    let Err(PageError::NotAsDescribed { near, page, .. }) = page.first_of(targets, "it", NOW).await else {
        return None;
    };
    if !near.is_empty() {
        return Some(format!("what comes near: {}", near.join(", ")));
    }
    let Overview { headings, messages, fields, buttons, links, .. } = *page;
    let kinds = match inner(&case.step.action) {
        Action::Fill { .. } | Action::Select { .. } | Action::Check { .. } => vec![("fields", fields)],
        Action::Click(_) | Action::Hover(_) => vec![("buttons", buttons), ("links", links)],
        _ => vec![("headings", headings), ("messages", messages), ("buttons", buttons)],
    };
    let kinds = kinds.into_iter().filter(|(_, names)| !names.is_empty());
    let kinds: Vec<_> = kinds.map(|(kind, names)| format!("its {kind}: {}", names.join(", "))).collect();
    Some(kinds.join("; "))
}

/// The element into which a step types a password, if it is one that shows what is typed.
async fn shows_password(case: &Case<'_>, pool: &Pool, playbook: &Playbook, pages: &Pages) -> Option<String> {
    let Action::Fill { into, with: Value::Password | Value::NewPassword } = inner(&case.step.action) else {
        return None;
    };
    let page = case.opened(pool, playbook, pages).await.ok()?;
    // It is there, for the step was done on this page; a busy machine may take its time to draw it.
    page.first_of(&[into], "the field", LOADED).await.ok()?;
    let tried = page.try_target(into).await.ok()?;
    let element = tried.elements.into_iter().find(|element| element.seen)?;
    let shows = match element.tag.as_str() {
        "input" => !element.what.to_lowercase().contains(" type=\"password\""),
        tag => tag == "textarea",
    };
    shows.then_some(element.what)
}

fn inner(action: &Action) -> &Action {
    match action {
        Action::Commit(action) => action,
        action => action,
    }
}
