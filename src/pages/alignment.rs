//! Which recorded step is which of a playbook that was changed since. Steps are told by what they do, and by their place
//! where that was changed: their numbers shift with every step that is put before them.

use std::collections::BTreeMap;

use super::index::{Index, KeptStep};
use super::step::targets;
use crate::playbook::{Action, Branch, End, Expect, Playbook, State, Step};

impl Index {
    /// What was recorded, under the steps and states as the playbook has them now. Of a step that it no longer has there
    /// is nothing; a state that it no longer has keeps its name, for the app was in it.
    #[must_use]
    pub fn of_playbook(&self, playbook: &Playbook) -> Vec<KeptStep> {
        let mut aligned = Vec::new();
        for flow in playbook.flows.iter() {
            let ways = self.steps.iter().filter_map(|kept| {
                let (name, rest) = kept.step.split_once('.')?;
                (name == flow.kind.as_str()).then_some(Way { rest, kept })
            });
            align(&flow.steps, ways.collect(), &mut aligned);
        }
        aligned
    }
}

/// What was recorded, and the rest of the way to it: `5.code_wanted.2`.
struct Way<'a> {
    rest: &'a str,
    kept: &'a KeptStep,
}

/// What was recorded of one step.
#[derive(Default)]
struct Recorded<'a> {
    /// In each state in which it was seen.
    seen: Vec<&'a KeptStep>,
    /// Of the steps within its states.
    within: BTreeMap<&'a str, Vec<Way<'a>>>,
}

fn align(steps: &[Step], ways: Vec<Way<'_>>, aligned: &mut Vec<KeptStep>) {
    let mut numbered: BTreeMap<usize, Recorded<'_>> = BTreeMap::new();
    for Way { rest, kept } in ways {
        let (number, rest) = rest.split_once('.').unwrap_or((rest, ""));
        let Ok(number) = number.parse() else { continue };
        let recorded = numbered.entry(number).or_default();
        match rest.split_once('.') {
            Some((state, rest)) => recorded.within.entry(state).or_default().push(Way { rest, kept }),
            None => recorded.seen.push(kept),
        }
    }
    let recorded: Vec<Recorded<'_>> = numbered.into_values().collect();
    let steps: Vec<&Step> = steps.iter().filter(|step| !targets(&step.action).is_empty()).collect();
    let same = |left: usize, right: usize| recorded[left].did(steps[right]);
    let alike = |left: usize, right: usize| recorded[left].likeness(steps[right]);
    for (left, right) in pairs(recorded.len(), steps.len(), same, alike) {
        recorded[left].rename(steps[right], aligned);
    }
}

