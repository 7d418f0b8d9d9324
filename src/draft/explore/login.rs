//! The login: where it is, what it asks for, and what became of it.

use std::collections::HashSet;

use url::Url;

use super::address::{is_plain, relative};
use super::look::{came, is_error, lines, shown};
use super::names::as_target;
use super::{Explorer, Keys, NoDraft, PATIENCE};
use crate::browser::{Survey, SurveyedFrame, Typed};
use crate::draft::find::{self, Found, Login};
use crate::draft::findings::{Move, Names, SignIn};
use crate::draft::words::{REFUSED, refuses, says};
use crate::draft::write::guessed;
use crate::playbook::Key;

/// A message has so many characters at most.
const MESSAGE: usize = 200;

/// What the login's page said before anything was sent off.
struct Before {
    shown: String,
    lines: HashSet<String>,
}

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

impl Explorer {
    /// Goes to the login: at the address itself, behind a link there, or where apps mostly have it.
    pub(super) async fn find_login(&mut self) -> Result<(Survey, Login), NoDraft> {
        self.page.open(&self.url.clone(), PATIENCE).await?;
        let first = self.await_that(|survey| find::login(survey).is_some()).await?;
        let given = relative(&self.url);
        if let Some(login) = find::login(&first) {
            self.findings.login.push(Move::Open(given));
            return Ok((first, login));
        }
        let mut looked = Vec::new();
        if find::registration(&first) {
            looked.push("whose form makes a new account and is left alone".to_owned());
        }
        if let Some(way) = find::way_in(&first) {
            looked.push(format!("behind {:?}", way.control.text));
            let moves = self.way_to(&way, &first, &given);
            if self.go(&moves).await? {
                let survey = self.await_that(|survey| find::login(survey).is_some()).await?;
                if let Some(login) = find::login(&survey) {
                    self.findings.login.extend(moves);
                    return Ok((survey, login));
                }
            }
        }
        for path in LOGINS {
            let Ok(url) = self.url.join(path) else { continue };
            if !self.reaches(&url).await? {
                continue;
            }
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
            _ => vec![Move::Open(from.to_owned()), Move::Click(self.names_in_any_case(way, survey))],
        }
    }

