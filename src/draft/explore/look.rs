//! What a survey says at a glance.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::browser::{Survey, SurveyedFrame};
use crate::draft::find;

pub(super) fn is_error(survey: &Survey) -> bool {
    survey.frames.first().is_some_and(|frame| frame.page.status >= 400)
}

/// Where the page is: with query and fragment, which [`Page::url`](crate::browser::Page::url) leaves out.
pub(super) fn address(survey: &Survey) -> Option<Url> {
    survey.frames.first().and_then(SurveyedFrame::address)
}

/// The app failed by itself, whatever was asked of it.
pub(super) fn is_failure(survey: &Survey) -> bool {
    survey.frames.first().is_some_and(|frame| frame.page.status >= 500)
}

pub(super) fn words_of(survey: &Survey) -> impl Iterator<Item = String> + '_ {
    survey.frames.iter().flat_map(|frame| {
        let controls = frame.controls.iter().map(|control| find::words(control).to_owned());
        controls.chain(frame.page.headings.iter().cloned())
    })
}

/// What its fields are called.
pub(super) fn asks(survey: &Survey) -> String {
    let controls = survey.frames.iter().flat_map(|frame| &frame.controls);
    let words =
        controls.flat_map(|control| control.labels.iter().chain([&control.placeholder, &control.beside]));
    words.cloned().collect::<Vec<_>>().join("\n")
}

/// What came instead of what was awaited: never nothing, for a person has to make something of it.
pub(super) fn came(survey: &Survey) -> String {
    let status = survey.frames.first().map_or(0, |frame| frame.page.status);
    let mut said = shown(survey);
    if said.is_empty() {
        said = lines(survey).into_iter().take(3).collect::<Vec<_>>().join("; ").chars().take(200).collect();
    }
    match (status, said) {
        (400.., said) if said.is_empty() => format!("a page with the status {status} and no words on it"),
        (400.., said) => format!("a page with the status {status}: {said}"),
        (_, said) if said.is_empty() => "a page without a word".to_owned(),
        (_, said) => said,
    }
}

/// All that the page says, in small letters.
pub(super) fn says(survey: &Survey) -> SecretString {
    let texts = survey.frames.iter().map(|frame| frame.text.expose_secret().to_lowercase());
    texts.collect::<Vec<_>>().join("\n").into()
}

/// What the page says, line by line.
pub(super) fn lines(survey: &Survey) -> Vec<String> {
    let texts = survey.frames.iter().map(|frame| frame.text.expose_secret());
    let lines = texts.flat_map(|text| text.lines().map(|line| line.trim().to_owned()));
    lines.filter(|line| !line.is_empty()).collect()
}

/// What the page says, in a line.
pub(super) fn shown(survey: &Survey) -> String {
    let all = survey.frames.iter().flat_map(|frame| frame.page.messages.iter().chain(&frame.page.headings));
    all.cloned().collect::<Vec<_>>().join("; ")
}