impl Recorded<'_> {
    fn did(&self, step: &Step) -> bool {
        let now = step.summary();
        self.seen.iter().any(|kept| plain(&kept.does) == plain(&now))
    }

    /// How like a step that was changed is to it; 0 if it does another thing.
    fn likeness(&self, step: &Step) -> usize {
        let now = step.summary();
        let Some(kept) = self.seen.first() else {
            return usize::from(matches!(step.action, Action::Expect(_)));
        };
        if verb(&kept.does) != verb(&now) {
            return 0;
        }
        let locators: Vec<String> = targets(&step.action)
            .iter()
            .flat_map(|target| &target.alternatives)
            .map(ToString::to_string)
            .collect();
        let shares = self.seen.iter().any(|kept| kept.found_any_by(&locators));
        let types_the_same = typed(&now).is_some_and(|with| typed(&kept.does) == Some(with));
        // As many as possible are matched, and only then the likeliest.
        let letters = kept.does.chars().count().max(now.chars().count()).max(1);
        let words = 100 - strsim::levenshtein(&kept.does, &now).min(letters) * 100 / letters;
        1000 + if shares { 400 } else { 0 } + if types_the_same { 200 } else { 0 } + words
    }

    /// Under the step's name now, and so what lies within its states.
    fn rename(&self, step: &Step, aligned: &mut Vec<KeptStep>) {
        let states = match &step.action {
            Action::Expect(expect) => self.states(expect),
            _ => BTreeMap::new(),
        };
        let branch = |state: &str| states.get(state).copied();
        for kept in &self.seen {
            let state = kept.state.as_ref().map(|state| match branch(state) {
                Some(branch) => branch.state.to_string(),
                None => state.clone(),
            });
            aligned.push(KeptStep { step: step.id.clone(), state, ..(*kept).clone() });
        }
        for (state, ways) in &self.within {
            if let Some(branch) = branch(state) {
                let ways = ways.iter().map(|way| Way { ..*way });
                align(&branch.then, ways.collect(), aligned);
            }
        }
    }

    /// The branch of each state that was known when it was recorded: the one of its name, else, where the name is the
    /// playbook's own, one that was not known then: one that looks for the same, or the next.
    fn states<'e>(&self, expect: &'e Expect) -> BTreeMap<String, &'e Branch> {
        let mut known: Vec<String> = Vec::new();
        let listed = self.seen.iter().flat_map(|kept| listed(&kept.does));
        let seen = self.seen.iter().filter_map(|kept| kept.state.as_deref());
        for state in listed.chain(seen).chain(self.within.keys().copied()) {
            if !known.iter().any(|known| known == state) {
                known.push(state.to_owned());
            }
        }
        let named = |state: &str| expect.branches.iter().find(|branch| branch.state.to_string() == state);
        let mut new: Vec<&Branch> = expect
            .branches
            .iter()
            .filter(|branch| matches!(&branch.state, State::Interim(name) if !known.contains(name)))
            .collect();
        let (there, gone): (Vec<String>, Vec<String>) =
            known.into_iter().partition(|state| named(state).is_some());
        let mut states: BTreeMap<String, &Branch> =
            there.into_iter().filter_map(|state| named(&state).map(|branch| (state, branch))).collect();
        let own: Vec<String> = gone.into_iter().filter(|state| End::parse(state).is_none()).collect();
        for by_look in [true, false] {
            for state in &own {
                let fits = |branch: &&Branch| !by_look || self.saw(state, branch);
                if states.contains_key(state) {
                    continue;
                }
                if let Some(at) = new.iter().position(fits) {
                    states.insert(state.clone(), new.remove(at));
                }
            }
        }
        states
    }

    /// Whether the branch looks for what was found in this state.
    fn saw(&self, state: &str, branch: &Branch) -> bool {
        let locators: Vec<String> = branch.see.alternatives.iter().map(ToString::to_string).collect();
        let mut seen = self.seen.iter().filter(|kept| kept.state.as_deref() == Some(state));
        seen.any(|kept| kept.found_any_by(&locators))
    }
}

impl KeptStep {
    /// Whether one of these locators, in words, was among its own and found something.
    fn found_any_by(&self, locators: &[String]) -> bool {
        let mut found = self.found.iter().filter(|seen| !seen.elements.is_empty());
        found.any(|seen| locators.contains(&seen.locator))
    }
}

/// A step's words without what does not matter to what it does on a page.
fn plain(does: &str) -> &str {
    does.strip_prefix("commit: ").unwrap_or(does)
}

/// What kind of thing a step does, of its words.
fn verb(does: &str) -> &str {
    let does = plain(does);
    match does.split(' ').next().unwrap_or_default() {
        "uncheck" => "check",
        "read" if does.starts_with("read the secret") => "read the secret",
        "see" if does.ends_with(" gone") => "gone",
        verb => verb,
    }
}

/// What a `fill` types, of its words.
fn typed(does: &str) -> Option<&str> {
    if verb(does) == "fill" { does.rsplit_once(" with ").map(|(_, with)| with) } else { None }
}

/// The states of an `expect`, of its words.
fn listed(does: &str) -> impl Iterator<Item = &str> {
    let states = does.strip_prefix("expect ").unwrap_or_default();
    states.split(", ").flat_map(|state| state.split(" or ")).filter(|state| !state.is_empty())
}

