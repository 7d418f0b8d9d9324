//! The link in a message that was mailed for a request, if it has one, and only if there is no doubt which.
//!
//! Only addresses on the app's own origins count. Those that are the same for everybody (the home page, help)
//! prove nothing and are left out, as are pictures, and whatever ends a subscription or says that it was
//! somebody else. What is left is weighed: by a part that was drawn at random, and by the words in and beside
//! it in a dozen languages. Two different ones that weigh alike are reported, not guessed.

mod find;
mod token;
mod words;

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::extract::mask;
use super::lexicon::Lexicon;
pub(super) use find::Link;
use token::Made;

/// What is known of the link before it is read.
#[derive(Debug, Clone, Default)]
pub struct LinkHints {
    /// The origins that belong to the app; a link to another one is not taken.
    pub origins: Vec<url::Origin>,
    /// The link's words or its address contain one of these; empty if it may be any.
    pub containing: Vec<String>,
}

/// A link that the app mailed. Whoever has it may do what it is for, so it prints nothing of itself.
#[derive(Clone)]
pub struct MailedLink(SecretString);

impl MailedLink {
    /// Where it leads.
    ///
    /// # Panics
    /// Never: only what was read as an address becomes a link.
    #[must_use]
    pub fn url(&self) -> Url {
        #[expect(clippy::expect_used, reason = "it was written out by `Url`")]
        Url::parse(self.0.expose_secret()).expect("a link is an address")
    }

    /// All of it that must be shown nowhere: see [`address_secrets`].
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let url = self.url();
        let mut secrets = vec![self.0.clone()];
        let whole = url[url::Position::BeforePath..].to_owned();
        // A path of plain words is no secret, and masking it would hide it everywhere.
        if token::made(&url) != Made::ForAll {
            secrets.push(SecretString::from(whole));
        }
        secrets.extend(address_secrets(&url));
        secrets
    }
}

impl fmt::Debug for MailedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MailedLink").finish_non_exhaustive()
    }
}

/// The parts of an address, 8 or more characters each, that are secrets by themselves: not words, but tokens.
#[must_use]
pub fn address_secrets(url: &Url) -> Vec<SecretString> {
    token::secret_parts(url).into_iter().map(SecretString::from).collect()
}

/// A message has several links that could be the one. Says nothing of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{links} different links in the message could be the one")]
pub struct AmbiguousLink {
    /// How many.
    pub links: usize,
}

/// Below this, nothing speaks for a link.
const ENOUGH: i32 = 4;

/// Every link of a text, in which those of an HTML document stand between marks.
pub(super) fn links(text: &str) -> Vec<Link> {
    find::links(text)
}

/// The link among those of one message, which says the same in different forms (text, HTML).
pub(super) fn link_of(links: &[Link], hints: &LinkHints) -> Result<Option<MailedLink>, AmbiguousLink> {
    let mut candidates: Vec<Candidate> = Vec::new();
    for link in links {
        let Ok(url) = Url::parse(link.address.expose_secret()) else { continue };
        if !hints.origins.contains(&url.origin()) {
            continue;
        }
        let said = folded(link.words.expose_secret());
        let plain = token::untracked(&url);
        match candidates.iter_mut().find(|known| known.plain == plain) {
            Some(known) => known.said.push(said),
            None => candidates.push(Candidate { url, plain, said: vec![said] }),
        }
    }
    candidates.retain(|candidate| candidate.may_be_meant(hints));
    let weights: Vec<i32> = candidates.iter().map(Candidate::weight).collect();
    let best = weights.iter().copied().max().unwrap_or_default();
    let enough = !hints.containing.is_empty() || best >= ENOUGH;
    let mut alike = candidates.iter().zip(&weights).filter(|(_, weight)| enough && **weight == best);
    match (alike.next(), alike.count()) {
        (None, _) => Ok(None),
        (Some((only, _)), 0) => Ok(Some(MailedLink(SecretString::from(only.url.as_str())))),
        (Some(_), others) => Err(AmbiguousLink { links: others + 1 }),
    }
}

/// A link to the app, with all that the message says of it.
struct Candidate {
    url: Url,
    /// Without what only counts visitors: the same link counts once.
    plain: Url,
    said: Vec<String>,
}

impl Candidate {
    fn may_be_meant(&self, hints: &LinkHints) -> bool {
        let address = self.address();
        let says = |words: &Lexicon| self.said.iter().chain([&address]).any(|text| words.is_in(text));
        let home =
            self.plain.path() == "/" && self.plain.query().is_none() && self.plain.fragment().is_none();
        if home || is_asset(&self.plain) || says(&words::UNSUBSCRIBE) {
            return false;
        }
        if hints.containing.is_empty() {
            return token::made(&self.plain) != Made::ForAll && !says(&words::DENIAL);
        }
        let whole = folded(self.url.as_str());
        let texts = || self.said.iter().chain([&whole]);
        hints.containing.iter().any(|wanted| texts().any(|text| text.contains(&folded(wanted))))
    }

    fn weight(&self) -> i32 {
        let address = self.address();
        let said = |words: &Lexicon| self.said.iter().any(|text| words.is_in(text));
        let token = if token::made(&self.plain) == Made::ForOne { 8 } else { 0 };
        let text = if said(&words::ACTION) { 4 } else { 0 };
        let path = if words::ACTION.is_in(&address) { 3 } else { 0 };
        let beside = if said(&words::BESIDE) { 6 } else { 0 };
        let aside = if words::BESIDE.is_in(&address) { 4 } else { 0 };
        token + text + path - beside - aside
    }

    /// The words of the address: `users password edit`.
    fn address(&self) -> String {
        let address = &self.plain[url::Position::BeforePath..];
        let spaced: String = address.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        folded(&spaced)
    }
}

/// One spelling of spaces, dashes, apostrophes and case.
fn folded(text: &str) -> String {
    let text: String = mask::normalise(text).into_iter().collect();
    let lower = text.replace('’', "'").to_lowercase();
    lower.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Pictures, style sheets, documents: what is shown or kept, and does nothing.
fn is_asset(url: &Url) -> bool {
    let name = url.path().rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| words::ASSETS.contains(&ending.as_str()))
}
