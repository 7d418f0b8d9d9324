//! What stands before a login: the way to it, the choice of how to sign in, and whose app it is.

use url::Url;

use super::{
    Found, Login, all, asks_for_place, groups, is_about, is_password, login, read, submit, takes_text,
};
use crate::browser::{Control, ControlKind, Survey};
use crate::draft::words::{
    ASIDE, HANDS_OFF, HAVE_ACCOUNT, NEXT, NO_ACCOUNT, OTHER_THAN_PASSWORD, PASSWORD, REGISTER, SIGN_IN, says,
};

/// The page that asks whose app it is, and for nothing else, before it shows its login.
pub(in crate::draft) fn place_first(survey: &Survey) -> Option<Login> {
    groups(survey).into_iter().find_map(|group| {
        let mut fields = group.iter().filter(|found| takes_text(&found.control));
        let (only, more) = (fields.next()?, fields.next());
        let submit = submit(&group);
        let goes_on = submit
            .as_ref()
            .is_some_and(|found| [NEXT, SIGN_IN].iter().any(|words| says(&read(&found.control), words)));
        let asks = more.is_none()
            && goes_on
            && asks_for_place(&only.control)
            && !only.control.locators.is_empty()
            && !group.iter().any(|found| is_password(&found.control));
        let mut place = only.clone();
        // Whatever the page says of it: nothing comes of the form without.
        place.control.missing = true;
        asks.then_some(Login { place: Some(place), username: None, password: None, submit })
    })
}

/// The button that chooses the password, where a page lets people choose how they sign in.
pub(in crate::draft) fn password_choice(survey: &Survey) -> Option<Found> {
    let chooses = |found: &Found| {
        let Control { kind, text, menu, locators, .. } = &found.control;
        *kind != ControlKind::Field
            && says(text, PASSWORD)
            && !says(text, OTHER_THAN_PASSWORD)
            && !says(text, ASIDE)
            && !says(text, REGISTER)
            && !says(text, HANDS_OFF)
            && !menu
            && !locators.is_empty()
    };
    let mut found: Vec<_> = all(survey).filter(chooses).collect();
    found.sort_by_key(|found| found.control.kind != ControlKind::Button);
    found.into_iter().next()
}

/// The same on the page of a login that asks for no password.
pub(in crate::draft) fn login_choice(survey: &Survey) -> Option<Found> {
    let login = login(survey);
    let asks = login.as_ref().is_some_and(|login| login.password.is_some());
    password_choice(survey).filter(|_| !asks && (login.is_some() || is_about(survey, SIGN_IN)))
}

/// What leads to the login, or at least to where accounts are made: some have their login behind that.
pub(in crate::draft) fn door(survey: &Survey) -> Option<Found> {
    way_in(survey).or_else(|| joins(survey))
}

/// The link or button that leads to where an account is made.
fn joins(survey: &Survey) -> Option<Found> {
    let sends = sends_fields(survey);
    all(survey).find(|found| {
        let Found { control, .. } = found;
        control.kind != ControlKind::Field
            && says(&control.text, REGISTER)
            && !control.locators.is_empty()
            && !sends(found)
    })
}

/// The link or button that leads to the login.
pub(in crate::draft) fn way_in(survey: &Survey) -> Option<Found> {
    let named = |found: &Found| {
        let text = &found.control.text;
        let has_one = says(text, HAVE_ACCOUNT) && !says(text, NO_ACCOUNT) && !says(text, REGISTER);
        has_one || says(text, SIGN_IN) && !says(text, ASIDE)
    };
    let sends = sends_fields(survey);
    all(survey).find(|found| {
        found.control.kind != ControlKind::Field
            && named(found)
            && !found.control.locators.is_empty()
            && !sends(found)
    })
}

/// The same of the links that nobody sees before a menu is opened.
pub(in crate::draft) fn unseen_ways_in(survey: &Survey) -> impl Iterator<Item = Url> {
    let hidden = survey.frames.iter().flat_map(|frame| &frame.hidden);
    let leads = hidden.filter(|link| says(&link.text, SIGN_IN) && !says(&link.text, ASIDE));
    leads.filter_map(|link| Url::parse(&link.href).ok())
}

/// Whether a button sends fields off: it leads nowhere, but acts.
fn sends_fields(survey: &Survey) -> impl Fn(&Found) -> bool + '_ {
    let fields = |found: &Found| {
        let controls = &survey.frames[found.frame].controls;
        controls.iter().any(|control| {
            control.form == found.control.form && (is_password(control) || takes_text(control))
        })
    };
    move |found| {
        let Control { kind, form, r#type, .. } = &found.control;
        *kind == ControlKind::Button
            && form.is_some()
            && matches!(r#type.as_str(), "submit" | "image")
            && fields(found)
    }
}
