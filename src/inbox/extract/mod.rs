//! The code in a message, if it has one, and only if there is no doubt which it is.
//!
//! In order: the playbook's own pattern, and then nothing else; the origin-bound form that browsers understand
//! (`@example.com #123456`); else everything that has the form of a code and that the page takes is weighed: by its form, by
//! the words beside it in some fifty languages, by whether it stands alone or is emphasised. A message in
//! which two different ones weigh alike is reported, not guessed.

mod aside;
mod bound;
mod candidates;
mod compounds;
mod expected;
mod explained;
mod hints;
mod iban;
mod lookalikes;
pub(super) mod mask;
mod pattern;
mod reason;
mod surroundings;
mod weigh;
mod words;

use std::ops::Range;

use secrecy::{ExposeSecret, SecretString};

use bound::{Bound, bound};
use expected::Page;
use weigh::{Weighed, weigh};

pub use expected::Expected;
pub use explained::{Decision, Explained, Place, WeighedCode};
pub use hints::ExtractHints;
pub use pattern::{CodePattern, PatternError};
pub use reason::{Form, Reason};

/// Why a code was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// The playbook's own pattern finds it.
    Pattern,
    /// The message binds it to a host: `@example.com #123456`.
    OriginBound,
    /// Its form and the words beside it.
    Weighed,
}

/// A code out of a message.
#[derive(Debug)]
pub struct ExtractedCode {
    /// What to type.
    pub code: SecretString,
    /// Why it was taken.
    pub evidence: Evidence,
}

/// A message has several texts that could be the code. Says nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{candidates} different texts in the message could be the code")]
pub struct Ambiguous {
    /// How many.
    pub candidates: usize,
}

/// A text of a message, and where in it something is emphasised, in bytes.
pub(super) struct Passage<'a> {
    pub text: &'a str,
    pub emphasis: &'a [Range<usize>],
}

/// Texts of one place that say the same in different forms (text, HTML).
pub(super) struct Layer<'a> {
    pub place: Place,
    pub passages: Vec<Passage<'a>>,
}

/// Below this, nothing speaks for a candidate.
const ENOUGH: i32 = 5;
/// Closer than this to the best, another candidate is as likely.
const MARGIN: i32 = 2;
/// A pattern that finds more of them finds no code.
const MOST_MATCHES: usize = 100;

/// The code in a plain text; `None` if it has none.
///
/// # Errors
/// When several texts in it could be the code.
pub fn code(text: &str, hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
    code_of_parts(&[text], hints)
}

/// The code in the parts of one message, which say the same in different forms (text, HTML).
///
/// # Errors
/// When several texts in it could be the code, or the parts differ.
pub fn code_of_parts(parts: &[&str], hints: &ExtractHints) -> Result<Option<ExtractedCode>, Ambiguous> {
    let passages = parts.iter().map(|text| Passage { text, emphasis: &[] }).collect();
    explain(&[Layer { place: Place::Own, passages }], hints).into_code()
}

/// Reads the layers of a message, the newest first, until one decides.
pub(super) fn explain(layers: &[Layer<'_>], hints: &ExtractHints) -> Explained {
    let page = Page::new(&hints.expected, hints.digits);
    let mut last = None;
    for layer in layers {
        let explained = read(layer, hints, &page);
        let decided = matches!(
            explained.decision,
            Decision::Code(..) | Decision::Ambiguous(_) | Decision::BoundElsewhere(_)
        );
        if decided {
            return explained;
        }
        if last.as_ref().is_none_or(|last: &Explained| last.candidates.is_empty()) {
            last = Some(explained);
        }
    }
    last.unwrap_or(Explained { decision: Decision::NoCandidate, place: Place::Own, candidates: Vec::new() })
}

fn read(layer: &Layer<'_>, hints: &ExtractHints, page: &Page) -> Explained {
    let decided = |decision| Explained { decision, place: layer.place, candidates: Vec::new() };
    let bounds: Vec<Bound> = layer.passages.iter().filter_map(|passage| bound(passage.text)).collect();
    let own = bounds.iter().find(|bound| bound.is_for(&hints.origin_hosts, hints.frame_host.as_deref()));
    // A code for another app is none for this one, whatever else the message says.
    if own.is_none() && !bounds.is_empty() {
        return decided(Decision::BoundElsewhere(bounds.iter().map(Bound::to_string).collect()));
    }
    if let Some(pattern) = &hints.pattern {
        return decided(matched(layer, pattern));
    }
    if let Some(own) = own {
        // What the page cannot take was sent for something else, and so was the message.
        return decided(match page.bound(&own.code) {
            Some(code) => Decision::Code(SecretString::from(code), Evidence::OriginBound),
            None => Decision::NoCandidate,
        });
    }
    weighed(layer, page)
}

fn matched(layer: &Layer<'_>, pattern: &CodePattern) -> Decision {
    let mut codes: Vec<String> = Vec::new();
    for passage in &layer.passages {
        let text: String = mask::normalise(passage.text).into_iter().collect();
        for code in pattern.codes(&text, MOST_MATCHES) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
    }
    match codes.as_slice() {
        [] => Decision::NoMatch,
        [code] => Decision::Code(SecretString::from(code.as_str()), Evidence::Pattern),
        _ => Decision::Ambiguous(codes.into_iter().map(SecretString::from).collect()),
    }
}

fn weighed(layer: &Layer<'_>, page: &Page) -> Explained {
    let mut all: Vec<Weighed> = Vec::new();
    for passage in &layer.passages {
        for one in weigh(passage, page) {
            match all.iter_mut().find(|known| known.code == one.code) {
                Some(known) if known.weight() >= one.weight() => {}
                Some(known) => *known = one,
                None => all.push(one),
            }
        }
    }
    all.sort_by_key(|one| -one.weight());
    let best = all.first().map_or(0, Weighed::weight);
    let secret = |one: &Weighed| SecretString::from(one.code.as_str());
    let likely = all.iter().filter(|one| one.said() >= ENOUGH && one.weight() > best - MARGIN);
    let decision = match likely.map(secret).collect::<Vec<_>>() {
        likely if likely.len() > 1 => Decision::Ambiguous(likely),
        likely => match likely.into_iter().next() {
            Some(code) => Decision::Code(code, Evidence::Weighed),
            None if all.is_empty() => Decision::NoCandidate,
            None => Decision::NoneLikely,
        },
    };
    let candidates = all.into_iter().map(|one| WeighedCode {
        code: secret(&one),
        weight: one.weight(),
        reasons: one.points,
    });
    Explained { decision, place: layer.place, candidates: candidates.collect() }
}

impl Explained {
    /// The code, or that there is none, or that it is not sure which.
    ///
    /// # Errors
    /// When several texts could be the code.
    pub fn into_code(self) -> Result<Option<ExtractedCode>, Ambiguous> {
        match self.decision {
            Decision::Code(code, evidence) => Ok(Some(ExtractedCode { code, evidence })),
            Decision::Ambiguous(codes) => Err(Ambiguous { candidates: codes.len() }),
            _ => Ok(None),
        }
    }

    /// Whether this candidate was taken, or may be the code.
    #[must_use]
    pub fn takes(&self, candidate: &WeighedCode) -> bool {
        let same = |code: &SecretString| code.expose_secret() == candidate.code.expose_secret();
        match &self.decision {
            Decision::Code(code, _) => same(code),
            Decision::Ambiguous(codes) => codes.iter().any(same),
            _ => false,
        }
    }
}
