//! Goes to an app with a browser: finds its login, follows it once if it may, and looks around.
//!
//! Opens pages, follows links, opens menus, and sends off the login's form. It sends off no other, and clicks nothing
//! that changes or ends anything.

use std::collections::HashSet;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::find::{self, Found, Login};
use super::findings::{ChangeForm, DraftFrame, Findings, Move, Names, Settings, SignIn};
use super::words::{REFUSED, SIGN_IN, says};
use super::write::guessed;
use crate::browser::{Guide, Overview, Page, PageError, Pool, Survey, SurveyedFrame, Typed};
use crate::playbook::{self, Frame, Key, Locator, Origin, OriginOverrides, Place, Target};

/// A page may take so long to show what is awaited of it.
const PATIENCE: Duration = Duration::from_secs(15);
/// A page on which nothing changes for so long shows what it has to show.
const CALM: Duration = Duration::from_millis(1500);
/// Pages that are looked at for the settings.
const PAGES: usize = 14;
/// Where apps have their logins.
const LOGINS: [&str; 8] = [
    "/login",
    "/signin",
    "/accounts/login/",
    "/account/login/",
    "/user/login",
    "/users/sign_in",
    "/auth/login",
    "/sign-in",
];
/// Where apps change passwords and turn on second factors.
const SETTINGS: [&str; 8] = [
    "/account/password",
    "/settings/security",
    "/accounts/password/change/",
    "/account/password_change/",
    "/settings/password",
    "/account/two_factor/",
    "/account/mfa",
    "/profile",
];

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
    #[error("{origin} cannot be the origin of a playbook: {why}")]
    Origin {
        /// As it was given.
        origin: String,
        /// What the checker says.
        why: String,
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
    /// It asks for a human.
    #[error(
        "the page asks for a proof of being human (a CAPTCHA), and shows no login: Turnlock solves none. Ask the app's operator for a way around it for managed accounts. There was {page}"
    )]
    Captcha {
        /// What the page showed.
        page: Box<Overview>,
    },
    /// The browser, or the app.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// One look at one app.
pub struct Explorer {
    page: Page,
    url: Url,
    /// The origins in which credentials may be typed.
    trusted: Vec<Origin>,
    /// Texts that must not stand in the draft.
    kept_out: Vec<String>,
    /// What the login's page says, signed in or not.
    at_login: HashSet<String>,
    findings: Findings,
}

