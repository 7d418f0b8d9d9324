//! What lies over the page of somebody who has just signed in: greetings, offers, what can wait.

use super::names::as_target;
use super::{CALM, Explorer, NoDraft};
use crate::browser::{Sends, Survey};
use crate::draft::find;
use crate::draft::findings::{Names, Overlay};
use crate::draft::words::{HANDS_OFF, says};
use crate::draft::yaml::target;
use crate::playbook::{By, Locator};

/// So many come one after the other, at most.
const MOST: usize = 4;

impl Explorer {
    /// Closes what lies over the page as people do who have no time for it, and notes how. Agrees to nothing. What is known
    /// already is left alone: it is closed whenever it is in the way.
    pub(super) async fn uncover(&mut self, mut survey: Survey) -> Result<Survey, NoDraft> {
        for _ in 0..MOST {
            let Some((overlay, waits)) = self.overlay(&survey) else { break };
            // What only goes on may say yes to anything, in words that nobody here reads.
            self.page.let_send(if waits { Sends::Known } else { Sends::Nothing });
            if self.page.click(&as_target(&overlay.close), CALM * 2).await.is_err() {
                break;
            }
            let heading = heading(&survey);
            let other =
                |survey: &Survey| find::closes_overlay(survey).is_some() && self::heading(survey) != heading;
            survey = self.await_that(other).await?;
            let close = target(&overlay.close);
            match (self.held_back(), waits) {
                (None, _) => self.note_overlay(overlay),
                (Some(sent), true) => {
                    self.findings.remarks.push(format!(
                        "? closing what lies over the page, by {close}, sends {sent}, which was held back here: may each run do so?"
                    ));
                    self.note_overlay(overlay);
                }
                // It may agree to something, or order it.
                (Some(sent), false) => {
                    self.findings.remarks.push(format!(
                        "? something lies over the page, and its {close} sends {sent}: that was held back, and is for a person to do"
                    ));
                    break;
                }
            }
        }
        Ok(survey)
    }

    /// What lies over the page, if it is not known yet; and whether its button says that it can wait.
    fn overlay(&mut self, survey: &Survey) -> Option<(Overlay, bool)> {
        let button = find::closes_overlay(survey)?;
        let can_wait = find::can_wait(&button.control);
        let waits = can_wait && !says(&heading(survey), HANDS_OFF);
        let close = self.names(&button, survey);
        let heading = heading(survey);
        let see =
            if heading.is_empty() || self.is_kept_out(&heading) { close.clone() } else { text(&heading) };
        // Where it has no words of its own it may be anything, on another day.
        let named = close.iter().any(|each| matches!(each.by, By::Role { .. }));
        let overlay = Overlay { see, close };
        (named && !self.findings.overlays.contains(&overlay)).then_some((overlay, waits))
    }

    /// Says no where a page asks whether to stay signed in, and notes how; that is a part of the login. What comes then is
    /// awaited.
    pub(super) async fn decline_to_stay(
        &mut self,
        survey: Survey,
        holds: impl Fn(&Survey) -> bool,
    ) -> Result<Survey, NoDraft> {
        let Some((no, question)) = find::declines_to_stay(&survey) else { return Ok(survey) };
        let close = self.names(&no, &survey);
        self.page.let_send(Sends::All);
        if close.is_empty() || self.page.click(&as_target(&close), CALM * 2).await.is_err() {
            return Ok(survey);
        }
        let whole = !question.ends_with('…') && !self.is_kept_out(&question);
        self.note_overlay(Overlay { see: if whole { text(&question) } else { close.clone() }, close });
        self.await_that(holds).await
    }

    /// From now on it is closed whenever it is in the way.
    pub(super) fn note_overlay(&mut self, overlay: Overlay) {
        self.findings.overlays.push(overlay);
        self.set_guide();
    }
}

fn heading(survey: &Survey) -> String {
    survey.frames.first().and_then(|frame| frame.overlay.clone()).unwrap_or_default()
}

fn text(text: &str) -> Names {
    let by = By::Text(vec![text.to_owned()]);
    vec![Locator { by, exact: false, frame: None, within: None, containing: Vec::new() }]
}
