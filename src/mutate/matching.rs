//! What of a playbook does not do on the pages that were recorded for it what it did there.

use std::collections::HashSet;

use futures::stream::{self, StreamExt};

use super::run::{AT_ONCE, Only, cases};
use super::trial::Fate;
use crate::browser::Pool;
use crate::pages::Pages;
use crate::pages::step::targets_in;
use crate::playbook::{Mismatch, Playbook};

/// The steps of which nothing was recorded: those put in since, and those that the test account never came to.
#[must_use]
pub fn unrecorded(playbook: &Playbook, pages: &Pages) -> Vec<String> {
    cases(playbook, pages, &Only::default()).1
}

/// Each step on each page that was recorded for it: those that find nothing there or several elements, act on another one
/// than the step that was recorded, or take the page for what it is not.
pub async fn mismatches(pool: &Pool, playbook: &Playbook, pages: &Pages) -> Vec<Mismatch> {
    let (cases, _) = cases(playbook, pages, &Only::default());
    let mut known = HashSet::new();
    let distinct = cases.into_iter().filter(|case| known.insert((case.step.id.clone(), case.key())));
    let tried = stream::iter(distinct.collect::<Vec<_>>()).map(|case| async move {
        let fate = case.tried(pool, playbook, pages, &[]).await.into_iter().next();
        let (Fate::Broke(why) | Fate::Misled(why) | Fate::Untried(why)) = fate? else { return None };
        let target = targets_in(&case.step.action, case.kept.state.as_deref());
        Some(Mismatch {
            place: target.first().map_or(case.step.place, |target| target.place),
            step: case.step.id.clone(),
            why,
            page: case.kept.page.clone(),
            recorded: case.kept.does.clone(),
        })
    });
    tried.buffered(AT_ONCE).filter_map(std::future::ready).collect().await
}
