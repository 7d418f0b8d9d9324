//! Windows that a page opened while it was recorded: a recording names them as it names the frames of other origins.

use url::Url;

use super::asides::names;
use super::parse::{Act, Recorded};
use crate::draft::words::{Words, says};

/// What opens the login of another one in a window of its own.
const BY_ANOTHER: Words = &[
    "sso",
    "single sign",
    "sign in with",
    "log in with",
    "login with",
    "sign in via",
    "log in via",
    "continue with",
    "anmelden mit",
    "einloggen mit",
    "weiter mit",
    "se connecter avec",
    "continuer avec",
    "iniciar sesión con",
    "continuar con",
    "entrar com",
    "accedi con",
    "inloggen met",
    "logga in med",
];

/// The origin of the step's frame or window, if that has one of its own.
pub(super) fn origin(step: &Recorded) -> Option<String> {
    let target = step.target.as_deref().and_then(|target| Url::parse(target).ok());
    target.filter(Url::has_host).map(|url| url.origin().ascii_serialization())
}

/// The origins of the windows: a window is closed, goes to an address, or comes with a click that signs in by another one.
pub(super) fn windows(recorded: &[Recorded]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for (at, step) in recorded.iter().enumerate() {
        let Some(origin) = origin(step) else { continue };
        let of_a_window = matches!(step.kind, "close" | "setViewport" | "navigate");
        let before = recorded[..at].iter().rev().find(|step| !matches!(step.act, Act::Nothing));
        let came = !seen.contains(&origin)
            && step.frame.is_empty()
            && before.is_some_and(|before| {
                matches!(before.act, Act::Click { .. }) && says(&names(before).join(" "), BY_ANOTHER)
            });
        if (of_a_window || came) && !known.contains(&origin) {
            known.push(origin.clone());
        }
        seen.push(origin);
    }
    known
}
