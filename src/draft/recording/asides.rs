//! Which clicks send a form off, and which stand beside its fields and send nothing.

use super::fields::words;
use super::parse::{Act, Recorded};
use super::selectors::own_parts;
use crate::draft::words::{
    ALL_SESSIONS, CANCEL, CLOSE, ENDS, NEXT, PASSCODE, PASSWORD, REPEAT, SAVE, SIGN_IN, SIGN_OUT, Words, says,
};

/// A click that sends nothing off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// Proves that somebody is there.
    Captcha,
    /// Keeps the session for another day, ends those of other devices, or ticks something else.
    Choice,
}

/// How well it is known that a step sends a form off; the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sending {
    /// It is called so, or it is the key for it.
    Named,
    /// It is a button of that type.
    Submit,
    /// It goes on to something.
    GoesOn,
    /// It is clicked.
    Perhaps,
}

const ROBOT: Words = &[
    "captcha",
    "turnstile",
    "i am human",
    "i'm human",
    "i’m human",
    "you are human",
    "a robot",
    "kein roboter",
    "un robot",
    "um robô",
    "geen robot",
    "не робот",
    "robot değil",
    "ロボットでは",
    "不是机器人",
    "不是機器人",
    "로봇이 아닙",
];

/// With what a password is called.
const SHOW: Words = &[
    "show",
    "hide",
    "reveal",
    "toggle",
    "visibility",
    "anzeigen",
    "einblenden",
    "afficher",
    "mostrar",
    "mostra",
    "ver",
    "tonen",
    "toon",
    "visa",
    "vis",
    "näytä",
    "zobrazit",
    "pokaż",
    "показать",
    "показати",
    "göster",
    "显示",
    "顯示",
    "表示",
    "표시",
];

/// What authors of pages call the button that shows a password.
const EYE: [&str; 7] = ["eye", "show", "hide", "reveal", "toggle", "visibility", "unmask"];

/// Staying signed in: not `remember` alone, which may be a button too.
const REMEMBER: Words = &[
    "remember me",
    "rememberme",
    "remember my",
    "remember this",
    "remember user",
    "remember log",
    "stay signed",
    "stay logged",
    "keep me",
    "keep signed",
    "trust this",
    "angemeldet bleiben",
    "eingeloggt bleiben",
    "merken",
    "se souvenir",
    "rester connecté",
    "recordarme",
    "recuérdame",
    "mantener la sesión",
    "lembrar de mim",
    "lembrar-me",
    "manter conectado",
    "ricordami",
    "resta connesso",
    "onthoud",
    "aangemeld blijven",
    "ingelogd blijven",
    "kom ihåg",
    "husk meg",
    "husk mig",
    "muista minut",
    "zapamatovat",
    "zapamiętaj",
    "запомнить",
    "запам'ят",
    "beni hatırla",
    "记住",
    "記住",
    "ログイン状態",
    "ログインしたまま",
    "로그인 상태 유지",
    "تذكرني",
    "זכור",
    "emlékezz",
];

/// What also sends a form off.
const GO: Words = &[
    "enter",
    "ok",
    "confirm",
    "verify",
    "unlock",
    "bestätigen",
    "absenden",
    "senden",
    "valider",
    "envoyer",
    "enviar",
    "invia",
    "verzenden",
    "確認",
    "送信",
    "确认",
    "提交",
    "확인",
    "отправить",
];

/// Whether what is called so leaves a form without sending it off.
pub(super) fn cancels(called: &str) -> bool {
    // *Zurücksetzen* sets a password anew.
    let called = called.to_lowercase().replace("zurücksetz", "");
    says(&called, CANCEL) || says(&called, CLOSE) && !says(&called, SAVE)
}

/// Whether the step is a click on what deletes something.
pub(super) fn deletes(step: &Recorded) -> bool {
    matches!(step.act, Act::Click { .. }) && says(&names(step).join(" "), ENDS)
}