impl Explorer {
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
        let findings = Findings {
            app: app.to_owned(),
            title: app.to_owned(),
            origins: vec![("app".to_owned(), own)],
            frames: Vec::new(),
            login: Vec::new(),
            code: None,
            entrance: Vec::new(),
            mark: None,
            mark_is_guessed: false,
            menu: None,
            way_out: None,
            change: None,
            mfa: None,
            captcha: false,
            remarks: Vec::new(),
            sign_in: SignIn::NotTried("no account was given".to_owned()),
            sent: false,
        };
        let mut explorer =
            Self { page, url, trusted, kept_out: Vec::new(), at_login: HashSet::new(), findings };
        explorer.set_guide();
        Ok(explorer)
    }

    /// Looks, and says what there is.
    ///
    /// # Errors
    /// If the app cannot be reached or shows no login. The second is whether credentials were sent off.
    pub async fn explore(mut self, keys: Option<&Keys>) -> (Result<Findings, NoDraft>, bool) {
        let ended = self.explore_with(keys).await;
        let sent = self.findings.sent;
        (ended.map(|()| self.findings), sent)
    }

    async fn explore_with(&mut self, keys: Option<&Keys>) -> Result<(), NoDraft> {
        if let Some(keys) = keys {
            self.kept_out = vec![keys.username.clone(), keys.password.expose_secret().to_owned()];
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
        let (survey, keys) = self.follow(survey, login, keys).await?;
        let Some(_) = keys else { return Ok(()) };
        self.find_marks(survey).await?;
        self.find_settings(well_known).await
    }

    /// Where `/.well-known/change-password` leads, if the server means it.
    ///
    /// As the W3C's draft has it: a server that finds what should not exist says nothing by finding this.
    async fn change_password_address(&mut self) -> Result<Option<Url>, NoDraft> {
        let found = async |explorer: &Self, path: &str| -> Result<bool, NoDraft> {
            let Ok(url) = explorer.url.join(path) else { return Ok(false) };
            explorer.page.open(&url, PATIENCE).await?;
            let survey = explorer.page.survey().await?;
            Ok(survey.frames.first().is_some_and(|frame| (200..300).contains(&frame.page.status)))
        };
        if found(self, "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200")
            .await?
        {
            self.findings.remarks.push(
                "the server answers 200 to pages that do not exist: /.well-known/change-password says nothing".to_owned(),
            );
            return Ok(None);
        }
        let there = found(self, "/.well-known/change-password").await?;
        if there {
            self.findings.remarks.push(format!("/.well-known/change-password leads to {}", self.page.url()));
        }
        Ok(if there { self.url.join("/.well-known/change-password").ok() } else { None })
    }

    /// Goes to the login: at the address itself, behind a link there, or where apps mostly have it.
    async fn find_login(&mut self) -> Result<(Survey, Login), NoDraft> {
        self.page.open(&self.url.clone(), PATIENCE).await?;
        let first = self.await_that(|survey| find::login(survey).is_some()).await?;
        let given = relative(&self.url);
        if let Some(login) = find::login(&first) {
            self.findings.login.push(Move::Open(given));
            return Ok((first, login));
        }
        let mut looked = Vec::new();
        if let Some(way) = find::way_in(&first) {
            looked.push(format!("behind {:?}", way.control.text));
            let moves = self.way_to(&way, &first, &given);
            self.go(&moves).await?;
            let survey = self.await_that(|survey| find::login(survey).is_some()).await?;
            if let Some(login) = find::login(&survey) {
                self.findings.login.extend(moves);
                return Ok((survey, login));
            }
        }
        for path in LOGINS {
            let Ok(url) = self.url.join(path) else { continue };
            self.page.open(&url, PATIENCE).await?;
            let survey = self.await_that(|survey| find::login(survey).is_some() || is_error(survey)).await?;
            if let (Some(login), false) = (find::login(&survey), is_error(&survey)) {
                self.findings.login.push(Move::Open(path.to_owned()));
                return Ok((survey, login));
            }
        }
        looked.push(format!("and at {}", LOGINS.join(", ")));
        let main = first.frames.first();
        let page = Box::new(main.map(|frame| frame.page.clone()).unwrap_or_default());
        if first.frames.iter().any(|frame| frame.captcha) {
            return Err(NoDraft::Captcha { page });
        }
        Err(NoDraft::NoLogin { looked: looked.join(", "), page })
    }

    /// The steps to what a control leads to: its address where that says all, else the click on it.
    fn way_to(&mut self, way: &Found, survey: &Survey, from: &str) -> Vec<Move> {
        let url = Url::parse(&way.control.href)
            .ok()
            .filter(|url| self.is_own(url) && !find::leads_nowhere(&way.control.href));
        match url.filter(is_plain) {
            Some(url) if !self.is_kept_out(&relative(&url)) => vec![Move::Open(relative(&url))],
            _ => vec![Move::Open(from.to_owned()), Move::Click(self.names(way, survey))],
        }
    }

    /// Writes the login down, and goes through it if there are keys for it. Without them, or where they may not be
    /// typed, the rest is guessed.
    async fn follow<'k>(
        &mut self,
        mut survey: Survey,
        mut login: Login,
        mut keys: Option<&'k Keys>,
    ) -> Result<(Survey, Option<&'k Keys>), NoDraft> {
        let captcha = survey.frames.iter().any(|frame| frame.captcha);
        if captcha {
            self.findings.captcha = true;
            self.findings.remarks.push(
                "the login may ask for a proof of being human (a CAPTCHA): Turnlock solves none".to_owned(),
            );
            if keys.take().is_some() {
                self.findings.sign_in =
                    SignIn::NotTried("the login asks for a proof of being human".to_owned());
            }
        }
        let place = login.password.as_ref().or(login.username.as_ref()).map_or(0, |found| found.frame);
        let there = survey.frames.get(place).map(SurveyedFrame::origin).unwrap_or_default();
        if keys.is_some() && !self.trusted.iter().any(|origin| origin.as_str() == there) {
            let why = format!("its form is of {there}: to sign in there too, add --trust {there}");
            self.findings.sign_in = SignIn::NotTried(why);
            keys = None;
        }
        if let Some(first) = login.username.as_ref().or(login.password.as_ref()) {
            self.findings.entrance = self.names(first, &survey);
        }
        let mut moves = Vec::new();
        if login.password.is_none() {
            self.form_moves(&login, &survey, &mut moves);
            let Some(given) = keys else {
                let frame = login.username.as_ref().and_then(|found| self.frame(found.frame, &survey));
                let within = |mut names: Names| {
                    names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
                    names
                };
                moves.push(Move::Note(
                    "? what does the page behind the name look like? this is a guess".to_owned(),
                ));
                moves.push(Move::Fill {
                    into: within(guessed("input[type=\"password\"]")),
                    with: "password".to_owned(),
                });
                moves.push(Move::Click(within(guessed("button[type=\"submit\"], input[type=\"submit\"]"))));
                self.findings.login.extend(moves);
                return Ok((survey, None));
            };
            self.set_guide();
            self.walk(&moves, given).await?;
            survey = self
                .await_that(|survey| find::login(survey).is_some_and(|login| login.password.is_some()))
                .await?;
            match find::login(&survey).filter(|login| login.password.is_some()) {
                Some(second) => login = Login { username: None, ..second },
                None => {
                    self.findings.login.extend(moves);
                    self.findings.sign_in = SignIn::Unclear(shown(&survey));
                    self.findings.login.push(Move::Note(
                        "? no password was asked for behind the name: what comes here?".to_owned(),
                    ));
                    self.findings.login.push(Move::Fill {
                        into: guessed("input[type=\"password\"]"),
                        with: "password".to_owned(),
                    });
                    return Ok((survey, None));
                }
            }
        }
        let earlier = moves.len();
        self.form_moves(&login, &survey, &mut moves);
        self.findings.login.extend(moves.iter().cloned());
        self.set_guide();
        let Some(given) = keys else { return Ok((survey, None)) };
        let there = login
            .password
            .as_ref()
            .and_then(|found| survey.frames.get(found.frame))
            .map(SurveyedFrame::origin);
        if !there.is_some_and(|there| self.trusted.iter().any(|origin| origin.as_str() == there)) {
            self.findings.sign_in =
                SignIn::NotTried("the password is asked for in another origin".to_owned());
            return Ok((survey, None));
        }
        let before = shown(&survey);
        self.walk(&moves[earlier..], given).await?;
        let after = self.outcome(&before).await?;
        Ok(match self.findings.sign_in {
            SignIn::Done => (after, keys),
            _ => (after, None),
        })
    }

    /// Fills and sends a login's form.
    fn form_moves(&mut self, login: &Login, survey: &Survey, moves: &mut Vec<Move>) {
        for (field, with) in [(&login.username, "username"), (&login.password, "password")] {
            if let Some(field) = field {
                let into = self.names(field, survey);
                moves.push(Move::Fill { into, with: with.to_owned() });
            }
        }
        let last = login.password.as_ref().or(login.username.as_ref());
        match (&login.submit, last) {
            (Some(submit), _) => moves.push(Move::Click(self.names(submit, survey))),
            (None, Some(field)) => {
                moves.push(Move::Press { key: "Enter", within: Some(self.names(field, survey)) });
            }
            (None, None) => {}
        }
    }

    /// What became of the login.
    async fn outcome(&mut self, before: &str) -> Result<Survey, NoDraft> {
        let refused = |survey: &Survey| {
            find::login(survey).is_some() && shown(survey) != before && says(&shown(survey), REFUSED)
        };
        let survey = self
            .await_that(|survey| {
                find::way_out(survey).is_some() || find::code_field(survey).is_some() || refused(survey)
            })
            .await?;
        self.findings.sign_in = if find::way_out(&survey).is_some() {
            SignIn::Done
        } else if let (Some((field, submit)), None) = (find::code_field(&survey), find::login(&survey)) {
            let field = self.names(&field, &survey);
            let submit = submit.map(|submit| self.names(&submit, &survey));
            self.findings.code = Some((field, submit));
            SignIn::CodeWanted
        } else if find::login(&survey).is_some() {
            let messages = survey.frames.iter().flat_map(|frame| &frame.page.messages);
            let said = messages.filter(|text| says(text, REFUSED)).find(|text| !self.is_kept_out(text));
            SignIn::Refused(said.cloned().unwrap_or_default())
        } else {
            SignIn::Done
        };
        Ok(survey)
    }

    /// What shows that somebody is signed in, and the way out, also within a menu.
    async fn find_marks(&mut self, mut survey: Survey) -> Result<(), NoDraft> {
        if let Some(way_out) = find::way_out(&survey) {
            let names = self.names(&way_out, &survey);
            self.findings.mark = Some(names.clone());
            self.findings.way_out = Some(names);
            self.set_guide();
            return Ok(());
        }
        for menu in find::menus(&survey, self.kept_out.first().map_or("", String::as_str)) {
            let names = self.names(&menu, &survey);
            if names.is_empty() {
                continue;
            }
            self.set_guide();
            if self.page.click(&as_target(&names), CALM * 2).await.is_err() {
                continue;
            }
            survey = self.await_that(|survey| find::way_out(survey).is_some()).await?;
            if let Some(way_out) = find::way_out(&survey) {
                self.findings.way_out = Some(self.names(&way_out, &survey));
                self.findings.mark = Some(names.clone());
                self.findings.menu = Some(names);
                return Ok(());
            }
        }
        self.guess_mark(&survey);
        Ok(())
    }

    /// What was not there before the login: what is one's own, else a heading, else whatever there is.
    fn guess_mark(&mut self, survey: &Survey) {
        let new = |text: &str| !text.is_empty() && !self.at_login.contains(text) && !self.is_kept_out(text);
        let headings = survey.frames.iter().take(1).flat_map(|frame| &frame.page.headings);
        let heading = headings.filter(|text| new(text) && !text.ends_with('…')).map(|text| {
            let by = playbook::By::Role { role: "heading".to_owned(), name: vec![text.clone()] };
            vec![Locator { by, exact: false, frame: None, within: None, containing: Vec::new() }]
        });
        let heading = heading.collect::<Vec<_>>().into_iter().next();
        let (own, other) = find::marks(survey, new);
        let own = own.map(|found| self.names(&found, survey)).filter(|names| !names.is_empty());
        let other = other.map(|found| self.names(&found, survey)).filter(|names| !names.is_empty());
        self.findings.mark = own.or(heading).or(other);
        self.findings.mark_is_guessed = true;
    }

    /// Looks for the pages where a password is changed and a second factor is turned on.
    async fn find_settings(&mut self, well_known: Option<Url>) -> Result<(), NoDraft> {
        let home = Url::parse(&self.page.url()).unwrap_or_else(|_| self.url.clone());
        let mut seen: HashSet<String> = HashSet::new();
        let mut waiting: Vec<(u32, Url)> = Vec::new();
        let survey = self.page.survey().await?;
        self.try_items(&survey).await?;
        collect(&survey, &self.trusted, &mut waiting);
        waiting.extend(well_known.map(|url| (20, url)));
        waiting.extend(SETTINGS.iter().filter_map(|path| Some((1, self.url.join(path).ok()?))));
        for _ in 0..PAGES {
            if self.findings.change.is_some() && self.findings.mfa.is_some() {
                break;
            }
            waiting.retain(|(_, url)| !seen.contains(url.as_str()));
            // The first of the most promising.
            let Some(best) = waiting.iter().map(|(worth, _)| *worth).max() else { break };
            let Some(at) = waiting.iter().position(|(worth, _)| *worth == best) else { break };
            let (_, url) = waiting.remove(at);
            seen.insert(url.to_string());
            if self.page.open(&url, PATIENCE).await.is_err() {
                continue;
            }
            let useful = |survey: &Survey| find::change(survey).is_some() || find::mfa(survey).is_some();
            let survey = self.await_that(|survey| useful(survey) || is_error(survey)).await?;
            if is_error(&survey) || find::login(&survey).is_some() && find::change(&survey).is_none() {
                continue;
            }
            let now = survey.frames.first().and_then(SurveyedFrame::address).unwrap_or(url);
            self.note_settings(&survey, vec![Move::Open(relative(&now))]);
            collect(&survey, &self.trusted, &mut waiting);
        }
        // Back to where the login ended, for whoever looks at the page next.
        drop(self.page.open(&home, PATIENCE).await);
        Ok(())
    }

    /// Items of menus, which lead nowhere by address: they open dialogs.
    async fn try_items(&mut self, survey: &Survey) -> Result<(), NoDraft> {
        let main = survey.frames.first();
        let items = main.iter().flat_map(|frame| &frame.controls).filter(|control| {
            find::leads_nowhere(&control.href) && find::promise(control) >= 8 && !control.locators.is_empty()
        });
        let home = Url::parse(&self.page.url()).unwrap_or_else(|_| self.url.clone());
        for (nth, control) in items.take(3).cloned().collect::<Vec<_>>().into_iter().enumerate() {
            // What the one before has opened is in the way.
            if nth > 0
                && let Some(menu) = self.findings.menu.clone()
            {
                self.page.open(&home, PATIENCE).await?;
                if self.page.click(&as_target(&menu), PATIENCE).await.is_err() {
                    break;
                }
            }
            let names = self.names(&Found { frame: 0, control }, survey);
            if self.page.click(&as_target(&names), CALM * 2).await.is_err() {
                continue;
            }
            let after = self
                .await_that(|survey| find::change(survey).is_some() || find::mfa(survey).is_some())
                .await?;
            let mut way: Vec<Move> = self.findings.menu.iter().cloned().map(Move::Click).collect();
            way.push(Move::Click(names));
            self.note_settings(&after, way);
        }
        Ok(())
    }

    fn note_settings(&mut self, survey: &Survey, way: Vec<Move>) {
        let told = way.iter().any(|each| matches!(each, Move::Open(path) if self.is_kept_out(path)));
        if told {
            return;
        }
        if self.findings.change.is_none()
            && let Some(change) = find::change(survey)
        {
            let what = ChangeForm {
                current: change.current.as_ref().map(|found| self.names(found, survey)),
                repeat: change.repeat.as_ref().map(|found| self.names(found, survey)),
                submit: change.submit.as_ref().map(|found| self.names(found, survey)),
                rules: change.new.control.rules.clone(),
                minlength: change.new.control.minlength,
                new: self.names(&change.new, survey),
            };
            self.findings.change = Some(Settings { way: way.clone(), what });
        }
        if self.findings.mfa.is_none()
            && let Some(found) = find::mfa(survey)
        {
            let what = self.names(&found, survey);
            self.findings.mfa = Some(Settings { way, what });
        }
    }

    /// Surveys again and again, as the page changes, until it holds; or until the page has come to rest without it.
    async fn await_that(&self, holds: impl Fn(&Survey) -> bool) -> Result<Survey, NoDraft> {
        let deadline = Instant::now() + PATIENCE;
        let mut rests = 0;
        loop {
            let survey = self.page.survey().await?;
            if holds(&survey) || Instant::now() >= deadline || rests == 2 {
                return Ok(survey);
            }
            rests = if self.page.changed(CALM).await { 0 } else { rests + 1 };
        }
    }

    /// Does what the steps say.
    async fn walk(&mut self, moves: &[Move], keys: &Keys) -> Result<(), NoDraft> {
        for each in moves {
            match each {
                Move::Fill { into, with } => {
                    let secret = with == "password";
                    let typed =
                        if secret { Typed::Secret(&keys.password) } else { Typed::Plain(&keys.username) };
                    self.page.fill(&as_target(into), typed, PATIENCE).await?;
                }
                Move::Click(names) => {
                    self.findings.sent |= moves
                        .iter()
                        .any(|each| matches!(each, Move::Fill { with, .. } if with == "password"));
                    self.page.click(&as_target(names), PATIENCE).await?;
                }
                Move::Press { within, .. } => {
                    self.findings.sent = true;
                    self.page.press(Key::Enter, within.as_ref().map(as_target).as_ref(), PATIENCE).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    async fn go(&mut self, moves: &[Move]) -> Result<(), NoDraft> {
        for each in moves {
            match each {
                Move::Open(path) => {
                    if let Ok(url) = self.url.join(path) {
                        self.page.open(&url, PATIENCE).await?;
                    }
                }
                Move::Click(names) => self.page.click(&as_target(names), PATIENCE).await?,
                _ => {}
            }
        }
        Ok(())
    }

    /// What names a control, best first and with what the standards call it as an alternative; with its frame.
    fn names(&mut self, found: &Found, survey: &Survey) -> Names {
        let frame = self.frame(found.frame, survey);
        let free: Vec<&Locator> =
            found.control.locators.iter().filter(|each| !self.is_kept_out(&each.to_string())).collect();
        let mut names: Names = free.first().map(|each| (*each).clone()).into_iter().collect();
        // Repeated fields share the token of new passwords.
        let standard = free
            .iter()
            .skip(1)
            .find(|each| matches!(&each.by, playbook::By::Autocomplete(token) if token != "new-password"));
        names.extend(standard.map(|each| (*each).clone()));
        names.iter_mut().for_each(|name| name.frame.clone_from(&frame));
        names
    }

    /// The name of a frame of the survey, declared if it is not yet; `None` for the main page.
    fn frame(&mut self, place: usize, survey: &Survey) -> Option<String> {
        let surveyed = survey.frames.get(place)?;
        let parent = surveyed.parent?;
        let around = self.frame(parent, survey);
        let mut names: Names = surveyed.element.first().cloned().into_iter().collect();
        names.iter_mut().for_each(|name| name.frame.clone_from(&around));
        let origin = self.origin_name(&surveyed.origin());
        if let Some(known) =
            self.findings.frames.iter().find(|frame| frame.names == names && frame.origin == origin)
        {
            return Some(known.name.clone());
        }
        let name = match self.findings.frames.len() {
            0 => "inner".to_owned(),
            more => format!("inner_{}", more + 1),
        };
        self.findings.frames.push(DraftFrame { name: name.clone(), names, origin });
        Some(name)
    }

    fn origin_name(&mut self, serialised: &str) -> String {
        let known = &mut self.findings.origins;
        if let Some((name, _)) = known.iter().find(|(_, origin)| origin == serialised) {
            return name.clone();
        }
        let name = if known.len() == 1 { "other".to_owned() } else { format!("other_{}", known.len()) };
        known.push((name.clone(), serialised.to_owned()));
        name
    }

    /// Tells the page what is known of origins and frames.
    fn set_guide(&mut self) {
        let found = self.findings.origins.iter().filter_map(|(_, each)| origin(each).ok());
        let origins: Vec<Origin> = self.trusted.iter().cloned().chain(found).collect();
        let frames = self.findings.frames.iter().filter_map(|frame| {
            let declared = self.findings.origins.iter().find(|(name, _)| *name == frame.origin);
            Some(Frame {
                name: frame.name.clone(),
                locator: frame.names.first()?.clone(),
                origin: declared.and_then(|(_, each)| origin(each).ok()),
                place: Place::default(),
            })
        });
        let frames = frames.collect();
        self.page.set_guide(Guide { origins, frames, interruptions: Vec::new() });
    }

    fn is_own(&self, url: &Url) -> bool {
        self.trusted.iter().any(|origin| origin.matches(url))
    }

    fn is_kept_out(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.kept_out.iter().any(|each| !each.is_empty() && text.contains(&each.to_lowercase()))
    }
}

/// The links that promise something, with how much.
fn collect(survey: &Survey, trusted: &[Origin], waiting: &mut Vec<(u32, Url)>) {
    for control in survey.frames.iter().flat_map(|frame| &frame.controls) {
        let worth = find::promise(control);
        let Ok(mut url) = Url::parse(&control.href) else { continue };
        url.set_fragment(url.fragment().map(str::to_owned).filter(|part| part.starts_with('/')).as_deref());
        if worth > 0 && trusted.first().is_some_and(|own| own.matches(&url)) {
            waiting.push((worth, url));
        }
    }
}

fn as_target(names: &Names) -> Target {
    Target { alternatives: names.clone(), timeout: None, place: Place::default() }
}

/// Path, query and fragment.
fn relative(url: &Url) -> String {
    url[url::Position::BeforePath..].to_owned()
}

/// Whether an address says where it leads, and carries nothing that is made for one visit.
fn is_plain(url: &Url) -> bool {
    let once = ["token", "state", "nonce", "session", "csrf", "code", "sid", "key"];
    url.query().is_none_or(|query| query.len() < 100)
        && url
            .query_pairs()
            .all(|(name, value)| value.len() < 40 && !once.iter().any(|word| name.contains(word)))
}

fn is_error(survey: &Survey) -> bool {
    survey.frames.first().is_some_and(|frame| frame.page.status >= 400)
}

fn words_of(survey: &Survey) -> impl Iterator<Item = String> + '_ {
    survey.frames.iter().flat_map(|frame| {
        let controls = frame.controls.iter().map(|control| control.text.clone());
        controls.chain(frame.page.headings.iter().cloned())
    })
}

/// What the page says, in a line.
fn shown(survey: &Survey) -> String {
    let all = survey.frames.iter().flat_map(|frame| frame.page.messages.iter().chain(&frame.page.headings));
    all.cloned().collect::<Vec<_>>().join("; ")
}

/// An origin, if a playbook may declare it: only the checker makes one.
fn origin(text: &str) -> Result<Origin, NoDraft> {
    let source = format!(
        "app: draft\ntitle: Draft\norigins: {{ app: {text:?} }}\nflows:\n  login:\n    - open: /\n    - fill: {{ into: {{ css: input }}, with: password }}\n    - expect: {{ signed_in: {{ css: body }} }}\n"
    );
    match playbook::parse("the address", &source, &OriginOverrides::new()) {
        Ok(playbook) => Ok(playbook.app_origin().clone()),
        Err(report) => Err(NoDraft::Origin {
            origin: text.to_owned(),
            why: report.render(false).lines().next().unwrap_or_default().to_owned(),
        }),
    }
}