    /// Writes the login down, and goes through it if there are keys for it. Without them, or where they may not be
    /// typed, the rest is guessed.
    pub(super) async fn follow<'k>(
        &mut self,
        mut survey: Survey,
        mut login: Login,
        mut keys: Option<&'k Keys>,
    ) -> Result<(Survey, Option<&'k Keys>), NoDraft> {
        let captcha = survey.frames.iter().any(|frame| frame.captcha);
        if captcha {
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
        for choice in find::choices(&survey, &login) {
            let called = choice.control.labels.first().unwrap_or(&choice.control.name).clone();
            self.findings.remarks.push(format!(
                "? the login has a choice, {called:?}: what is to be chosen there, by a step `select`?"
            ));
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
                    self.findings.sign_in = SignIn::Unclear(came(&survey));
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
        let before = Before { shown: shown(&survey), lines: lines(&survey).into_iter().collect() };
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
                let into = self.names_in_any_case(field, survey);
                moves.push(Move::Fill { into, with: with.to_owned() });
            }
        }
        let last = login.password.as_ref().or(login.username.as_ref());
        match (&login.submit, last) {
            (Some(submit), _) => moves.push(Move::Click(self.names_in_any_case(submit, survey))),
            (None, Some(field)) => {
                let within = Some(self.names_in_any_case(field, survey));
                moves.push(Move::Press { key: "Enter", within });
            }
            (None, None) => {}
        }
    }

    /// What became of the login.
    async fn outcome(&mut self, before: &Before) -> Result<Survey, NoDraft> {
        let refused = |survey: &Survey| {
            find::login(survey).is_some() && shown(survey) != before.shown && refuses(&shown(survey))
        };
        let survey = self
            .await_that(|survey| {
                find::way_out(survey).is_some() || find::code_field(survey).is_some() || refused(survey)
            })
            .await?;
        let code = find::code_field(&survey).filter(|_| find::login(&survey).is_none());
        let way_out = find::way_out(&survey).is_some();
        self.findings.sign_in = if let Some((field, submit)) = code
            && (!way_out || self.asks_for_code_anew().await?)
        {
            let field = self.names_in_any_case(&field, &survey);
            let submit = submit.map(|submit| self.names_in_any_case(&submit, &survey));
            self.findings.code = Some((field, submit));
            SignIn::CodeWanted
        } else if way_out {
            SignIn::Done
        } else if find::login(&survey).is_some() {
            let messages = survey.frames.iter().flat_map(|frame| &frame.page.messages);
            let said = messages.filter(|text| refuses(text)).find(|text| !self.is_kept_out(text));
            let new = self.new_lines(&survey, before);
            match said.or_else(|| new.iter().find(|line| refuses(line))) {
                Some(said) => SignIn::Refused(said.clone()),
                None if refuses(&shown(&survey)) => SignIn::Refused(String::new()),
                None => SignIn::Unclear(self.form_again(&survey, &new)),
            }
        } else if says(&shown(&survey), REFUSED) {
            // Some apps say no on a page of its own. A page behind a login may have many words: the plainest count.
            SignIn::Refused(
                shown(&survey)
                    .split("; ")
                    .find(|text| says(text, REFUSED) && !self.is_kept_out(text))
                    .unwrap_or_default()
                    .to_owned(),
            )
        } else {
            SignIn::Done
        };
        Ok(survey)
    }

    /// Whether the login leads to a code again when it is opened anew, or to itself: a page may offer the way out before it
    /// has let anybody in, and who is in may be asked for other codes than these.
    async fn asks_for_code_anew(&mut self) -> Result<bool, NoDraft> {
        let here = self.page.url();
        let seen = self
            .entrance_anew(|survey| find::login(survey).is_some() || find::way_out(survey).is_some())
            .await?;
        let asks =
            seen.is_some_and(|survey| find::code_field(&survey).is_some() || find::login(&survey).is_some());
        if let (false, Ok(back)) = (asks, Url::parse(&here)) {
            self.reaches(&back).await?;
        }
        Ok(asks)
    }

    /// The page that the login's first step opens, opened once more.
    pub(super) async fn entrance_anew(
        &mut self,
        holds: impl Fn(&Survey) -> bool,
    ) -> Result<Option<Survey>, NoDraft> {
        let entrance = self.findings.login.iter().find_map(|each| match each {
            Move::Open(path) => self.url.join(path).ok(),
            _ => None,
        });
        let Some(entrance) = entrance else { return Ok(None) };
        if !self.reaches(&entrance).await? {
            return Ok(None);
        }
        Ok(Some(self.await_that(holds).await?))
    }

    /// What the page says that it did not say before the form was sent off.
    fn new_lines(&self, survey: &Survey, before: &Before) -> Vec<String> {
        let told = |line: &String| line.chars().count() <= MESSAGE && !self.is_kept_out(line);
        lines(survey).into_iter().filter(|line| !before.lines.contains(line) && told(line)).collect()
    }

    /// What there is to say of a login form that is there again, or still, without a word of refusal.
    fn form_again(&mut self, survey: &Survey, new: &[String]) -> String {
        if is_error(survey) {
            return came(survey);
        }
        self.findings.answered = new.first().cloned();
        if new.is_empty() {
            return "the login form is still there and the page says nothing: was it sent off? Sign in by hand and see what sends it; the draft's last step before `expect` has to do that".to_owned();
        }
        format!("the login form is still there, and the page says: {}", new.join("; "))
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
                    self.typed = true;
                }
                Move::Click(names) => {
                    self.sent |= moves
                        .iter()
                        .any(|each| matches!(each, Move::Fill { with, .. } if with == "password"));
                    self.page.click(&as_target(names), PATIENCE).await?;
                }
                Move::Press { within, .. } => {
                    self.sent = true;
                    self.page.press(Key::Enter, within.as_ref().map(as_target).as_ref(), PATIENCE).await?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Goes where the steps lead; `false` if one of them does not.
    pub(super) async fn go(&mut self, moves: &[Move]) -> Result<bool, NoDraft> {
        for each in moves {
            let there = match each {
                Move::Open(path) => match self.url.join(path) {
                    Ok(url) => self.reaches(&url).await?,
                    Err(_) => false,
                },
                Move::Click(names) => self.page.click(&as_target(names), PATIENCE).await.is_ok(),
                _ => true,
            };
            if !there {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
