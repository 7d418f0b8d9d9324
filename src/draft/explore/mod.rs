//! Goes to an app with a browser: finds its login, follows it once if it may, and looks around.
//!
//! Opens pages, follows links, opens menus, and sends off the login's form. It sends off no other, and clicks nothing
//! that changes or ends anything.

mod address;
mod departure;
mod entrance;
mod heard;
mod login;
mod look;
mod marks;
mod names;
mod overlays;
mod settings;
mod trail;

use std::collections::HashSet;
use std::time::Duration;

use secrecy::SecretString;
use tokio::time::{Instant, timeout};
use url::Url;

use self::heard::{Before, Heard};
use self::look::words_of;
use super::find;
use super::findings::{Findings, Overlay, SignIn};
use super::words::{SIGN_IN, refused_in, says};
use crate::browser::{BrowserError, Overview, Page, PageError, Pool, Sends, Survey};
use crate::playbook::{self, Diagnostic, Origin, OriginOverrides};
use crate::redact;

/// A page may take so long to show what is awaited of it.
const PATIENCE: Duration = Duration::from_secs(15);
/// A page on which nothing changes for so long shows what it has to show.
const CALM: Duration = Duration::from_millis(1500);

/// An account to sign in with.
pub struct Keys {
    /// Typed as the user name.
    pub username: String,
    /// Typed once.
    pub password: SecretString,
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
pub enum NoDraft {
    /// The origin cannot be a playbook's.
    #[error("{origin} cannot be the origin of a playbook: {why}{}{help}", if help.is_empty() { "" } else { ": " })]
    Origin {
        /// As it was given.
        origin: String,
        /// What the checker says.
        why: String,
        /// What it says to do.
        help: String,
    },
    /// There is none.
    #[error(
        "no login form was found: looked at the page itself, {looked}. Instead there was {page}. If it is elsewhere, give its address"
    )]
    NoLogin {
        /// Where else.
        looked: String,
        /// What the page showed.
        page: Box<Overview>,
    },
    /// It has no login form, for the browser itself is to ask.
    #[error(
        "{origin} signs in by the browser's own dialog (HTTP authentication), which Turnlock does not do: it types into forms only. If the app has a form, give its address; else ask its operator for one"
    )]
    Dialog {
        /// Whose.
        origin: String,
    },
    /// It asks for a human.
    #[error(
        "the page asks for a proof of being human (a CAPTCHA), and shows no login: Turnlock solves none. Ask the app's operator for a way around it for managed accounts. There was {page}"
    )]
    Captcha {
        /// What the page showed.
        page: Box<Overview>,
    },
    /// It answers, but nothing comes of it.
    #[error("no login was found within {0} minutes: the app answers too slowly; try again later")]
    TooSlow(u64),
    /// The browser, or the app.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// One look at one app.
pub struct Explorer {
    pool: Pool,
    page: Page,
    url: Url,
    /// The origins in which credentials may be typed.
    trusted: Vec<Origin>,
    /// Of the account, which must not stand in the draft.
    username: String,
    /// It was typed: from then on pages may show it.
    typed: bool,
    /// Credentials were sent off.
    sent: bool,
    /// What the login's page says, signed in or not.
    at_login: HashSet<String>,
    /// What the page behind the login says.
    at_home: HashSet<String>,
    /// What has led to the login, as the page calls it; empty if it was there.
    way_in: String,
    before: Before,
    heard: Heard,
    /// The server answers to what cannot exist as if it did.
    finds_all: bool,
    /// What may lead to the change of the password, and may as well do something at once.
    not_dared: String,
    findings: Findings,
}

impl Explorer {
    /// A look ends after this at the latest, so that whoever holds an account for it knows how long.
    pub const LONGEST: Duration = Duration::from_secs(8 * 60);

