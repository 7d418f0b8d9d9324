//! What names a control in the draft, and what the page is told of frames and origins.

use super::Explorer;
use crate::browser::{Control, ControlKind, Guide, Survey};
use crate::draft::find::Found;
use crate::draft::findings::Names;
use crate::draft::leads;
use crate::draft::write::guessed;
use crate::playbook::{self, Frame, Interruption, Locator, Place, Target};
use crate::redact;

impl Explorer {
    /// What names a control, best first and with what the standards call it as an alternative; with its frame.
    pub(super) fn names(&mut self, found: &Found, survey: &Survey) -> Names {
        let frame = self.frame(found.frame, survey);
        let free: Vec<&Locator> =
            found.control.locators.iter().filter(|each| !self.is_kept_out(&each.to_string())).collect();
        let mut names: Names = free.first().map(|each| (*each).clone()).into_iter().collect();
        // Repeated fields share the token of new passwords.
        let standard = free
            .iter()
            .skip(1)
            .find(|each| matches!(&each.by, playbook::By::Autocomplete(token) if token != "new-password"));
        names.extend(standard.map(|each| (*each).clone()));
        names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
        names
    }

    /// The same; never nothing for what a step is to act on: were it by the account's name, but never by a secret.
    pub(super) fn names_in_any_case(&mut self, found: &Found, survey: &Survey) -> Names {
        let names = self.names(found, survey);
        if !names.is_empty() {
            return names;
        }
        let frame = self.frame(found.frame, survey);
        let plain = |each: &&Locator| redact::find(&each.to_string()).is_empty();
        let last = found.control.locators.iter().rfind(plain).cloned();
        let mut names = last.map_or_else(|| guessed(alike(&found.control)), |last| vec![last]);
        names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
        names
    }

    /// What names the menu of an account, for everybody.
    pub(super) fn menu_names(&mut self, found: &Found, survey: &Survey) -> Names {
        let mut lasting = found.clone();
        if !leads::says_what_it_is(&found.control) {
            lasting
                .control
                .locators
                .retain(|each| matches!(each.by, playbook::By::Css(_) | playbook::By::TestId(_)));
        }
        let names = self.names(&lasting, survey);
        if names.is_empty() { self.names(found, survey) } else { names }
    }

    /// The name of a frame of the survey, declared if it is not yet; `None` for the main page.
    pub(super) fn frame(&mut self, place: usize, survey: &Survey) -> Option<String> {
        let surveyed = survey.frames.get(place)?;
        let parent = surveyed.parent?;
        let around = self.frame(parent, survey);
        let mut names: Names = surveyed.element.first().cloned().into_iter().collect();
        names.iter_mut().for_each(|name| name.frame.clone_from(&around));
        let origin = match surveyed.origin.as_str() {
            // It has none, and nothing can be typed there: a playbook has to name one all the same.
            "null" | "" => self.findings.origins.first()?.0.clone(),
            origin => self.findings.origin_name(origin),
        };
        Some(self.findings.frame_name(names, origin))
    }

    /// Tells the page what frames are known, and that nothing but the trusted origins is acted on.
    pub(super) fn set_guide(&mut self) {
        let trusted = |name: &str| {
            let declared = self.findings.origins.iter().find(|(each, _)| each == name)?;
            self.trusted.iter().find(|origin| origin.as_str() == declared.1).cloned()
        };
        let frames = self.findings.frames.iter().filter_map(|frame| {
            Some(Frame {
                name: frame.name.clone(),
                locator: frame.names.first()?.clone(),
                origin: trusted(&frame.origin),
                place: Place::default(),
            })
        });
        let (origins, frames) = (self.trusted.clone(), frames.collect());
        let overlays = self.findings.overlays.iter();
        let interruptions =
            overlays.map(|over| Interruption { see: as_target(&over.see), click: as_target(&over.close) });
        let interruptions = interruptions.collect();
        self.page.set_guide(Guide { origins, frames, interruptions });
    }
}

pub(super) fn as_target(names: &Names) -> Target {
    Target { alternatives: names.clone(), timeout: None, place: Place::default() }
}

/// All that is of its kind.
fn alike(control: &Control) -> &'static str {
    match (control.kind, control.r#type.as_str()) {
        (ControlKind::Field, "password") => "input[type=\"password\"]",
        (ControlKind::Field, _) => "input",
        (ControlKind::Link, _) => "a",
        _ => "button, input[type=\"submit\"]",
    }
}
