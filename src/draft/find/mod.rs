//! Which controls of a surveyed page are the login, the way out, the change of password.

mod change;
mod entrance;

pub(super) use change::{change, current_alone};
pub(super) use entrance::{door, login_choice, password_choice, place_first, unseen_ways_in, way_in};

use super::words::{
    AGREES, ALL_SESSIONS, ASIDE, CODE, CONSENT, ENDS, HANDS_OFF, LATER, LINK, LISTS, MFA, NEXT, NO,
    NO_ACCOUNT, OTHER_CODE, PASSCODE, PERSON, PLACE, REGISTER, SECURITY, SETTINGS, SIGN_IN, SIGN_OUT, STARTS,
    STAY, TURN_ON, USERNAME, Words, says,
};
use url::Url;

use crate::browser::{Control, ControlKind, Survey};
use crate::playbook::By;

/// A control, and the place of the frame that it is in.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub frame: usize,
    pub control: Control,
}

/// What a login asks for on one page: a name, a password, or both; or first of all whose app it is.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub place: Option<Found>,
    pub username: Option<Found>,
    pub password: Option<Found>,
    pub submit: Option<Found>,
}

/// All that people and programs see of a control.
fn seen(control: &Control) -> String {
    let Control { labels, beside, text, placeholder, name, id, .. } = control;
    format!(
        "{} {beside} {text} {placeholder} {} {}",
        labels.join(" "),
        name.replace(['_', '-'], " "),
        id.replace(['_', '-'], " ")
    )
}

/// What people read of it; what the page's author calls it only if they read nothing.
fn read(control: &Control) -> String {
    let shown = format!("{} {} {}", control.labels.join(" "), control.text, control.placeholder);
    if shown.trim().is_empty() { seen(control) } else { shown }
}

pub(super) fn is(control: &Control, words: Words) -> bool {
    says(&seen(control), words)
}

pub(super) fn is_password(control: &Control) -> bool {
    control.kind == ControlKind::Field && control.r#type == "password"
}

