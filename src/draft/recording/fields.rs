//! Which steps type into one field, and which of them correct an earlier one.

use secrecy::ExposeSecret;

use super::asides::{aside, cancels, names};
use super::parse::{Act, Recorded};
use super::selectors::{Purpose, locators, own_parts};
use crate::draft::words::{PASSWORD, SIGN_OUT, USERNAME, says};

/// For each step the first one whose text it corrects, one after the other: a half-typed text, or one that the app refused.
pub(super) fn corrected(recorded: &[Recorded]) -> Vec<usize> {
    let mut fields: Vec<usize> = (0..recorded.len()).collect();
    for at in 0..recorded.len() {
        let before = (0..at).rev().find(|before| corrects(recorded, *before, at));
        if let Some(before) = before {
            fields[at] = fields[before];
        }
    }
    fields
}

/// What selectors say of a step's element. What a field is, only its own part of them tells: it may stand in a form that is
/// called `login`. A click may have met something within what it is about.
pub(super) fn words(step: &Recorded) -> String {
    let said = match step.act {
        Act::Change(_) => own_parts(&step.selectors).join(" "),
        _ => all_words(step),
    };
    said.replace(['_', '-'], " ")
}

/// What selectors say of a step's element and of what it is in.
pub(super) fn all_words(step: &Recorded) -> String {
    step.selectors.concat().join(" ")
}

/// Whether both mean one element: by a name that both have, or by the best that each has. Places in the document shift, as
/// by a notice above a form, and count only where there is nothing else.
fn same_element(one: &Recorded, other: &Recorded) -> bool {
    let best = |step: &Recorded| locators(&step.selectors, Purpose::Filling).into_iter().next();
    same_name(one, other) || same_frame(one, other) && best(one) == best(other)
}

fn same_frame(one: &Recorded, other: &Recorded) -> bool {
    one.frame == other.frame && one.target == other.target
}

/// Whether both mean one element by a name that both have.
fn same_name(one: &Recorded, other: &Recorded) -> bool {
    let unambiguous = |chain: &Vec<String>| {
        chain.last().is_some_and(|last| {
            let css = last.strip_prefix("pierce/").unwrap_or(last);
            let names = css.starts_with('#') || css.contains("[name=");
            last.starts_with("aria/") || last.starts_with("text/") || names && !css.contains([' ', '>'])
        })
    };
    same_frame(one, other)
        && one.selectors.iter().any(|chain| unambiguous(chain) && other.selectors.contains(chain))
}

fn value(step: &Recorded) -> Option<&str> {
    match &step.act {
        Act::Change(value) => Some(value.expose_secret()),
        _ => None,
    }
}

/// Whether the step sends a form off, or leads elsewhere: not a click into a field that is filled next, nor one on
/// *Remember me*.
pub(super) fn sends(recorded: &[Recorded], at: usize) -> bool {
    match &recorded[at].act {
        Act::Click { .. } if aside(&recorded[at]).is_none() => {
            let next = recorded[at + 1..].iter().find(|step| !matches!(step.act, Act::Nothing));
            !next.is_some_and(|next| value(next).is_some() && same_element(next, &recorded[at]))
        }
        Act::Key("Enter") => true,
        _ => false,
    }
}

/// The place of what sends off what was typed there.
pub(super) fn sent_by(recorded: &[Recorded], at: usize) -> Option<usize> {
    (at + 1..recorded.len()).find(|at| sends(recorded, *at))
}

/// Whether a text was typed anew into the same field: before it was sent, or because the app did not take it. An app that
/// took it would have led elsewhere.
fn corrects(recorded: &[Recorded], before: usize, at: usize) -> bool {
    let (Some(earlier), Some(later)) = (value(&recorded[before]), value(&recorded[at])) else { return false };
    if !same_element(&recorded[before], &recorded[at]) {
        return false;
    }
    let same_sending = |one, other| same_sending(recorded, one, other);
    let between = before + 1..at;
    // What was cancelled was not sent.
    let sent_off = |at: &usize| sends(recorded, *at) && !cancels(&names(&recorded[*at]).join(" "));
    let sendings: Vec<usize> = between.clone().filter(sent_off).collect();
    let Some(first) = sendings.first().copied() else {
        // Two fields that are called the same have the same text, and one that is typed into twice has not.
        return earlier != later || recorded[before].selectors == recorded[at].selectors;
    };
    let once_more = sendings.iter().all(|each| same_sending(first, *each))
        && !between.clone().any(|at| matches!(recorded[at].act, Act::Navigate { .. }));
    let sent = sent_by(recorded, at);
    let sent_alike = matches!(recorded[first].act, Act::Click { .. })
        && sent.is_some_and(|sent| same_sending(first, sent));
    // Typed elsewhere, too: as the current password it was right, and as a new one it is typed twice.
    let until = sent.unwrap_or(recorded.len());
    let elsewhere = (before + 1..until).filter(|other| *other != at).any(|other| {
        let step = &recorded[other];
        let field = words(step);
        value(step).is_some_and(|value| {
            !same_element(step, &recorded[at])
                && (says(&field, PASSWORD) || (value == earlier || value == later) && !says(&field, USERNAME))
        })
    });
    let signed_out = between.clone().any(|at| sends(recorded, at) && says(&words(&recorded[at]), SIGN_OUT));
    let retyped = || filled_anew(recorded, before, at);
    !signed_out && ((once_more || sent_alike) && !elsewhere || retyped())
}

fn same_sending(recorded: &[Recorded], one: usize, other: usize) -> bool {
    match (&recorded[one].act, &recorded[other].act) {
        (Act::Key(one), Act::Key(other)) => one == other,
        (Act::Click { .. }, Act::Click { .. }) => same_element(&recorded[one], &recorded[other]),
        _ => false,
    }
}

/// Whether the form that was filled there was filled in the same fields and sent off before, and the app did not take it.
/// Of a change that it took, a later one has the new password for the current one.
fn filled_anew(recorded: &[Recorded], before: usize, at: usize) -> bool {
    let form = |at: usize| {
        let from = (0..at).rev().find(|step| sends(recorded, *step)).map_or(0, |sent| sent + 1);
        let steps = &recorded[from..sent_by(recorded, at).unwrap_or(recorded.len())];
        steps.iter().filter(|step| value(step).is_some()).collect::<Vec<_>>()
    };
    let Some(sent) = sent_by(recorded, at) else { return false };
    let sent_alike =
        (before..at).filter(|step| sends(recorded, *step)).all(|step| same_sending(recorded, step, sent));
    let (first, second) = (form(before), form(at));
    let last_in = |form: &[&Recorded], field: &Recorded| {
        form.iter().rev().find(|step| same_name(step, field)).and_then(|step| value(step).map(str::to_owned))
    };
    // A field's text has moved to another one, and it has a new one itself.
    let moved = |step: &&Recorded| {
        let typed = value(step).map(str::to_owned);
        last_in(&first, step) != typed
            && first.iter().any(|other| {
                !same_name(other, step)
                    && value(other) == typed.as_deref()
                    && last_in(&second, other).is_some_and(|later| Some(later) != typed)
            })
    };
    sent_alike && second.iter().all(|step| last_in(&first, step).is_some()) && !second.iter().any(moved)
}
