//! Every recorded step on every changed page.

use std::collections::HashMap;

use futures::stream::{self, StreamExt};

use super::mutation::{MUTATIONS, Mutation};
use super::score::{Score, Tried};
use super::trial::{About, Fate, LOADED, trial};
use crate::browser::{Guide, Page, PageError, Pool};
use crate::pages::step::all;
use crate::pages::{KeptPage, KeptStep, Pages};
use crate::playbook::{Action, FlowKind, Playbook, Step};

/// So many pages at once: a step that breaks mostly waits.
pub(super) const AT_ONCE: usize = 4;

/// What is wanted of it.
#[derive(Debug, Clone, Default)]
pub struct Only {
    /// This step, and no other.
    pub step: Option<String>,
    /// This change, and no other.
    pub mutation: Option<String>,
}

/// A recorded step that can be tried.
pub(super) struct Case<'a> {
    flow: FlowKind,
    pub step: &'a Step,
    /// What was recorded of it, under the names that the playbook has now.
    pub kept: KeptStep,
    page: &'a KeptPage,
    about: About,
}

/// Tries them, and calls `told` with each that is done.
pub async fn run(pool: &Pool, playbook: &Playbook, pages: &Pages, only: &Only, told: impl Fn(&str)) -> Score {
    let mut score = Score::of(playbook);
    let (cases, unrecorded) = cases(playbook, pages, only);
    score.unrecorded = unrecorded;
    let mutations: Vec<Mutation> = MUTATIONS
        .into_iter()
        .filter(|mutation| only.mutation.as_deref().is_none_or(|wanted| wanted == mutation.name))
        .collect();
    // What does the same on the same page needs to be tried once.
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut distinct: Vec<&Case<'_>> = Vec::new();
    let of_case: Vec<usize> = cases
        .iter()
        .map(|case| {
            *known.entry(case.key()).or_insert_with(|| {
                distinct.push(case);
                distinct.len() - 1
            })
        })
        .collect();
    let tried = stream::iter(distinct).map(|case| {
        let (mutations, told) = (&mutations, &told);
        async move {
            let fates = case.tried(pool, playbook, pages, mutations).await;
            told(&case.step.id);
            fates
        }
    });
    let tried: Vec<Vec<Fate>> = tried.buffered(AT_ONCE).collect().await;
    for (case, of) in cases.iter().zip(of_case) {
        let mut fates = tried[of].iter().cloned();
        match fates.next() {
            Some(Fate::Survived) => {}
            Some(fate @ (Fate::Broke(_) | Fate::Misled(_))) => {
                score.tried.push(Tried::new(case.flow, case.step, &case.kept, None, fate));
                continue;
            }
            Some(fate @ Fate::Untried(_)) => {
                score.untried.push(Tried::new(case.flow, case.step, &case.kept, None, fate));
                continue;
            }
            Some(Fate::NotApplicable) | None => continue,
        }
        for (mutation, fate) in mutations.iter().zip(fates) {
            let list = if matches!(fate, Fate::Untried(_)) { &mut score.untried } else { &mut score.tried };
            list.push(Tried::new(case.flow, case.step, &case.kept, Some(mutation.name), fate));
        }
    }
    score
}

/// The recorded steps that are wanted, and the steps of which nothing was recorded.
pub(super) fn cases<'a>(
    playbook: &'a Playbook,
    pages: &'a Pages,
    only: &Only,
) -> (Vec<Case<'a>>, Vec<String>) {
    let mut cases: Vec<Case<'a>> = Vec::new();
    let mut unrecorded = Vec::new();
    let recorded = pages.index.of_playbook(playbook);
    for (flow, step) in all(playbook) {
        if crate::pages::step::targets(&step.action).is_empty() || matches!(step.action, Action::Gone(_)) {
            continue;
        }
        if only.step.as_ref().is_some_and(|wanted| *wanted != step.id) {
            continue;
        }
        let before = cases.len();
        for kept in recorded.iter().filter(|kept| kept.step == step.id) {
            let Some(page) = pages.index.page(&kept.page) else { continue };
            let (frame, places) = kept.elements();
            let about = About { frame: frame.map(str::to_owned), places, state: kept.state.clone() };
            cases.push(Case { flow: flow.kind, step, kept: kept.clone(), page, about });
        }
        if cases.len() == before {
            unrecorded.push(step.id.clone());
        }
    }
    (cases, unrecorded)
}

impl Case<'_> {
    /// What it does, and where.
    pub fn key(&self) -> String {
        format!("{} {:?} {:?}", self.kept.page, self.about, plain(&self.step.action))
    }

    /// Its page, as it was kept.
    pub async fn opened(&self, pool: &Pool, playbook: &Playbook, pages: &Pages) -> Result<Page, String> {
        let page = shown(pool, playbook, pages, self.page).await?;
        reopened(&page, playbook, pages, self.page).await.map_err(|error| error.to_string())?;
        Ok(page)
    }

    /// On the unchanged page, and on each changed one.
    pub async fn tried(
        &self,
        pool: &Pool,
        playbook: &Playbook,
        pages: &Pages,
        mutations: &[Mutation],
    ) -> Vec<Fate> {
        let mut fates = Vec::new();
        let mut open: Option<Page> = None;
        let changes = [None].into_iter().chain(mutations.iter().map(|mutation| Some(mutation.name)));
        for mutation in changes {
            let page = match open.take() {
                Some(page) => Ok(page),
                None => shown(pool, playbook, pages, self.page).await,
            };
            let fate = match page {
                Err(why) => Fate::Untried(why),
                Ok(page) => {
                    let fate = match reopened(&page, playbook, pages, self.page).await {
                        Ok(()) => trial(&page, &self.step.action, &self.about, mutation).await,
                        Err(error) => Fate::Untried(error.to_string()),
                    };
                    open = Some(page);
                    fate
                }
            };
            let stop = fates.is_empty() && fate != Fate::Survived;
            fates.push(fate);
            if stop {
                break;
            }
        }
        fates
    }
}

/// A page of a fresh context that shows what was kept and nothing else.
async fn shown(pool: &Pool, playbook: &Playbook, pages: &Pages, kept: &KeptPage) -> Result<Page, String> {
    let Some((_, replay)) = pages.replay(playbook, kept) else {
        return Err(format!("{} has no address that the playbook knows", kept.main.file));
    };
    let mut page = pool.page().await.map_err(|error| error.to_string())?;
    page.set_guide(Guide::of(playbook));
    page.replay(replay).await.map_err(|error| error.to_string())?;
    Ok(page)
}

async fn reopened(page: &Page, playbook: &Playbook, pages: &Pages, kept: &KeptPage) -> Result<(), PageError> {
    match pages.replay(playbook, kept) {
        Some((url, _)) => page.open(&url, LOADED).await,
        None => Ok(()),
    }
}

/// The action without what does not matter to where it acts.
fn plain(action: &Action) -> String {
    let inner = match action {
        Action::Commit(action) => action,
        action => action,
    };
    inner.to_string()
}
