//! What a survey says at a glance.

use crate::browser::Survey;

pub(super) fn is_error(survey: &Survey) -> bool {
    survey.frames.first().is_some_and(|frame| frame.page.status >= 400)
}

pub(super) fn words_of(survey: &Survey) -> impl Iterator<Item = String> + '_ {
    survey.frames.iter().flat_map(|frame| {
        let controls = frame.controls.iter().map(|control| control.text.clone());
        controls.chain(frame.page.headings.iter().cloned())
    })
}

/// What the page says, in a line.
pub(super) fn shown(survey: &Survey) -> String {
    let all = survey.frames.iter().flat_map(|frame| frame.page.messages.iter().chain(&frame.page.headings));
    all.cloned().collect::<Vec<_>>().join("; ")
}
