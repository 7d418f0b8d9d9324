//! Recordings of Chrome DevTools Recorder (`recording.json`) as drafts.
//!
//! What was typed is never written out: where it is known what it was, its variable stands for it, and elsewhere a
//! question.

mod fields;
mod parse;
mod secrets;
mod selectors;

use secrecy::SecretString;
use url::Url;

pub use parse::BadRecording;
use parse::{Act, Recorded};
use secrets::{Kept, Typed};

use super::findings::{ChangeForm, Findings, Move, Names, Settings};
use super::words::{MENU, MFA, SETTINGS, SIGN_OUT, USERNAME, Words, says};
use super::write::guessed;
use crate::playbook::{By, Locator};

/// Drafts a playbook from a recording.
///
/// # Errors
/// If it is none; the message names the place in it, and nothing that was typed.
pub fn import(json: &SecretString, app: &str) -> Result<Findings, BadRecording> {
    let recorded = parse::parse(json)?;
    let kept = Kept::of(&recorded);
    let mut import = Import { findings: Findings::new(app, "a recording does not say"), kept };
    let start = recorded.iter().find_map(|step| match &step.act {
        Act::Navigate { url } => Url::parse(url).ok().filter(is_of_the_web),
        _ => None,
    });
    let start = start.ok_or_else(|| {
        BadRecording::new("steps", "no step goes to an address: record from an open page on")
    })?;
    import.findings.origins.push(("app".to_owned(), start.origin().ascii_serialization()));
    let mut moves: Vec<Made> = Vec::new();
    for (at, step) in recorded.iter().enumerate() {
        let made = import.moves(step, recorded.get(at + 1));
        moves.extend(made.into_iter().map(|(step, typed)| Made { step, typed, at }));
    }
    // What is typed in several goes is there once.
    moves.dedup_by(|later, earlier| {
        let again = later.typed.is_some()
            && earlier.typed.is_some()
            && import.kept.field_of(later.at) == import.kept.field_of(earlier.at);
        if again {
            std::mem::swap(later, earlier);
        }
        again
    });
    import.arrange(moves);
    Ok(import.findings)
}

/// What an address bears for one visit.
const ONCE: [&str; 7] = ["token", "state", "nonce", "session", "csrf", "code", "secret"];

fn is_of_the_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

/// Whether the text holds what nobody would write by hand: a secret that the page showed, a key of one visit. In groups or not.
fn made_up(text: &str) -> bool {
    let base32 = |word: &str| word.chars().all(|c| c.is_ascii_uppercase() || ('2'..='7').contains(&c));
    let words: Vec<&str> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mixed = |word: &&str| {
        let has = |of: fn(&char) -> bool| word.chars().any(|c| of(&c));
        word.len() >= 16 && has(char::is_ascii_digit) && has(char::is_ascii_alphabetic)
    };
    // `jbsw y3dp ehpk 3pxp`
    let in_groups = |group: &[&str]| {
        group.iter().all(|word| word.len() == 4) && group.concat().chars().any(|c| c.is_ascii_digit())
    };
    let grouped = words.windows(4).any(in_groups);
    grouped || words.iter().any(mixed) || words.iter().any(|word| word.len() >= 16 && base32(word))
}

/// A step of ours, and the recorded one that it was.
#[derive(Clone)]
struct Made {
    step: Move,
    typed: Option<Typed>,
    at: usize,
}

impl Made {
    fn is(&self, wanted: Typed) -> bool {
        self.typed == Some(wanted)
    }

    fn clicked(&self) -> Option<Names> {
        match &self.step {
            Move::Click(names) => Some(names.clone()),
            _ => None,
        }
    }

    fn sends(&self) -> bool {
        matches!(self.step, Move::Click(_) | Move::Press { .. })
    }

    /// Whether it is a click on something that is called so.
    fn clicks(&self, what: Words) -> bool {
        self.clicked().is_some_and(|names| says(&words(&names), what))
    }

    fn filled(&self) -> Option<Names> {
        match &self.step {
            Move::Fill { into, .. } => Some(into.clone()),
            _ => None,
        }
    }
}

struct Import {
    findings: Findings,
    kept: Kept,
}

