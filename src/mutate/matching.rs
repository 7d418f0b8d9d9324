//! What of a playbook matches nothing that was recorded for it.

use crate::browser::{Page, Pool};
use crate::pages::Pages;
use crate::pages::step::{all, targets_in};
use crate::playbook::{Action, Mismatch, Playbook};

use super::run::{reopened, shown};
use super::trial::LOADED;

/// Each step's target against the pages that were recorded for it: those of which no locator finds a visible element.
///
/// # Errors
/// If a page cannot be shown.
pub async fn mismatches(pool: &Pool, playbook: &Playbook, pages: &Pages) -> Result<Vec<Mismatch>, String> {
    let mut missing = Vec::new();
    // Steps that follow each other are often on one page, and looking leaves it as it is.
    let mut open: Option<(&str, Page)> = None;
    for (_, step) in all(playbook) {
        if matches!(step.action, Action::Gone(_)) {
            continue;
        }
        for kept in pages.index.of_step(&step.id) {
            let Some(kept_page) = pages.index.page(&kept.page) else { continue };
            let targets = targets_in(&step.action, kept.state.as_deref());
            if targets.is_empty() {
                continue;
            }
            let page = match open.take() {
                Some((file, page)) if file == kept.page => page,
                _ => {
                    let page = shown(pool, playbook, pages, kept_page).await?;
                    reopened(&page, playbook, pages, kept_page).await.map_err(|error| error.to_string())?;
                    page
                }
            };
            let mut found = false;
            for locator in targets.iter().flat_map(|target| &target.alternatives) {
                // A frame that is not there finds nothing.
                found |= page.finds(locator, LOADED / 10).await.is_ok_and(|count| count > 0);
            }
            open = Some((&kept.page, page));
            if !found {
                missing.push(Mismatch {
                    place: targets[0].place,
                    step: step.id.clone(),
                    target: targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "),
                    page: kept.page.clone(),
                    recorded: kept.does.clone(),
                });
            }
        }
    }
    Ok(missing)
}