    /// For the app at this address. Credentials are typed in its origin and in those that are trusted besides.
    ///
    /// # Errors
    /// If one of them cannot be a playbook's origin, or there is no browser.
    pub async fn new(pool: &Pool, url: Url, app: &str, trusted: &[String]) -> Result<Self, NoDraft> {
        let own = url.origin().ascii_serialization();
        let all: Vec<&str> =
            std::iter::once(own.as_str()).chain(trusted.iter().map(String::as_str)).collect();
        let trusted = all.into_iter().map(origin).collect::<Result<_, _>>()?;
        let page = pool.page().await.map_err(PageError::from)?;
        page.look_on(redact::tells).await.map_err(PageError::from)?;
        let mut findings = Findings::new(app, "no account was given");
        findings.origins.push(("app".to_owned(), own));
        let mut explorer = Self {
            pool: pool.clone(),
            page,
            url,
            trusted,
            username: String::new(),
            typed: false,
            sent: false,
            at_login: HashSet::new(),
            at_home: HashSet::new(),
            way_in: String::new(),
            before: Before::default(),
            heard: Heard::default(),
            finds_all: false,
            not_dared: String::new(),
            findings,
        };
        explorer.set_guide();
        Ok(explorer)
    }

    /// Looks, and says what there is. What was found when the time is up is a draft too.
    ///
    /// # Errors
    /// If the app cannot be reached or shows no login. The second is whether credentials were sent off.
    pub async fn explore(mut self, keys: Option<&Keys>) -> (Result<Findings, NoDraft>, bool) {
        let ended = match timeout(Self::LONGEST, self.explore_with(keys)).await {
            Ok(ended) => ended,
            Err(_) if self.findings.login.is_empty() => Err(NoDraft::TooSlow(Self::LONGEST.as_secs() / 60)),
            Err(_) => {
                let why = "the time was up before everything was looked at: the app is slow".to_owned();
                if self.sent && matches!(self.findings.sign_in, SignIn::NotTried(_)) {
                    self.findings.sign_in = SignIn::Unclear(why.clone());
                }
                self.findings.remarks.push(why);
                Ok(())
            }
        };
        (ended.map(|()| self.findings), self.sent)
    }

    async fn explore_with(&mut self, keys: Option<&Keys>) -> Result<(), NoDraft> {
        if let Some(keys) = keys {
            self.username = keys.username.to_lowercase();
            redact::register(&keys.password);
        }
        let well_known = self.change_password_address().await?;
        let (survey, login) = self.find_login().await?;
        if let Some(title) = survey
            .frames
            .first()
            .map(|frame| frame.page.title.clone())
            .filter(|title| !title.is_empty() && !says(title, SIGN_IN))
        {
            self.findings.title = title;
        }
        self.at_login = words_of(&survey).collect();
        self.findings.login_says = look::says(&survey);
        let lang = survey.frames.first().map_or("", |frame| frame.lang.as_str());
        self.findings.refused = refused_in(lang, &look::asks(&survey));
        if let Some(button) = find::consent(&survey) {
            let close = self.names(&button, &survey);
            if !close.is_empty() {
                self.note_overlay(Overlay { see: close.clone(), close });
            }
        }
        let (survey, keys) = self.follow(survey, login, keys).await?;
        let Some(keys) = keys else { return Ok(()) };
        self.findings.home_says = look::says(&survey);
        let menu = self.find_marks(survey).await?;
        if !matches!(self.findings.sign_in, SignIn::Done) {
            return Ok(());
        }
        let looked = async {
            self.find_settings(&menu, well_known, keys).await?;
            self.note_way_in().await?;
            self.take_way_out().await
        };
        match looked.await {
            // What was found before is a draft, too.
            Err(NoDraft::Page(error)) if !matches!(error, PageError::Browser(BrowserError::Gone)) => {
                let why = redact::redact(&error.to_string()).into_owned();
                self.findings.remarks.push(format!("the look at the settings ended early: {why}"));
                Ok(())
            }
            ended => ended,
        }
    }

    /// Surveys again and again, as the page changes, until it holds; or until the page has come to rest without it.
    async fn await_that(&self, holds: impl Fn(&Survey) -> bool) -> Result<Survey, NoDraft> {
        await_on(&self.page, holds).await
    }