fn takes_text(control: &Control) -> bool {
    control.kind == ControlKind::Field
        && matches!(control.r#type.as_str(), "text" | "email" | "tel" | "" | "url")
        && control.role != "searchbox"
}

fn has_token(control: &Control, token: &str) -> bool {
    control.autocomplete.split_whitespace().any(|each| each == token)
}

/// The groups of controls that belong together: a form's, or a frame's own that are in none.
fn groups(survey: &Survey) -> Vec<Vec<Found>> {
    let mut groups = Vec::new();
    for (frame, surveyed) in survey.frames.iter().enumerate() {
        let mut forms: Vec<Option<usize>> = surveyed.controls.iter().map(|control| control.form).collect();
        forms.sort_unstable_by_key(|form| form.unwrap_or(usize::MAX));
        forms.dedup();
        for form in forms {
            let controls = surveyed.controls.iter().filter(|control| control.form == form);
            groups.push(controls.map(|control| Found { frame, control: control.clone() }).collect());
        }
    }
    groups
}

/// The login, if the page asks for one.
pub(super) fn login(survey: &Survey) -> Option<Login> {
    let mut groups = groups(survey);
    let elsewhere = is_elsewhere(survey);
    groups.retain(|group| !registers(group, elsewhere));
    let with_password = groups.iter().find_map(|group| password_form(group));
    let address = survey.frames.first().is_some_and(|frame| says(&frame.page.url, SIGN_IN));
    let about = address || is_about(survey, SIGN_IN);
    let choice = password_choice(survey);
    with_password.or_else(|| groups.iter().find_map(|group| name_first(group, about, choice.as_ref())))
}

/// Whether the page leads to a login and is none itself.
fn is_elsewhere(survey: &Survey) -> bool {
    way_in(survey).is_some()
        && !is_about(survey, SIGN_IN)
        && [REGISTER, STARTS].iter().any(|words| is_about(survey, words))
}

/// Whether the page's title or headings say so.
fn is_about(survey: &Survey, words: Words) -> bool {
    let pages = survey.frames.iter().map(|frame| &frame.page);
    pages.flat_map(|page| page.headings.iter().chain([&page.title])).any(|text| says(text, words))
}

/// Whether a form makes a new account: its button says so, or only its page does and the login is `elsewhere`.
fn registers(group: &[Found], elsewhere: bool) -> bool {
    let named = |words: Words| {
        let mut buttons = group.iter().filter(|found| found.control.kind == ControlKind::Button);
        buttons.any(|found| says(&read(&found.control), words))
    };
    match submit(group).map(|found| read(&found.control)) {
        Some(text) if says(&text, SIGN_IN) => false,
        Some(text) if says(&text, NEXT) => elsewhere,
        _ => elsewhere || named(REGISTER) || named(STARTS),
    }
}

/// Whether there is a form that makes a new account, which nobody is to send off.
pub(super) fn registration(survey: &Survey) -> bool {
    groups(survey).iter().any(|group| {
        let about = is_about(survey, REGISTER) || is_about(survey, STARTS);
        group.iter().any(|found| is_password(&found.control)) && registers(group, about)
    })
}

fn password_form(group: &[Found]) -> Option<Login> {
    let passwords: Vec<_> =
        group.iter().enumerate().filter(|(_, found)| is_password(&found.control)).collect();
    // Two passwords are a registration or a change.
    let [(at, password)] = passwords.as_slice() else { return None };
    // Many a login says so to keep browsers from filling it.
    let signs_in = submit(group).is_some_and(|found| says(&read(&found.control), SIGN_IN));
    if has_token(&password.control, "new-password")
        && !has_token(&password.control, "current-password")
        && !signs_in
    {
        return None;
    }
    let before = group[..*at].iter().rev().filter(|found| takes_text(&found.control));
    let username = before.clone().find(|found| is_name(&found.control)).or_else(|| before.clone().next());
    // What is in a shadow root comes behind what is not, wherever it is drawn. Outside of a form anything may stand together.
    let behind = || {
        let in_form = password.control.form.is_some();
        let mut texts = group[*at..].iter().filter(|found| in_form && takes_text(&found.control));
        let asks = |found: &&Found| [CODE, PASSCODE, PLACE].iter().any(|words| is(&found.control, words));
        match (texts.next(), texts.next()) {
            (Some(only), None) if !asks(&only) => Some(only),
            (Some(one), Some(_)) if is_name(&one.control) => Some(one),
            _ => None,
        }
    };
    let username = username.or_else(behind);
    let (username, password) = (username.cloned(), Some((*password).clone()));
    Some(Login { place: None, username, password, submit: submit(group) })
}

/// The page of a login that asks for the name alone. `about`: the page says that it is one. Where the form's own button mails
/// a link instead, it is sent off by the `choice` of the password, if there is one.
fn name_first(group: &[Found], about: bool, choice: Option<&Found>) -> Option<Login> {
    // Without its password a login would be sent off for nothing, and the app may count that.
    if group.iter().any(|found| is_password(&found.control)) {
        return None;
    }
    let fields: Vec<_> = group.iter().filter(|found| takes_text(&found.control)).collect();
    if fields.iter().any(|found| is(&found.control, PASSCODE)) {
        return None;
    }
    let submit = submit(group);
    let mails = submit.as_ref().is_some_and(|found| says(&read(&found.control), LINK));
    let choice = choice.filter(|choice| mails && group.iter().all(|found| found.frame == choice.frame));
    let submit = choice.cloned().or(submit);
    let reads = |words| submit.as_ref().is_some_and(|found| says(&read(&found.control), words));
    let is_ones_name = |found: &&&Found| is_name(&found.control) && !asks_for_place(&found.control);
    let username = fields.iter().find(is_ones_name).or_else(|| {
        // Whatever it is called: nothing else is asked for.
        let alone = group.iter().filter(|found| found.control.kind == ControlKind::Field).count() == 1;
        let signs_in = reads(SIGN_IN) || about && reads(NEXT);
        fields
            .first()
            // Outside of a form anything may stand together.
            .filter(|found| alone && signs_in && found.control.form.is_some())
            .filter(|found| !is(&found.control, CODE) && !is(&found.control, PLACE))
    })?;
    // A newsletter asks for an address too, and a comment for more than that.
    let goes_on = match fields.len() {
        1 => choice.is_some() || reads(SIGN_IN) || reads(NEXT),
        more => more <= 3 && reads(SIGN_IN),
    };
    goes_on.then(|| Login { place: None, username: Some((*username).clone()), password: None, submit })
}

/// Whether people read that it is to say whose app it is, and nothing of a name.
fn asks_for_place(control: &Control) -> bool {
    let token = ["username", "email"].iter().any(|token| has_token(control, token));
    let text = read(control);
    !token && control.r#type != "email" && says(&text, PLACE) && !says(&text, USERNAME)
}

fn is_name(control: &Control) -> bool {
    ["username", "email"].iter().any(|token| has_token(control, token))
        || control.r#type == "email"
        || (is(control, USERNAME) && !is(control, CODE))
}

/// What else a login's form asks for: texts and choices, and whatever it is not sent off without.
pub(super) fn others(survey: &Survey, login: &Login) -> Vec<Found> {
    let own = [&login.username, &login.password];
    let Some(field) = own.into_iter().rev().find_map(Option::as_ref) else { return Vec::new() };
    let is_own = |found: &Found| {
        let same = |each: &Found| each.frame == found.frame && each.control.place == found.control.place;
        own.into_iter().flatten().any(same)
    };
    let other = |found: &Found| {
        let control = &found.control;
        let same = found.frame == field.frame && control.form == field.control.form;
        let asks = takes_text(control) || control.r#type == "number" || control.r#type == "select-one";
        let asks = asks && (control.form.is_some() || control.missing);
        let needed = control.kind == ControlKind::Field && control.missing && !is_password(control);
        same && (asks || needed) && !is_own(found) && !control.locators.is_empty()
    };
    all(survey).filter(other).collect()
}

/// What people call a field.
pub(super) fn called(control: &Control) -> String {
    let Control { labels, beside, placeholder, name, .. } = control;
    let words = [labels.first().unwrap_or(beside), placeholder, name];
    words.into_iter().find(|each| !each.is_empty()).cloned().unwrap_or_default()
}

/// The button that sends a group of fields off.
pub(super) fn submit(group: &[Found]) -> Option<Found> {
    let worth = |found: &Found| {
        let control = &found.control;
        let text = read(control);
        let registers = says(&text, REGISTER) && !says(&text, SIGN_IN);
        if control.kind != ControlKind::Button || control.menu || says(&text, ASIDE) || registers {
            return 0;
        }
        let sends = matches!(control.r#type.as_str(), "submit" | "image") && control.form.is_some();
        let named = if says(&text, SIGN_IN) {
            4
        } else if says(&text, NEXT) {
            3
        } else {
            0
        };
        if !sends && named == 0 { 0 } else { named + if sends { 2 } else { 0 } }
    };
    let best = group.iter().map(worth).max()?;
    group.iter().find(|found| best > 0 && worth(found) == best).cloned()
}

/// The field for a code of a second factor.
pub(super) fn code_field(survey: &Survey) -> Option<(Found, Option<Found>)> {
    groups(survey).iter().find_map(|group| {
        if group.iter().any(|found| is_password(&found.control)) {
            return None;
        }
        let field = group.iter().find(|found| {
            let control = &found.control;
            let code = is(control, CODE) && !is(control, OTHER_CODE);
            takes_code(control) && (has_token(control, "one-time-code") || code)
        });
        Some((field.or_else(|| boxes(group))?.clone(), submit(group)))
    })
}

fn takes_code(control: &Control) -> bool {
    takes_text(control) || control.r#type == "number"
}

/// The first of the boxes that a code is spread over, a character each.
fn boxes(group: &[Found]) -> Option<&Found> {
    let mut fields = group.iter().filter(|found| takes_code(&found.control));
    let first = fields.clone().next()?;
    let many = fields.clone().count();
    ((4..=10).contains(&many) && fields.all(|found| found.control.one)).then_some(first)
}

/// What may be for a code, whatever it is called: nothing else is typed on the page, and it takes a few characters or digits.
pub(super) fn short_field(survey: &Survey) -> Option<(Found, Option<Found>)> {
    let mut fields = all(survey).filter(|found| takes_code(&found.control) || is_password(&found.control));
    let field = fields.next().filter(|found| found.control.digits && fields.next().is_none())?;
    let groups = groups(survey);
    let same = |other: &Found| (other.frame, other.control.place) == (field.frame, field.control.place);
    let submit = submit(groups.iter().find(|group| group.iter().any(same))?)?;
    Some((field, Some(submit)))
}

pub(super) fn all(survey: &Survey) -> impl Iterator<Item = Found> + '_ {
    survey.frames.iter().enumerate().flat_map(|(frame, surveyed)| {
        surveyed.controls.iter().map(move |control| Found { frame, control: control.clone() })
    })
}

/// The button that closes a banner about cookies: none of a form, and the one that gives least away.
pub(super) fn consent(survey: &Survey) -> Option<Found> {
    let worth = |found: &Found| {
        let Control { kind, text, form, locators, .. } = &found.control;
        let button = *kind == ControlKind::Button
            && form.is_none()
            && !locators.is_empty()
            && text.chars().count() <= 40;
        CONSENT.iter().position(|word| button && says(text, std::slice::from_ref(word)))
    };
    all(survey)
        .filter_map(|found| Some((worth(&found)?, found)))
        .min_by_key(|(worth, _)| *worth)
        .map(|(_, found)| found)
}

/// The button that closes what lies over the page, if that can wait: it is no form for a password or a code, and the
/// button leaves all as it is.
pub(super) fn closes_overlay(survey: &Survey) -> Option<Found> {
    let main = survey.frames.first().filter(|frame| frame.overlay.is_some())?;
    let over: Vec<&Control> = main.controls.iter().filter(|control| control.over).collect();
    let asks = |control: &&Control| is_password(control) || takes_text(control) && is(control, CODE);
    if over.iter().any(asks) {
        return None;
    }
    // With one button there is one thing to do; what leads elsewhere is only to be read.
    let leads_on = |control: &&&Control| control.kind == ControlKind::Link && !leads_nowhere(&control.href);
    let alone = over.iter().filter(|control| !leads_on(control)).count() == 1;
    let worth = |control: &Control| {
        let Control { kind, text, locators, .. } = control;
        let inert =
            *kind == ControlKind::Button || *kind == ControlKind::Link && leads_nowhere(&control.href);
        let short = text.chars().count() <= 40;
        let said = words(control);
        if !inert || !short || locators.is_empty() || says(text, HANDS_OFF) || says(text, AGREES) {
            return None;
        }
        let later = LATER.iter().position(|word| says(said, std::slice::from_ref(word)));
        let crossed = text.is_empty() && says(&control.picture, &["times", "cross", "xmark"])
            || matches!(text.trim(), "×" | "✕" | "✖" | "x" | "X");
        let goes_on = says(text, NEXT) || says(text, &["ok", "okay"]);
        let declines = says_no(control);
        let plain = [crossed, declines, alone && goes_on].iter().position(|each| *each);
        later.or(plain.map(|at| LATER.len() + at))
    };
    let closes = over.into_iter().filter_map(|control| Some((worth(control)?, control)));
    closes.min_by_key(|(worth, _)| *worth).map(|(_, control)| Found { frame: 0, control: control.clone() })
}

/// Whether a button that closes something says that it can wait, and not only that it was read.
pub(super) fn can_wait(control: &Control) -> bool {
    let said = words(control);
    says(said, LATER) && !says(said, &["got it"]) || says_no(control)
}

/// Whether it says no, and nothing else.
pub(super) fn says_no(control: &Control) -> bool {
    NO.contains(&control.text.trim().to_lowercase().as_str())
}

/// The button that declines, where a page asks for nothing but whether to stay signed in: behind a login it holds up whoever
/// comes in. With the question.
pub(super) fn declines_to_stay(survey: &Survey) -> Option<(Found, String)> {
    let headings = survey.frames.first().map(|frame| &frame.page.headings);
    let question = headings.into_iter().flatten().find(|text| says(text, STAY))?;
    if all(survey).any(|found| is_password(&found.control) || takes_text(&found.control)) {
        return None;
    }
    let declines = |found: &Found| {
        let Found { frame, control } = found;
        let inert = control.kind == ControlKind::Button || leads_nowhere(&control.href);
        let no = says_no(control) || says(&control.text, LATER) || says(&control.text, NO_ACCOUNT);
        *frame == 0 && control.kind != ControlKind::Field && inert && no && !control.locators.is_empty()
    };
    all(survey).find(declines).map(|found| (found, question.clone()))
}

/// The link or button that ends the session.
pub(super) fn way_out(survey: &Survey) -> Option<Found> {
    let named = |found: &Found| {
        let Control { kind, text, href, .. } = &found.control;
        *kind != ControlKind::Field
            && !says(text, LISTS)
            && !says(text, ENDS)
            && (says(text, SIGN_OUT)
                || (*kind == ControlKind::Link
                    && (text.is_empty() || says(text, &["disconnect", "exit", "quit"]))
                    && says(href, SIGN_OUT)))
    };
    let more = |control: &Control| !SIGN_OUT.contains(&control.text.trim().to_lowercase().as_str());
    // Where there are several, the one that ends this session only, and says the least besides.
    all(survey)
        .filter(|found| named(found) && !found.control.locators.is_empty())
        .min_by_key(|found| (ends_all(&found.control), more(&found.control)))
}

/// Whether a way out is that of all sessions, not of this one.
pub(super) fn ends_all(way_out: &Control) -> bool {
    says(&way_out.text, ALL_SESSIONS)
}

pub(super) fn leads_nowhere(href: &str) -> bool {
    href.is_empty() || href.starts_with("javascript:") || href.ends_with('#')
}

/// Whether it is a picture of whoever is signed in, without a word.
pub(super) fn pictures_owner(control: &Control) -> bool {
    control.kind != ControlKind::Field && control.text.is_empty() && is_person(control)
}

/// Whether its picture is a person's, and of none that is to be added or taken away.
pub(super) fn is_person(control: &Control) -> bool {
    says(&control.picture, PERSON)
        && !says(&control.picture, &["add", "plus", "new", "invite", "remove", "minus", "off"])
}

/// What tells a control from others: its words, or its picture's where it has none.
pub(super) fn words(control: &Control) -> &str {
    if control.text.is_empty() { &control.picture } else { &control.text }
}

/// Of what is new behind a login: what leads to one's own settings or opens a menu, and whatever else there is. What
/// turns something on goes when it is on.
pub(super) fn marks(survey: &Survey, new: impl Fn(&str) -> bool) -> (Option<Found>, Option<Found>) {
    let lasting = |found: &Found| {
        let Control { kind, text, locators, over, .. } = &found.control;
        *kind != ControlKind::Field
            && !over
            && (!text.is_empty() || pictures_owner(&found.control))
            && new(words(&found.control))
            && !says(text, TURN_ON)
            && !says(text, SIGN_IN)
            && !locators.is_empty()
    };
    let own = |found: &Found| {
        let Found { control, .. } = found;
        control.menu || is(control, SETTINGS) || is(control, SECURITY) || pictures_owner(control)
    };
    // The picture of whoever is in, else what people can read in the playbook, rather than the way through the document.
    // What leads elsewhere is what the page tells of today.
    let leads_away = |found: &Found| {
        let there = Url::parse(&found.control.href).ok();
        there.is_some_and(|url| url.origin().ascii_serialization() != survey.frames[found.frame].origin)
    };
    let rank = |found: &Found| match found.control.locators.first().map(|best| &best.by) {
        _ if leads_away(found) => 3,
        _ if pictures_owner(&found.control) => 0,
        Some(By::Css(_)) => 2,
        _ => 1,
    };
    let first = |holds: &dyn Fn(&Found) -> bool| all(survey).filter(holds).min_by_key(rank);
    (first(&|found| lasting(found) && own(found)), first(&lasting))
}

/// What turns a second factor on, if the page is about one.
pub(super) fn mfa(survey: &Survey) -> Option<Found> {
    let about = survey
        .frames
        .iter()
        .any(|frame| says(&format!("{} {}", frame.page.title, frame.page.headings.join(" ")), MFA));
    all(survey).find(|found| {
        let Found { control, .. } = found;
        let text = read(control);
        let acts = control.kind == ControlKind::Button
            || (control.kind == ControlKind::Link && !control.href.is_empty());
        acts && says(&text, TURN_ON)
            && (about || says(&text, MFA))
            && !control.locators.is_empty()
            && !says(&text, &["passkey", "security key", "webauthn"])
    })
}