/// Which of so many is which of so many others: what is the same, in order as far as possible; then what is the same
/// and was moved; then what is alike between two of the first.
fn pairs(
    left: usize,
    right: usize,
    same: impl Fn(usize, usize) -> bool,
    alike: impl Fn(usize, usize) -> usize,
) -> Vec<(usize, usize)> {
    let all = |end: usize| (0..end).collect::<Vec<usize>>();
    let anchors = in_order(&all(left), &all(right), |one, other| usize::from(same(one, other)));
    let mut pairs = anchors.clone();
    for one in 0..left {
        let free = |pairs: &[(usize, usize)], other: usize| {
            pairs.iter().all(|pair| pair.0 != one && pair.1 != other)
        };
        if let Some(other) = (0..right).find(|other| free(&pairs, *other) && same(one, *other)) {
            pairs.push((one, other));
        }
    }
    let (mut from, matched) = ((0, 0), pairs.clone());
    for anchor in anchors.into_iter().chain([(left, right)]) {
        let ones: Vec<usize> =
            (from.0..anchor.0).filter(|one| matched.iter().all(|pair| pair.0 != *one)).collect();
        let others: Vec<usize> =
            (from.1..anchor.1).filter(|other| matched.iter().all(|pair| pair.1 != *other)).collect();
        pairs.extend(in_order(&ones, &others, &alike));
        from = (anchor.0 + 1, anchor.1 + 1);
    }
    pairs.sort_by_key(|pair| pair.1);
    pairs
}