    /// Whether it is in the app's own origin, to which a playbook's paths belong.
    fn is_apps(&self, url: &Url) -> bool {
        self.trusted.first().is_some_and(|own| own.matches(url))
    }

    /// What the last click would have sent and was not let, if it was anything.
    fn held_back(&self) -> Option<String> {
        let sent = self.page.held_back().into_iter().next()?.what;
        let (method, _) = sent.split_once(' ')?;
        Some(if self.is_kept_out(&sent) { format!("a {method}") } else { sent })
    }

    /// An address that apps often have, of this app: where it was given with its folder, in there.
    fn usual(&self, path: &str) -> Option<Url> {
        let given = self.url.path();
        let folder = given.len() > 1 && given.ends_with('/') && !says(given, SIGN_IN);
        if folder { self.url.join(path.trim_start_matches('/')).ok() } else { self.url.join(path).ok() }
    }

    /// Whether it says who has signed in, or a secret.
    fn is_kept_out(&self, text: &str) -> bool {
        self.typed && names_somebody(text, &self.username) || redact::tells(text)
    }

    /// Opens an address that may well not be there. What its page sends by itself it sends to everybody who comes by.
    async fn reaches(&self, url: &Url) -> Result<bool, NoDraft> {
        self.page.let_send(Sends::All);
        match self.page.open(url, PATIENCE).await {
            Ok(()) => Ok(true),
            Err(error @ PageError::Browser(BrowserError::Gone)) => Err(error.into()),
            Err(_) => Ok(false),
        }
    }
}

/// [`Explorer::await_that`] on any page.
async fn await_on(page: &Page, holds: impl Fn(&Survey) -> bool) -> Result<Survey, NoDraft> {
    let deadline = Instant::now() + PATIENCE;
    let mut rests = 0;
    loop {
        let survey = page.survey().await?;
        // What no script draws on can only appear late by its style.
        let finished = survey.frames.iter().all(|frame| frame.finished);
        let enough = if finished { 1 } else { 2 };
        let ready = survey.frames.iter().all(|frame| frame.ready);
        if ready && holds(&survey) || Instant::now() >= deadline || rests >= enough {
            return Ok(survey);
        }
        // A page with nothing to use on it has only begun.
        let begun = finished || survey.frames.iter().any(|frame| !frame.controls.is_empty());
        if ready {
            rests = if page.changed(CALM).await || !begun { 0 } else { rests + 1 };
        } else {
            // A style sheet that comes changes no document.
            page.changed(CALM / 10).await;
        }
    }
}

/// Whether this name, in small letters, stands in the text as a word of its own: `me` is not in `Username`.
fn names_somebody(text: &str, name: &str) -> bool {
    let text = text.to_lowercase();
    let free = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
    !name.is_empty()
        && text.match_indices(name).any(|(at, _)| {
            free(text[..at].chars().next_back()) && free(text[at + name.len()..].chars().next())
        })
}

/// An origin, if a playbook may declare it: only the checker makes one.
fn origin(text: &str) -> Result<Origin, NoDraft> {
    let source = format!(
        "app: draft\ntitle: Draft\norigins: {{ app: {text:?} }}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ css: input }}, with: password }}\n    - expect: {{ signed_in: {{ css: body }} }}\n"
    );
    match playbook::parse("the address", &source, &OriginOverrides::new()) {
        Ok(playbook) => Ok(playbook.app_origin().clone()),
        Err(report) => {
            let found = report.diagnostics.first();
            let words = |of: fn(&Diagnostic) -> &String| found.map(of).cloned().unwrap_or_default();
            Err(NoDraft::Origin {
                origin: text.to_owned(),
                why: words(|found| &found.message),
                help: words(|found| &found.help),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::names_somebody;

    #[test]
    fn a_name_is_a_word_of_its_own() {
        assert!(names_somebody("Signed in as Me.", "me") && names_somebody("/u/me", "me"));
        assert!(!names_somebody("label: Username", "me") && !names_somebody("input[name=\"u\"]", "me"));
        assert!(names_somebody("quirin@x.example", "quirin@x.example") && !names_somebody("anything", ""));
    }
}
