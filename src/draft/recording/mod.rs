//! Recordings of Chrome DevTools Recorder (`recording.json`) as drafts.
//!
//! What was typed is never written out: where it is known what it was, its variable stands for it, and elsewhere a
//! question.

mod asides;
mod fields;
mod flows;
mod pads;
mod parse;
mod secrets;
mod selectors;

use secrecy::SecretString;
use url::Url;

use asides::{Aside, Sending, aside};
use fields::sends;
use flows::Made;
pub use parse::BadRecording;
use parse::{Act, Recorded};
use secrets::{Kept, Typed};
use selectors::Purpose;

use super::findings::{Findings, Move, Names};
use super::write::guessed;

/// Drafts a playbook from a recording.
///
/// # Errors
/// If it is none, or shows no login; the message names the place in it, and nothing that was typed.
pub fn import(json: &SecretString, app: &str) -> Result<Findings, BadRecording> {
    let mut recorded = parse::parse(json)?;
    let clicked = pads::hide(&mut recorded);
    let kept = Kept::of(&recorded, clicked);
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
        moves.extend(made.into_iter().map(|(made, typed)| Made {
            step: made,
            typed,
            at,
            sends: sends(&recorded, at).then(|| Sending::of(step)).flatten(),
            aside: aside(step),
            leads: step.leads_to.is_some(),
        }));
    }
    import.arrange(moves)?;
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

struct Import {
    findings: Findings,
    kept: Kept,
}

impl Import {
    /// The steps of ours that a recorded one becomes.
    fn moves(&mut self, step: &Recorded, next: Option<&Recorded>) -> Vec<(Move, Option<Typed>)> {
        let note = |text: String| vec![(Move::Note(text), None)];
        // Neither is done by a playbook, so that its frame is none of the playbook's either.
        match aside(step) {
            Some(Aside::Captcha) => {
                return note(format!(
                    "? steps[{}]: a CAPTCHA was clicked here, and that is left out: Turnlock solves none; can its accounts do without?",
                    step.at
                ));
            }
            Some(Aside::Show) => {
                return note(format!(
                    "steps[{}]: what shows the password is left out: screenshots would have it",
                    step.at
                ));
            }
            _ => {}
        }
        if let Some(url) = step.leads_to.as_deref().and_then(|url| Url::parse(url).ok()).filter(is_of_the_web)
        {
            // What is typed there is typed in another origin, which the playbook has to name.
            self.findings.origin_name(&url.origin().ascii_serialization());
        }
        let names = self.names(step);
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
                            Some(Typed::Unknown),
                        ),
                        (Move::Literal { into, text: "?".to_owned() }, Some(Typed::Unknown)),
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
            Act::Pad => {
                let why = format!(
                    "? steps[{}]: characters were clicked or pressed one by one, and are left out, as they may be a secret: Turnlock types into fields only; is there a field behind the keypad that takes typing?",
                    step.at
                );
                return vec![(Move::Note(why), Some(Typed::Keypad))];
            }
            Act::Character(_) => {
                return note(format!(
                    "steps[{}], {}: there is no step for this key; what is typed goes by `fill`",
                    step.at, step.kind
                ));
            }
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
        let purpose = match step.act {
            Act::Change(_) => Purpose::Filling,
            _ if aside(step) == Some(Aside::Choice) => Purpose::Ticking,
            _ => Purpose::Clicking,
        };
        let mut names = selectors::locators(&step.selectors, purpose);
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
}