/// What people read of a step's element.
pub(super) fn names(step: &Recorded) -> Vec<&str> {
    let last = step.selectors.iter().filter_map(|chain| chain.last());
    let names = last.filter_map(|each| match each.strip_prefix("aria/") {
        Some(aria) => Some(aria.split_once("[role=").map_or(aria, |(name, _)| name)),
        None => each.strip_prefix("text/"),
    });
    names.map(str::trim).filter(|name| !name.is_empty()).collect()
}

/// Whether the step is a click that sends nothing off.
pub(super) fn aside(step: &Recorded) -> Option<Aside> {
    if !matches!(step.act, Act::Click { .. }) {
        return None;
    }
    // A button's classes may speak of what watches over it.
    let names = names(step).join(" ");
    let nameless = names.is_empty();
    let called = if nameless { words(step) } else { names };
    let frame = step.target.as_deref().unwrap_or_default();
    let guarded = ["captcha", "challenges.cloudflare.com"].iter().any(|each| frame.contains(each));
    let any = |parts: &[&str]| {
        step.selectors.iter().flatten().any(|each| parts.iter().any(|part| each.contains(part)))
    };
    let ticks = || {
        any(&[
            "[role=\"checkbox\"]",
            "[role=\"switch\"]",
            "[role=\"radio\"]",
            "[role=\"option\"]",
            "[role=\"menuitemcheckbox\"]",
        ]) || any(&[
            "type=checkbox",
            "type=\"checkbox\"",
            "type='checkbox'",
            "type=radio",
            "type=\"radio\"",
            "type='radio'",
        ])
    };
    let ends_others = says(&called, SIGN_OUT) && says(&called, ALL_SESSIONS);
    if guarded || says(&called, ROBOT) {
        Some(Aside::Captcha)
    } else {
        (says(&called, REMEMBER) || nameless && called.contains("remember") || ticks() || ends_others)
            .then_some(Aside::Choice)
    }
}

/// Takes out the clicks on what shows a password.
pub(super) fn take_out_shows(recorded: &mut [Recorded]) {
    for at in 0..recorded.len() {
        if shows(recorded, at) {
            recorded[at].act = Act::Show;
        }
    }
}

/// Whether the step is a click on what shows a password: it says so, or it is called as such buttons are and stands beside
/// the field.
fn shows(recorded: &[Recorded], at: usize) -> bool {
    let step = &recorded[at];
    if !matches!(step.act, Act::Click { .. }) || aside(step) == Some(Aside::Captcha) {
        return false;
    }
    let names = names(step).join(" ");
    let called = if names.is_empty() { words(step) } else { names.clone() };
    if says(&called, SIGN_IN) {
        return false;
    }
    if says(&called, SHOW) && says(&called, PASSWORD) {
        return true;
    }
    let passed = |step: &&Recorded| !matches!(step.act, Act::Nothing | Act::Show);
    let field = |step: &Recorded| {
        matches!(step.act, Act::Change(_))
            && (says(&words(step), PASSWORD)
                || says(&words(step), PASSCODE)
                || says(&words(step), REPEAT)
                || self::names(step).is_empty())
    };
    let beside = recorded[..at].iter().rev().find(passed).is_some_and(field)
        || recorded[at + 1..].iter().find(passed).is_some_and(field);
    let eye = || {
        let own = own_parts(&step.selectors).join(" ").to_lowercase();
        own.split(|c: char| !c.is_alphabetic()).any(|word| EYE.contains(&word))
    };
    let so_called = if names.is_empty() { eye() } else { says(&names, SHOW) && names.split(' ').count() < 3 };
    step.leads_to.is_none() && beside && so_called
}

impl Sending {
    /// Whether the step may send a form off.
    pub(super) fn of(step: &Recorded) -> Option<Self> {
        match step.act {
            Act::Key("Enter") => Some(Self::Named),
            Act::Click { .. } if aside(step).is_none() => {
                let names = names(step).join(" ");
                let words = words(step);
                Some(if says(&names, SIGN_IN) {
                    Self::Named
                } else if words.contains("submit") {
                    Self::Submit
                } else if says(&names, NEXT) || says(&names, GO) || names.is_empty() && says(&words, SIGN_IN)
                {
                    Self::GoesOn
                } else {
                    Self::Perhaps
                })
            }
            _ => None,
        }
    }
}
