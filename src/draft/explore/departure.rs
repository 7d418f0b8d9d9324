//! The way out, taken at last: whether it asks once more, and what shows that the session is over.

use std::collections::HashSet;

use super::look::{address, words_of};
use super::names::as_target;
use super::{CALM, Explorer, NoDraft};
use crate::browser::{ControlKind, Sends, Survey};
use crate::draft::find::{self, Found};
use crate::draft::findings::{Move, Settings};
use crate::draft::words::{CANCEL, CLOSE, LATER, NO, SIGN_OUT, says};
use crate::playbook::{By, Locator};

impl Explorer {
    /// Takes the way out from where the login has ended, as far as reading goes: what a click would send to end the session is
    /// held back, and what shows its end stays a guess.
    pub(super) async fn take_way_out(&mut self) -> Result<(), NoDraft> {
        let Some(Settings { way, what }) = self.findings.way_out.clone() else { return Ok(()) };
        if !self.go(&way).await? {
            return Ok(());
        }
        let before = self.page.survey().await?;
        self.page.let_send(Sends::Known);
        if self.page.click(&as_target(&what), CALM * 2).await.is_err() {
            return Ok(());
        }
        let left = |survey: &Survey| find::login(survey).is_some() && find::way_out(survey).is_none();
        let survey = self.await_that(|survey| left(survey) || once_more(survey, &before).is_some()).await?;
        if self.held_back().is_some() {
            return Ok(());
        }
        if let Some(again) = once_more(&survey, &before) {
            let names = self.names(&again, &survey);
            if !names.is_empty() {
                let asks = Move::Note("the app asks once more".to_owned());
                let way = way.into_iter().chain([Move::Click(what), asks]).collect();
                self.findings.way_out = Some(Settings { way, what: names });
            }
            return Ok(());
        }
        if left(&survey) || find::way_out(&survey).is_some() {
            return Ok(());
        }
        self.findings.farewell = self.farewell(&survey);
        Ok(())
    }

    /// The heading of the page that says goodbye, where it has one that nobody sees before.
    fn farewell(&self, survey: &Survey) -> Option<Locator> {
        let headings = survey.frames.first().map(|frame| frame.headings.as_slice()).unwrap_or_default();
        let new = |text: &&String| {
            !self.at_home.contains(*text) && !self.at_login.contains(*text) && !self.is_kept_out(text)
        };
        let by = By::Role { role: "heading".to_owned(), name: vec![headings.iter().find(new)?.clone()] };
        Some(Locator { by, exact: false, frame: None, within: None, containing: Vec::new() })
    }
}

/// The button that really ends the session, of a page or a dialog that asks whether to.
fn once_more(survey: &Survey, before: &Survey) -> Option<Found> {
    let elsewhere = address(survey) != address(before);
    let known: HashSet<String> = words_of(before).collect();
    let buttons: Vec<Found> = find::all(survey)
        .filter(|found| found.control.kind == ControlKind::Button && !found.control.locators.is_empty())
        .collect();
    let leaves = |found: &&Found| {
        let control = &found.control;
        // On a page of its own, what belongs to a form or was not there before: what stands on every page has led here.
        let asks =
            control.over || elsewhere && (control.form.is_some() || !known.contains(find::words(control)));
        asks && says(&control.text, SIGN_OUT) && !find::ends_all(control)
    };
    if let Some(found) = buttons.iter().find(leaves) {
        return Some(found.clone());
    }
    // *Yes* and *No*: what does not decline.
    let over = survey.frames.first()?.overlay.as_deref().unwrap_or_default();
    let declines =
        |found: &&Found| [NO, CANCEL, CLOSE, LATER].iter().any(|words| says(&found.control.text, words));
    let mut agrees = buttons
        .iter()
        .filter(|found| found.control.over && !found.control.text.trim().is_empty() && !declines(found));
    let only = agrees.next()?;
    (says(over, SIGN_OUT) && agrees.next().is_none()).then(|| only.clone())
}