impl Import {
    /// The steps of ours that a recorded one becomes.
    fn moves(&mut self, step: &Recorded, next: Option<&Recorded>) -> Vec<(Move, Option<Typed>)> {
        if let Some(url) = step.leads_to.as_deref().and_then(|url| Url::parse(url).ok()).filter(is_of_the_web)
        {
            // What is typed there is typed in another origin, which the playbook has to name.
            self.findings.origin_name(&url.origin().ascii_serialization());
        }
        let names = self.names(step);
        let note = |text: String| vec![(Move::Note(text), None)];
        let nameless = || {
            note(format!("? steps[{}], {}: nothing but what was typed names its element", step.at, step.kind))
        };
        let made = match &step.act {
            Act::Navigate { url } => {
                // A recording may begin on the browser's own page for new tabs.
                let Some(url) = Url::parse(url).ok().filter(is_of_the_web) else { return Vec::new() };
                let (address, whole) = self.address(&url);
                let mut made = vec![(Move::Open(address), None)];
                if !whole {
                    let why = format!(
                        "? steps[{}]: the address held what was typed, or what was made up for one visit, and that is left out: what leads there?",
                        step.at
                    );
                    made.insert(0, (Move::Note(why), None));
                }
                return made;
            }
            Act::Click { double } => {
                // The click into a field that is filled next.
                if next.is_some_and(|next| {
                    matches!(next.act, Act::Change(_)) && next.selectors == step.selectors
                }) {
                    return Vec::new();
                }
                match names {
                    Some(names) if *double => Move::DoubleClick(names),
                    Some(names) => Move::Click(names),
                    None => return nameless(),
                }
            }
            Act::Change(_) => {
                let Some(into) = names else { return nameless() };
                return match self.kept.of_step(step.at) {
                    Typed::Unknown => vec![
                        (
                            Move::Note(format!(
                                "? steps[{}]: what is typed or chosen here? The recording's own is left out, as it may be a secret",
                                step.at
                            )),
                            None,
                        ),
                        (Move::Literal { into, text: "?".to_owned() }, None),
                    ],
                    typed => vec![(Move::Fill { into, with: typed.variable().to_owned() }, Some(typed))],
                };
            }
            Act::Hover => match names {
                Some(names) => Move::Hover(names),
                None => return nameless(),
            },
            Act::Wait { gone } => match names {
                Some(names) if *gone => Move::Gone(names),
                Some(names) => Move::See(names),
                None => return nameless(),
            },
            Act::Key(key) => Move::Press { key, within: None },
            Act::Nothing => return Vec::new(),
            Act::Unlike(why) => return note(format!("steps[{}], {}: {why}", step.at, step.kind)),
        };
        vec![(made, None)]
    }

    /// Its address in the draft, without what was typed and what was made up for one visit; and whether that is all of it.
    fn address(&mut self, url: &Url) -> (String, bool) {
        let own = self.findings.origin_name(&url.origin().ascii_serialization());
        let mut url = url.clone();
        let mut whole = true;
        let once =
            |query: &str| query.len() > 100 || ONCE.iter().any(|word| query.contains(word)) || made_up(query);
        if url.query().is_some_and(|query| once(query) || self.kept.is_in(query)) {
            url.set_query(None);
            whole = false;
        }
        if url.fragment().is_some_and(|part| once(part) || self.kept.is_in(part)) {
            url.set_fragment(None);
            whole = false;
        }
        let mut path = &url[url::Position::BeforePath..];
        if self.kept.is_in(path) || made_up(path) {
            (path, whole) = ("/", false);
        }
        (if own == "app" { path.to_owned() } else { format!("{own}:{path}") }, whole)
    }

    fn names(&mut self, step: &Recorded) -> Option<Names> {
        let fills = matches!(step.act, Act::Change(_));
        let mut names = selectors::locators(&step.selectors, fills);
        names.retain(|name| !self.kept.is_in(&name.to_string()) && !made_up(&name.to_string()));
        names.truncate(3);
        let frame = self.frame(step);
        names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
        (!names.is_empty()).then_some(names)
    }

    /// The frame of a step, declared when it is first met.
    fn frame(&mut self, step: &Recorded) -> Option<String> {
        let target = step.target.as_deref().and_then(|target| Url::parse(target).ok()).filter(Url::has_host);
        if target.is_none() && step.frame.is_empty() {
            return None;
        }
        let serialised = target.as_ref().map(|url| url.origin().ascii_serialization());
        let origin =
            serialised.as_deref().map_or_else(|| "app".to_owned(), |each| self.findings.origin_name(each));
        let css = match &serialised {
            Some(origin) => format!("iframe[src^=\"{origin}\"]"),
            None => "iframe".to_owned(),
        };
        let known = self.findings.frames.len();
        let name = self.findings.frame_name(guessed(&css), origin);
        if self.findings.frames.len() > known {
            let place: Vec<String> = step.frame.iter().map(ToString::to_string).collect();
            self.findings.remarks.push(format!(
                "? which frame is `{name}`? the recording counts it as [{}]; its locator is a guess",
                place.join(", ")
            ));
        }
        Some(name)
    }

