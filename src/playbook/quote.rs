use std::collections::BTreeMap;

use super::{Action, Playbook, Step};

/// A line of a playbook, or of the family that it extends, as it is written there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What it says, without the spaces around.
    pub text: String,
}

impl Playbook {
    /// The line of the step of this id, `login.5.code_wanted.2` for example; `None` if there is no such step.
    #[must_use]
    pub fn quote(&self, id: &str) -> Option<Quote> {
        self.quote_of(self.flows.iter().find_map(|flow| find_step(&flow.steps, id))?)
    }

    /// The lines of all of its steps, by their ids.
    #[must_use]
    pub fn quotes(&self) -> BTreeMap<String, Quote> {
        let mut quotes = BTreeMap::new();
        for flow in self.flows.iter() {
            flow.each(&mut |step| quotes.extend(self.quote_of(step).map(|quote| (step.id.clone(), quote))));
        }
        quotes
    }

    fn quote_of(&self, step: &Step) -> Option<Quote> {
        let (file, source, _) = self.warnings.file_of(step.place);
        let text = source.lines().nth(step.place.line.checked_sub(1)?)?;
        Some(Quote { file: file.to_owned(), line: step.place.line, text: text.trim().to_owned() })
    }
}

/// The step of this id, here or within a branch.
#[must_use]
pub fn find_step<'a>(steps: &'a [Step], id: &str) -> Option<&'a Step> {
    steps.iter().find_map(|step| match &step.action {
        _ if step.id == id => Some(step),
        Action::Expect(expect) => expect.branches.iter().find_map(|branch| find_step(&branch.then, id)),
        _ => None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::playbook::{OriginOverrides, parse};

    const SOURCE: &str = "app: acme
title: Acme
origins:
  app: https://acme.example
flows:
  login:
    - open: /login
    - fill: { into: { label: Password }, with: password }
    - expect:
        cookies:
          see: { text: Cookies }
          then:
            - click: { role: button, name: Accept }
            - expect: { signed_in: { text: Welcome } }
        signed_in: { text: Welcome }
";

    #[test]
    fn steps_are_found_by_their_ids_also_within_branches() {
        let playbook = parse("acme.yaml", SOURCE, &OriginOverrides::new());
        let playbook = playbook.unwrap_or_else(|report| panic!("{report}"));
        let quote = playbook.quote("login.2").unwrap();
        assert_eq!((quote.file.as_str(), quote.line), ("acme.yaml", 8));
        assert_eq!(quote.text, "- fill: { into: { label: Password }, with: password }");
        let within = playbook.quote("login.3.cookies.1").unwrap();
        assert_eq!((within.line, within.text.contains("Accept")), (13, true));
        assert_eq!(playbook.quote("login.9"), None);
        assert_eq!(playbook.quote("evidence"), None);
        assert_eq!(playbook.quotes()["login.2"], quote);
        assert!(playbook.quotes().contains_key("login.3.cookies.1"));
    }
}
