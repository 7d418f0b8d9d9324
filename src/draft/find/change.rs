//! The form that changes the password.

use super::{Found, all, groups, has_token, is, is_about, is_name, is_password, read, submit, takes_text};
use crate::browser::{Control, ControlKind, Survey};
use crate::draft::words::{ASIDE, CURRENT, ENDS, HANDS_OFF, PASSWORD, REPEAT, SAVE, Words, says};

/// The fields of a page that changes the password.
#[derive(Debug, Clone)]
pub(in crate::draft) struct Change {
    pub current: Option<Found>,
    pub new: Found,
    pub repeat: Option<Found>,
    pub submit: Option<Found>,
}

/// The form that changes the password: one that asks for the current one, where there are several; none that ends the account, for
/// which many ask for the password twice.
pub(in crate::draft) fn change(survey: &Survey) -> Option<Change> {
    let changes = groups(survey).into_iter().filter_map(|group| {
        let mut change = change_in(&group)?;
        if change.submit.is_none() {
            change.submit = saves_behind(survey, &change);
        }
        let ends = change.submit.as_ref().is_some_and(|found| says(&found.control.text, ENDS));
        (!ends).then_some(change)
    });
    changes.min_by_key(|change| change.current.is_none())
}

/// The button that saves a form from outside of it: the first that says so behind the form's last field.
fn saves_behind(survey: &Survey, change: &Change) -> Option<Found> {
    let last = [Some(&change.new), change.repeat.as_ref(), change.current.as_ref()];
    let last = last.into_iter().flatten().max_by_key(|found| found.control.place)?;
    let behind = |found: &Found| {
        let Found { frame, control } = found;
        *frame == last.frame && control.form.is_none() && control.place > last.control.place
    };
    all(survey).find(|found| behind(found) && changes(&found.control) && !found.control.locators.is_empty())
}

/// The field for the current password, where a page about passwords shows none for the new one.
pub(in crate::draft) fn current_alone(survey: &Survey) -> Option<Found> {
    if !is_about(survey, PASSWORD) {
        return None;
    }
    groups(survey).into_iter().find_map(|group| {
        let mut passwords = group.iter().filter(|found| is_password(&found.control));
        let (only, more) = (passwords.next()?, passwords.next());
        // With a name it is a login.
        let named = group.iter().any(|found| takes_text(&found.control) && is_name(&found.control));
        let current = has_token(&only.control, "current-password") || is(&only.control, CURRENT);
        (current && more.is_none() && !named).then(|| only.clone())
    })
}

fn change_in(group: &[Found]) -> Option<Change> {
    // Some show what they have made up.
    let shown = |control: &Control| {
        takes_text(control) && has_token(control, "new-password") && is(control, PASSWORD)
    };
    let is_one = |found: &&Found| {
        (is_password(&found.control) || shown(&found.control)) && !is_of_machines(&found.control)
    };
    let mut passwords: Vec<&Found> = group.iter().filter(is_one).collect();
    // A key of an API is masked as a password is: where others say that they are one, it is none.
    if passwords.iter().any(|found| is_named_password(&found.control)) {
        passwords.retain(|found| is_named_password(&found.control));
    }
    let own = |found: &Found, token: &str, words: Words| {
        has_token(&found.control, token) || is(&found.control, words)
    };
    let mut current = passwords.iter().position(|found| own(found, "current-password", CURRENT));
    if current.is_none() && passwords.len() == 3 {
        current = Some(0);
    }
    let rest: Vec<&&Found> =
        passwords.iter().enumerate().filter(|(at, _)| Some(*at) != current).map(|(_, found)| found).collect();
    let repeat = rest.iter().rposition(|found| is(&found.control, REPEAT));
    let new_at = match (rest.len(), repeat) {
        (1, None) if current.is_some() || has_token(&rest[0].control, "new-password") => 0,
        (2, Some(0)) => 1,
        (2, _) => 0,
        _ => return None,
    };
    let repeat = if rest.len() == 2 { Some((*rest[1 - new_at]).clone()) } else { None };
    let last = group.iter().rposition(|found| is_password(&found.control)).unwrap_or(0);
    let submit = submit(group).filter(|found| !says(&found.control.text, REVEALS)).or_else(|| {
        // Without a form: what stands behind the fields and says so, else the one that says so before them.
        let (before, behind) = group.split_at(last);
        // What a dialog covers has opened it.
        let over = group.get(last).is_some_and(|found| found.control.over);
        let changes = |control: &Control| changes(control) && control.over == over;
        let mut before: Vec<_> = before.iter().filter(|found| changes(&found.control)).collect();
        if before.len() > 1 {
            before.retain(|found| saves(&found.control));
        }
        let only = before.first().copied().filter(|_| before.len() == 1);
        behind.iter().find(|found| changes(&found.control)).or(only).cloned()
    });
    Some(Change {
        current: current.map(|at| passwords[at].clone()),
        new: (*rest[new_at]).clone(),
        repeat,
        submit,
    })
}

/// Whether what a field hides is said to be something that programs sign in with. Pages give such fields the token of new passwords,
/// to keep browsers from filling them.
fn is_of_machines(control: &Control) -> bool {
    const MACHINES: Words = &["api", "key", "token", "url", "webhook", "client secret"];
    says(&read(control), MACHINES) && !says(&read(control), PASSWORD)
}

/// Whether a field that hides what is typed says that it is for a password.
fn is_named_password(control: &Control) -> bool {
    ["current-password", "new-password"].iter().any(|token| has_token(control, token))
        || [PASSWORD, CURRENT, REPEAT].iter().any(|words| is(control, words))
}

/// What a button says that shows or makes something rather than sending what was typed.
const REVEALS: Words = &["reveal", "copy", "generate", "show", "view", "api key"];

/// Whether a button says that it saves, and nothing else.
fn saves(control: &Control) -> bool {
    let text = control.text.trim().to_lowercase();
    text == "ok" || text == "save changes" || SAVE.contains(&text.as_str())
}

/// Whether a button's words are those of one that saves a change.
fn changes(control: &Control) -> bool {
    let text = &control.text;
    let named = says(text, PASSWORD)
        || saves(control)
        || says(text, &["change", "save", "update", "set", "confirm", "apply"]);
    control.kind == ControlKind::Button
        && !control.menu
        && named
        && !says(text, ASIDE)
        && !says(text, HANDS_OFF)
}