    /// Which of the steps are the login, the change of the password, the way out.
    fn arrange(&mut self, moves: Vec<Made>) {
        let Some(password) = moves.iter().position(|each| each.is(Typed::Password)) else {
            self.findings.login = moves.into_iter().map(|each| each.step).collect();
            self.findings
                .remarks
                .push("? no password was typed in the recording: it shows no login".to_owned());
            return;
        };
        // A password that was mistyped and typed anew is one login: the last one counts.
        let field = self.kept.field_of(moves[password].at);
        let last = moves
            .iter()
            .rposition(|each| each.is(Typed::Password) && self.kept.field_of(each.at) == field)
            .unwrap_or(password);
        let moves: Vec<_> = moves[..password].iter().chain(&moves[last..]).cloned().collect();
        let end = moves[password..].iter().position(Made::sends).map_or(moves.len(), |at| password + at + 1);
        let (login, mut rest) = moves.split_at(end);
        self.findings.login = login.iter().map(|each| each.step.clone()).collect();
        let first = login.iter().filter(|each| each.typed.is_some()).find_map(Made::filled);
        self.findings.entrance = first.unwrap_or_default();
        if let Some(code) = rest
            .iter()
            .position(|each| each.is(Typed::Totp))
            .filter(|code| !rest[..*code].iter().any(Made::sends))
        {
            let submit = rest.get(code + 1).and_then(Made::clicked);
            self.findings.code = rest[code].filled().map(|into| (into, submit.clone()));
            self.leave(&rest[..code]);
            rest = &rest[code + 1 + usize::from(submit.is_some())..];
        }
        // Up to where the flows below have them.
        let mut taken = 0;
        if let Some(new) = rest.iter().position(|each| each.is(Typed::NewPassword)) {
            taken = self.change(rest, new);
        }
        let out = rest.iter().position(|each| each.clicks(SIGN_OUT));
        let way_out = out.and_then(|at| rest[at].clicked());
        self.findings.way_out.clone_from(&way_out);
        // The click before may have opened the menu that the way out is in: then the menu is what is always there.
        let menu = out.and_then(|at| at.checked_sub(1)).filter(|at| *at >= taken);
        let menu = menu.and_then(|at| rest[at].clicked().filter(opens_a_menu).map(|names| (at, names)));
        let menu_at = menu.as_ref().map(|(at, _)| *at);
        self.findings.menu = menu.map(|(_, names)| names);
        self.findings.mark = self.findings.menu.clone().or(way_out);
        let mfa = rest.iter().position(|each| each.clicks(MFA));
        if let Some((at, what)) = mfa.and_then(|at| Some((at, rest[at].clicked()?))) {
            let way =
                rest[..at].iter().filter(|each| each.typed.is_none()).map(|each| each.step.clone()).collect();
            self.findings.mfa = Some(Settings { way, what });
            taken = taken.max(at + 1);
        }
        for (at, each) in rest.iter().enumerate().skip(taken) {
            if Some(at) != out && Some(at) != menu_at {
                self.leave(std::slice::from_ref(each));
            }
        }
    }

    /// Keeps what belongs to none of the flows, for the author to place.
    fn leave(&mut self, moves: &[Made]) {
        self.findings.leftover.extend(moves.iter().map(|each| each.step.clone()));
    }

    /// Gives the place behind its last step.
    fn change(&mut self, rest: &[Made], new: usize) -> usize {
        let Some(new_names) = rest[new].filled() else { return 0 };
        let steps = |of: &[Made]| of.iter().map(|each| each.step.clone()).collect::<Vec<_>>();
        let into = |at: usize| rest[at].filled();
        let current = rest[..new].iter().rposition(|each| each.is(Typed::Password));
        // Whatever is typed behind a click is typed into another form.
        let sent = |from: usize| rest[from..].iter().position(Made::sends).map(|at| from + at);
        let form = sent(new + 1).unwrap_or(rest.len());
        let repeat = (new + 1..form).find(|at| rest[*at].is(Typed::NewPassword));
        let from = repeat.unwrap_or(new) + 1;
        let mut way = steps(&rest[..current.unwrap_or(new)]);
        if self.kept.is_guessed(rest[new].at) {
            way.push(Move::Note(format!(
                "? steps[{}]: is this the change of the password? its order says so, and no label: the current password, then a new text twice",
                rest[new].at
            )));
        }
        // In between is nothing but what the form has besides.
        let mut also = current.map_or_else(Vec::new, |current| steps(&rest[current + 1..new]));
        also.extend(steps(&rest[new + 1..from - usize::from(repeat.is_some())]));
        // What sends it off may stand behind other fields of the form.
        let commit = sent(from).filter(|at| !rest[*at].clicks(SIGN_OUT));
        let mut behind = from;
        if let Some(commit) = commit {
            also.extend(steps(&rest[from..commit]));
            behind = commit + 1;
        }
        let what = ChangeForm {
            current: current.and_then(into),
            new: new_names,
            repeat: repeat.and_then(into),
            also,
            submit: commit.and_then(|at| rest[at].clicked()),
            rules: None,
            minlength: None,
            says: SecretString::default(),
        };
        self.findings.change = Some(Settings { way, what });
        behind
    }
}

/// Whether a click on it shows a menu of one's own account rather than another page.
fn opens_a_menu(names: &Names) -> bool {
    let link = |Locator { by, .. }: &Locator| matches!(by, By::Role { role, .. } if role == "link");
    let words = words(names);
    says(&words, MENU) || (says(&words, SETTINGS) || says(&words, USERNAME)) && !names.iter().all(link)
}

/// What people read of an element.
fn words(names: &Names) -> String {
    let texts = |Locator { by, .. }: &Locator| match by {
        By::Role { name: texts, .. } | By::Text(texts) | By::Label(texts) => texts.join(" "),
        _ => String::new(),
    };
    names.iter().map(texts).collect::<Vec<_>>().join(" ")
}