/// The pairs that are worth most together and do not cross; what is worth nothing is no pair.
fn in_order(left: &[usize], right: &[usize], worth: impl Fn(usize, usize) -> usize) -> Vec<(usize, usize)> {
    // The most that can be had from here on.
    let mut most = vec![vec![0; right.len() + 1]; left.len() + 1];
    for at in (0..left.len()).rev() {
        for by in (0..right.len()).rev() {
            let paired = worth(left[at], right[by]);
            let with = if paired > 0 { paired + most[at + 1][by + 1] } else { 0 };
            most[at][by] = with.max(most[at + 1][by]).max(most[at][by + 1]);
        }
    }
    let (mut at, mut by, mut pairs) = (0, 0, Vec::new());
    while at < left.len() && by < right.len() {
        let paired = worth(left[at], right[by]);
        if paired > 0 && most[at][by] == paired + most[at + 1][by + 1] {
            pairs.push((left[at], right[by]));
            (at, by) = (at + 1, by + 1);
        } else if most[at][by] == most[at][by + 1] {
            by += 1;
        } else {
            at += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::super::index::Seen;
    use super::super::step::all;
    use super::*;
    use crate::playbook::{OriginOverrides, parse};

    fn playbook(login: &str) -> Playbook {
        let source = format!(
            "app: test\ntitle: Test\norigins: {{ app: https://test.example }}\nflows:\n  login:\n{login}    - expect: {{ signed_in: {{ text: Welcome }} }}\n"
        );
        parse("test.yaml", &source, &OriginOverrides::new()).unwrap_or_else(|report| panic!("{report}"))
    }

    /// As if every step had found what it looks for, in every state.
    fn recording(playbook: &Playbook) -> Index {
        let mut index = Index::default();
        for (_, step) in all(playbook) {
            let mut keep = |state: Option<String>, seen: Vec<&crate::playbook::Target>| {
                let locators = seen.into_iter().flat_map(|target| &target.alternatives);
                let found = locators.map(|locator| Seen {
                    locator: locator.to_string(),
                    frame: None,
                    elements: vec!["html".to_owned()],
                });
                let (step, does) = (step.id.clone(), step.summary());
                index.steps.push(KeptStep { step, does, state, page: String::new(), found: found.collect() });
            };
            match &step.action {
                Action::Expect(expect) => {
                    expect
                        .branches
                        .iter()
                        .for_each(|branch| keep(Some(branch.state.to_string()), vec![&branch.see]));
                }
                action if targets(action).is_empty() => {}
                action => keep(None, targets(action)),
            }
        }
        index
    }

    /// Each step of the changed playbook with the words of the recorded one that it is.
    fn matched(before: &str, after: &str) -> Vec<(String, String)> {
        let kept = recording(&playbook(before)).of_playbook(&playbook(after));
        kept.into_iter().map(|kept| (kept.step, kept.does)).collect()
    }

    fn of<'a>(matched: &'a [(String, String)], step: &str) -> Option<&'a str> {
        matched.iter().find(|(id, _)| id == step).map(|(_, does)| does.as_str())
    }

    const USER: &str = "    - fill: { into: { label: Username }, with: username }\n";
    const WORD: &str = "    - fill: { into: { label: Password }, with: password }\n";
    const GO: &str = "    - click: { role: button, name: Sign in }\n";

    #[test]
    fn what_was_put_between_is_no_recorded_step_and_the_others_are_what_they_were() {
        let before = format!("    - open: /\n{USER}{WORD}{GO}");
        let after = format!(
            "    - open: /\n    - open: /login\n{USER}    - see: {{ text: Hello }}\n{WORD}    - click: {{ text: Stay }}\n{GO}"
        );
        let matched = matched(&before, &after);
        assert_eq!(of(&matched, "login.3"), Some("fill label \"Username\" with username"));
        assert_eq!(of(&matched, "login.5"), Some("fill label \"Password\" with password"));
        assert_eq!(of(&matched, "login.7"), Some("click role button \"Sign in\""));
        assert_eq!(of(&matched, "login.8"), Some("expect signed_in"));
        assert_eq!(matched.len(), 4, "{matched:?}");
    }

    #[test]
    fn what_was_changed_is_told_by_its_place_and_by_what_of_it_is_left() {
        let before = format!("    - open: /\n{USER}{WORD}{GO}");
        let after = format!(
            "    - open: /\n    - fill: {{ into: {{ label: Tenant }}, with: {{ text: acme }} }}\n    - fill: {{ into: {{ label: Member }}, with: username }}\n    - see: {{ text: Hello }}\n{WORD}    - click: {{ role: button, name: Log in }}\n"
        );
        let matched = matched(&before, &after);
        assert_eq!(of(&matched, "login.2"), None);
        assert_eq!(of(&matched, "login.3"), Some("fill label \"Username\" with username"));
        assert_eq!(of(&matched, "login.4"), None);
        assert_eq!(of(&matched, "login.6"), Some("click role button \"Sign in\""));
    }

    #[test]
    fn steps_that_changed_places_are_what_they_were_and_one_that_went_is_none() {
        let before = format!("    - open: /\n{USER}{WORD}{GO}");
        let matched = matched(&before, &format!("    - open: /\n{WORD}{USER}"));
        assert_eq!(of(&matched, "login.2"), Some("fill label \"Password\" with password"));
        assert_eq!(of(&matched, "login.3"), Some("fill label \"Username\" with username"));
        assert_eq!(matched.len(), 3, "{matched:?}");
    }

    #[test]
    fn a_state_of_ones_own_is_known_by_another_name_and_so_are_the_steps_in_it() {
        let states = |first: &str, second: &str, more: &str| {
            format!(
                "    - open: /\n{WORD}{more}    - expect:\n        {first}: {{ see: {{ label: Code }}, then: [{{ fill: {{ into: {{ label: Code }}, with: {{ text: x }} }} }}] }}\n        {second}: {{ see: {{ text: Later }}, then: [{{ click: {{ text: Later }} }}] }}\n        app_error: {{ text: Oh no }}\n"
            )
        };
        let before = playbook(&states("code_wanted", "offered", ""));
        let after = playbook(&states("offered_anew", "asked", USER));
        let kept = recording(&before).of_playbook(&after);
        let words: Vec<String> = kept
            .iter()
            .map(|kept| {
                format!("{} {} {}", kept.step, kept.state.as_deref().unwrap_or("-"), kept.found[0].locator)
            })
            .collect();
        assert_eq!(
            words,
            [
                "login.2 - label \"Password\"",
                "login.4 offered_anew label \"Code\"",
                "login.4 asked text \"Later\"",
                "login.4 app_error text \"Oh no\"",
                "login.4.offered_anew.1 - label \"Code\"",
                "login.4.asked.1 - text \"Later\"",
                "login.5 signed_in text \"Welcome\"",
            ]
        );
        // Once more, as after a second recording that saw nothing of it.
        let sorted = |mut kept: Vec<KeptStep>| {
            kept.sort_by_key(|kept| (kept.step.clone(), kept.state.clone()));
            kept
        };
        let again = Index { steps: kept.clone(), ..Index::default() }.of_playbook(&after);
        assert_eq!(sorted(again), sorted(kept));
    }

    #[test]
    fn a_state_that_is_gone_keeps_its_name_for_the_app_was_in_it() {
        let with = |more: &str| {
            playbook(&format!(
                "    - open: /\n{WORD}    - expect: {{ ready: {{ see: {{ text: Hi }}, then: [] }}{more}, app_error: {{ text: Oh no }} }}\n"
            ))
        };
        let kept = recording(&with(", captcha: { text: Robot }")).of_playbook(&with(""));
        assert!(kept.iter().any(|kept| kept.state.as_deref() == Some("captcha")), "{kept:?}");
    }
}
