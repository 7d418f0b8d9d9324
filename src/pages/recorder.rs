//! Looks at the page as each step finds its element.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::step::{reads_secrets, targets};
use crate::browser::{Page, Snapshot};
use crate::flow::{Next, View, Watch};
use crate::playbook::{Action, FlowKind, Step, Target};

/// So long may it take until what covers a page is gone after the click on it.
const CLEARED: Duration = Duration::from_secs(5);

/// Keeps in mind what steps saw, until it is written down: by then every secret among it is known.
#[derive(Default)]
pub struct Recorder {
    looks: Mutex<Vec<Look>>,
}

/// What one step saw.
pub(super) struct Look {
    pub flow: FlowKind,
    pub step: String,
    pub does: String,
    pub state: Option<String>,
    /// The locators of each target, in words, and the frames that they look in.
    pub locators: Vec<Vec<(String, Option<String>)>>,
    /// Of the targets the one that counts, if not all.
    pub chosen: Option<usize>,
    pub snapshot: Snapshot,
}

impl Recorder {
    /// Waits until the step can be done, and keeps the page as it is then. What is not there in time is not kept: the
    /// step itself will say so.
    pub async fn look(&self, page: &Page, flow: FlowKind, step: &Step, within: Duration) {
        let targets = targets(&step.action);
        if targets.is_empty() {
            return;
        }
        let Some(first) = there(page, step, &targets, within).await else { return };
        // What only looks leaves what covers the page as it is, and may even look for it.
        if !matches!(step.action, Action::Expect(_) | Action::See(_) | Action::Gone(_)) {
            if let Err(error) = page.clear(&targets, within.min(CLEARED)).await {
                tracing::debug!(step = %step.id, %error, "the page is kept with what covers it");
            }
            if there(page, step, &targets, within).await.is_none() {
                return;
            }
        }
        if let Some(target) = clicked(&step.action)
            && let Err(error) = page.ready(target, within).await
        {
            tracing::debug!(step = %step.id, %error, "there was nothing to keep");
            return;
        }
        let masked = if reads_secrets(&step.action) { targets.as_slice() } else { &[] };
        let snapshot = match page.snapshot(&targets, masked).await {
            Ok(snapshot) => snapshot,
            Err(error) => {
                tracing::warn!(step = %step.id, %error, "the page could not be kept");
                return;
            }
        };
        let (state, chosen) = match &step.action {
            Action::Expect(expect) => (Some(expect.branches[first].state.to_string()), Some(first)),
            _ => (None, None),
        };
        let words = |target: &&Target| {
            let locators = target.alternatives.iter();
            locators.map(|locator| (locator.to_string(), locator.frame.clone())).collect()
        };
        let locators = targets.iter().map(words).collect();
        let look =
            Look { flow, step: step.id.clone(), does: step.summary(), state, locators, chosen, snapshot };
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).push(look);
    }

    pub(super) fn take(&self) -> Vec<Look> {
        std::mem::take(&mut self.looks.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Waits until one of the targets is there, and says which.
async fn there(page: &Page, step: &Step, targets: &[&Target], within: Duration) -> Option<usize> {
    match page.first_of(targets, "what the step is about", within).await {
        Ok(first) => Some(first),
        Err(_) if matches!(step.action, Action::Gone(_)) => Some(0),
        Err(error) => {
            tracing::debug!(step = %step.id, %error, "there was nothing to keep");
            None
        }
    }
}

/// What a step clicks. It is kept as it takes the click.
fn clicked(action: &Action) -> Option<&Target> {
    match action {
        Action::Click(target) => Some(target),
        Action::Commit(action) => clicked(action),
        _ => None,
    }
}

#[async_trait]
impl Watch for Recorder {
    async fn before(&self, view: &View<'_>) -> Next {
        self.look(view.page(), view.flow(), view.step, view.playbook().timeouts.step).await;
        Next::Go
    }
}
