//! What an app answers to a login that it did not take.

use std::collections::HashSet;

use super::Explorer;
use super::look::{came, is_error, is_failure, lines, shown};
use crate::browser::Survey;
use crate::draft::findings::SignIn;
use crate::draft::words::refuses;

/// A message has so many characters at most.
const MESSAGE: usize = 200;

/// What the pages on the way to the login said before anything was sent off.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub shown: String,
    pub lines: HashSet<String>,
}

/// What a page says that was not said before.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Whole sentences, if there are any; otherwise whatever it is.
    pub new: Vec<String>,
    /// Those words of it that say no.
    pub refusal: Option<String>,
    /// Something repeats the password or the account's name, and is in neither.
    pub repeats: bool,
}

impl Explorer {
    pub(super) fn hear(&self, survey: &Survey, before: &Before) -> Heard {
        let new: Vec<String> =
            lines(survey).into_iter().filter(|line| !before.lines.contains(line)).collect();
        // A row of a table says nothing.
        let is_row = |line: &str| line.contains('\t');
        let told =
            |line: &&String| line.chars().count() <= MESSAGE && !is_row(line) && !self.is_kept_out(line);
        let told: Vec<String> = new.iter().filter(told).cloned().collect();
        let sentences: Vec<String> = told.iter().filter(|line| is_sentence(line, survey)).cloned().collect();
        let messages = survey.frames.iter().flat_map(|frame| &frame.page.messages);
        let messages = messages
            .filter(|text| !text.ends_with('…') && !before.lines.contains(*text) && !self.is_kept_out(text));
        let mut candidates = sentences.iter().chain(messages);
        let refusal = candidates.find(|text| refuses(text)).cloned().or_else(|| {
            // A heading says less than what stands below it.
            let at = told.iter().position(|line| refuses(line))?;
            let below = told.get(at + 1).filter(|line| is_sentence(line, survey));
            Some(below.unwrap_or(&told[at]).clone())
        });
        let repeats = new.iter().any(|line| self.is_kept_out(line));
        Heard { new: if sentences.is_empty() { told } else { sentences }, refusal, repeats }
    }

    /// What is known of a login that let nobody in: the app has said no, or something else, or nothing.
    pub(super) fn not_in(&mut self, survey: &Survey, form_again: bool) -> SignIn {
        let heard = std::mem::take(&mut self.heard);
        if is_failure(survey) {
            return SignIn::Unclear(came(survey));
        }
        if let Some(refusal) = heard.refusal {
            return SignIn::Refused(refusal);
        }
        if form_again && refuses(&shown(survey)) {
            return SignIn::Refused(String::new());
        }
        if is_error(survey) {
            return SignIn::Unclear(came(survey));
        }
        // What is shown as a message rather than any new line: an app may advertise as well.
        let messages: Vec<&String> = survey.frames.iter().flat_map(|frame| &frame.page.messages).collect();
        let told = |line: &&String| messages.iter().any(|text| text.contains(line.as_str()));
        let mut sentences = heard.new.iter().filter(|line| is_sentence(line, survey));
        let first = sentences.clone().find(told).or_else(|| sentences.next());
        self.findings.answered = first.cloned();
        if self.findings.answered.is_none() && heard.repeats {
            self.findings.remarks.push(
                "? the app answers a login that it does not take in words that repeat the password or the account's name, which are left out: which of its words are always the same?".to_owned(),
            );
            return SignIn::Unclear("the app answered in words that repeat the password or the account's name, and that are left out here: sign in wrongly once by hand to see them".to_owned());
        }
        SignIn::Unclear(match (form_again, heard.new.as_slice()) {
            (true, []) => "the login form is still there and the page says nothing: was it sent off? Sign in by hand and see what sends it; the draft's last step before `expect` has to do that".to_owned(),
            (true, new) => format!("the login form is still there, and the page says: {}", new.join("; ")),
            (false, new) if self.findings.answered.is_some() => new.join("; "),
            (false, _) => came(survey),
        })
    }
}

/// Whether a line is something said, and no heading nor what a control is called.
fn is_sentence(line: &str, survey: &Survey) -> bool {
    let folded = line.split_whitespace().collect::<Vec<_>>().join(" ");
    let named =
        |text: &str| text == folded || text.strip_suffix('…').is_some_and(|begun| folded.starts_with(begun));
    let names = survey.frames.iter().flat_map(|frame| {
        let controls = frame.controls.iter().flat_map(|each| each.labels.iter().chain([&each.text]));
        frame.page.headings.iter().chain(controls)
    });
    let letters = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count();
    let words = folded.split(' ').filter(|word| letters(word) > 0);
    // Some languages put no spaces between their words.
    let foreign = folded.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count() > 3;
    // Letters that only show what a font looks like make no word.
    let wordy = foreign || words.clone().count() > 1 && words.clone().any(|word| letters(word) > 2);
    wordy && !names.into_iter().any(|text| named(text))
}
