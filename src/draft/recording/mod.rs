//! Recordings of Chrome DevTools Recorder (`recording.json`) as drafts.
//!
//! What was typed is never written out: where it is known what it was, its variable stands for it, and elsewhere a
//! question.

mod asides;
mod fields;
mod flows;
mod menus;
mod once;
mod pads;
mod parse;
mod secrets;
mod selectors;
mod windows;

use secrecy::SecretString;
use url::Url;

use asides::{Aside, Sending, aside, deletes};
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
    asides::take_out_shows(&mut recorded);
    let kept = Kept::of(&recorded, clicked);
    let mut import = Import {
        findings: Findings::new(app, "a recording does not say"),
        kept,
        windows: windows::windows(&recorded),
        within: None,
    };
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
        moves.extend(import.enters_a_window(step).map(|asked| Made::note(asked, at)));
        let made = import.moves(step, recorded.get(at + 1));
        moves.extend(made.into_iter().map(|(made, typed)| Made {
            step: made,
            typed,
            at,
            sends: (sends(&recorded, at) && !deletes(step)).then(|| Sending::of(step)).flatten(),
            aside: aside(step),
            leads: step.leads_to.is_some(),
        }));
    }
    import.arrange(moves)?;
    Ok(import.findings)
}

fn is_of_the_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

struct Import {
    findings: Findings,
    kept: Kept,
    /// The origins of windows that were opened.
    windows: Vec<String>,
    /// In which of them the last step was.
    within: Option<String>,
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
            _ if deletes(step) => {
                return note(format!(
                    "? steps[{}]: what was clicked here deletes something, and is left out, as each run would do it again: can the flow do without?",
                    step.at
                ));
            }
            _ if matches!(step.act, Act::Show) => {
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
            note(format!(
                "? steps[{}], {}: nothing names its element but what was typed, or what a page showed once",
                step.at, step.kind
            ))
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
                    typed => {
                        let asked = self.kept.is_guessed_login(step.at).then(|| {
                            let asked = format!(
                                "? steps[{}]: is this the name, and what is typed next the password? their order says so, and no label",
                                step.at
                            );
                            (Move::Note(asked), None)
                        });
                        let fill = Move::Fill { into, with: typed.variable().to_owned() };
                        asked.into_iter().chain([(fill, Some(typed))]).collect()
                    }
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
            Act::Nothing | Act::Show => return Vec::new(),
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
            Act::Unknown => {
                return note(format!(
                    "? steps[{}]: {}: what does it do? write that by `click`, `fill` and `see`",
                    step.at, step.kind
                ));
            }
            Act::Unlike(why) => return note(format!("steps[{}], {}: {why}", step.at, step.kind)),
        };
        vec![(made, None)]
    }

    /// The question where the steps go on in a window that the page opened.
    fn enters_a_window(&mut self, step: &Recorded) -> Option<String> {
        if matches!(step.act, Act::Nothing) {
            return None;
        }
        let origin = windows::origin(step).filter(|origin| self.windows.contains(origin));
        if self.within == origin {
            return None;
        }
        self.within.clone_from(&origin);
        let origin = origin?;
        self.findings.origin_name(&origin);
        Some(format!(
            "? steps[{}]: from here on it went on in a window that the page had opened, at {origin}; Turnlock stays in its page and leaves such windows alone: which address leads there in the same page, or can the account sign in without?",
            step.at
        ))
    }

    /// Its address in the draft, without what was typed and what was made up for one visit; and whether that is all of it.
    fn address(&mut self, url: &Url) -> (String, bool) {
        let own = self.findings.origin_name(&url.origin().ascii_serialization());
        let mut url = url.clone();
        let mut whole = !once::take_out(&mut url, |part| self.kept.is_in(part));
        let mut path = &url[url::Position::BeforePath..];
        if self.kept.is_in(path) || once::in_path(path) {
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
        names.retain(|name| !self.kept.is_in(&name.to_string()) && !once::in_name(&name.to_string()));
        names.truncate(3);
        let frame = self.frame(step);
        names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
        (!names.is_empty()).then_some(names)
    }

    /// The frame of a step, declared when it is first met.
    fn frame(&mut self, step: &Recorded) -> Option<String> {
        let serialised = windows::origin(step);
        let in_a_window = serialised.as_ref().is_some_and(|origin| self.windows.contains(origin));
        if serialised.is_none() && step.frame.is_empty() || in_a_window {
            return None;
        }
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
                "? which frame is `{name}`? the recording counts it as [{}]; its locator is a guess{}",
                place.join(", "),
                if place.is_empty() {
                    ", and if it was a window of its own, Turnlock leaves that alone"
                } else {
                    ""
                }
            ));
        }
        Some(name)
    }
}
