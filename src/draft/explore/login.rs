//! The login: what it asks for, and what became of it.

use secrecy::ExposeSecret as _;

use super::look::{self, address, came, lines, shown};
use super::marks::is_new;
use super::names::as_target;
use super::{Explorer, Keys, NoDraft, PATIENCE};
use crate::browser::{BrowserError, Control, PageError, Sends, Survey, Typed};
use crate::draft::find::{self, Found, Login};
use crate::draft::findings::{Move, Names, SignIn};
use crate::draft::words::{EXPIRED, MAILED, REFUSED, SCAN, refuses, says};
use crate::draft::write::guessed;
use crate::playbook::{Key, Value, names_a_secret};
use crate::redact::redact;

/// A name's field that could not be seen.
const NAME: &str = r#"input[autocomplete~="username"], input[type="email"], input[type="text"]"#;

impl Explorer {
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
        let there = survey.frames.get(place).map(|frame| frame.origin.clone()).unwrap_or_default();
        if keys.is_some() && !self.trusted.iter().any(|origin| origin.as_str() == there) {
            let why = match there.as_str() {
                "null" => "its form is in a frame of no origin, where nothing is typed".to_owned(),
                _ => format!("its form is of {there}: to sign in there too, add --trust {there}"),
            };
            self.findings.sign_in = SignIn::NotTried(why);
            keys = None;
        }
        self.declare_main(place, &there);
        let first = login.place.as_ref().or(login.username.as_ref());
        if let Some(first) = first.or(login.password.as_ref()) {
            self.findings.entrance = self.names(first, &survey);
        }
        let mut moves = Vec::new();
        if login.password.is_none() {
            let needed = self.form_moves(&login, &survey, &mut moves);
            let frame = first.and_then(|found| self.frame(found.frame, &survey));
            let given = match (keys, needed) {
                (Some(given), None) => given,
                (_, needed) => {
                    self.not_sent(needed);
                    if login.place.is_some() {
                        let question =
                            "? what does the page behind that ask for? name and password are guesses";
                        moves.push(Move::Note(question.to_owned()));
                        let into = guessed_in(NAME, frame.as_ref());
                        moves.push(Move::Fill { into, with: "username".to_owned() });
                    } else {
                        let question = "? what does the page behind the name look like? this is a guess";
                        moves.push(Move::Note(question.to_owned()));
                    }
                    moves.extend(guessed_password(frame.as_ref()));
                    self.findings.login.extend(moves);
                    return Ok((survey, None));
                }
            };
            self.set_guide();
            if let Some(stuck) = self.walk(&moves, given).await? {
                self.stop_at(stuck, &mut moves);
                moves.extend(guessed_password(frame.as_ref()));
                self.findings.login.extend(moves);
                return Ok((survey, None));
            }
            survey = self.await_password().await?;
            if !asks_for_password(&survey)
                && let Some(choice) = find::password_choice(&survey)
            {
                let choice = vec![Move::Click(self.names_in_any_case(&choice, &survey))];
                let stuck = self.walk(&choice, given).await?;
                moves.extend(choice);
                if stuck.is_none() {
                    survey = self.await_password().await?;
                }
            }
            match find::login(&survey).filter(|login| login.password.is_some()) {
                Some(second) => {
                    // What is not sent off without the name wants it once more.
                    let username = second.username.filter(|found| found.control.missing);
                    login = Login { username, ..second };
                }
                None => {
                    self.findings.login.extend(moves);
                    self.findings.sign_in = SignIn::Unclear(came(&survey));
                    self.findings.login.push(Move::Note(
                        "? no password was asked for behind the name: what comes here?".to_owned(),
                    ));
                    // What is sent off without knowing may count as a wrong attempt.
                    let text = Value::QUESTION.to_owned();
                    self.findings.login.push(Move::Literal { into: guessed_field(None), text });
                    self.findings.login.push(guessed_submit(None));
                    return Ok((survey, None));
                }
            }
        }
        let earlier = moves.len();
        let needed = self.form_moves(&login, &survey, &mut moves);
        self.set_guide();
        let given = keys.filter(|_| needed.is_none());
        let there = login
            .password
            .as_ref()
            .and_then(|found| survey.frames.get(found.frame))
            .map(|frame| frame.origin.clone());
        if let (Some(there), Some(field)) = (&there, &login.password) {
            self.declare_main(field.frame, there);
        }
        let trusts = |origin: &str| self.trusted.iter().any(|each| each.as_str() == origin);
        let elsewhere = login.password.as_ref().map(|found| found.control.sent_to.clone());
        let elsewhere = elsewhere.filter(|origin| !origin.is_empty() && !trusts(origin));
        let trusted = elsewhere.is_none() && there.is_some_and(|there| trusts(&there));
        let Some(given) = given.filter(|_| trusted) else {
            self.findings.login.extend(moves);
            if needed.is_some() {
                self.not_sent(needed);
            } else if let (Some(origin), Some(_)) = (elsewhere, keys) {
                let why = format!(
                    "its form sends the password to {origin}: if that is right, add --trust {origin}"
                );
                self.findings.sign_in = SignIn::NotTried(why);
            } else if keys.is_some() {
                self.findings.sign_in =
                    SignIn::NotTried("the password is asked for in another origin".to_owned());
            }
            return Ok((survey, None));
        };
        self.before.shown = shown(&survey);
        self.before.lines.extend(lines(&survey));
        let mut last = moves.split_off(earlier);
        let stuck = self.walk(&last, given).await?;
        if let Some(stuck) = stuck {
            self.stop_at(stuck, &mut last);
            self.findings.login.extend(moves.into_iter().chain(last));
            return Ok((survey, None));
        }
        self.findings.login.extend(moves.into_iter().chain(last));
        let after = self.outcome().await?;
        Ok(match self.findings.sign_in {
            SignIn::Done => (after, keys),
            _ => (after, None),
        })
    }

    /// Declares the origin of the page itself, if it is another one than the app's and trusted.
    fn declare_main(&mut self, frame: usize, origin: &str) {
        if frame == 0 && self.trusted.iter().any(|each| each.as_str() == origin) {
            self.findings.origin_name(origin);
        }
    }

    async fn await_password(&self) -> Result<Survey, NoDraft> {
        self.await_that(asks_for_password).await
    }

    /// Nothing is sent off without what only the app's people know.
    fn not_sent(&mut self, needed: Option<String>) {
        if let (Some(needed), SignIn::NotTried(why)) = (needed, &mut self.findings.sign_in) {
            *why = format!("the login also asks for {needed:?}: answer the draft's question about it");
        }
    }

    /// Marks the step that could not be done, and tells why.
    fn stop_at(&mut self, (at, error): Stuck, moves: &mut Vec<Move>) {
        moves.insert(
            at,
            Move::Note("? the next step could not be done when this was drafted: what has to come before it, or instead?".to_owned()),
        );
        self.findings.sign_in = SignIn::Unclear(redact(&error.to_string()).into_owned());
    }

    /// Fills and sends a login's form; with what else it asks for, as a question each. What nothing can be sent without is
    /// given back.
    fn form_moves(&mut self, login: &Login, survey: &Survey, moves: &mut Vec<Move>) -> Option<String> {
        let own = [(&login.username, "username"), (&login.password, "password")];
        let mut others = find::others(survey, login);
        others.extend(login.place.clone());
        // Whom the password belongs to is chosen, where no name is typed beside it.
        let chosen = |other: &Found| {
            login.username.is_none()
                && login.password.is_some()
                && other.control.r#type == "select-one"
                && other.control.choices > 1
                && !self.typed
        };
        let needed = others.iter().find(|other| other.control.missing || chosen(other));
        let needed = needed.map(|other| find::called(&other.control));
        let mut fields: Vec<(&Found, Option<&str>)> = others.iter().map(|other| (other, None)).collect();
        fields.extend(own.iter().filter_map(|(field, with)| Some((field.as_ref()?, Some(*with)))));
        // As people go through them.
        fields.sort_by_key(|(field, _)| (field.frame, field.control.place));
        for (field, with) in fields {
            match with {
                Some(with) => {
                    let into = self.names_in_any_case(field, survey);
                    moves.push(Move::Fill { into, with: with.to_owned() });
                }
                None => {
                    let into = self.names(field, survey);
                    let called =
                        Some(find::called(&field.control)).filter(|called| !self.is_kept_out(called));
                    moves.extend(question_about(&field.control, &called.unwrap_or_default(), into));
                }
            }
        }
        let last = login.password.as_ref().or(login.username.as_ref()).or(login.place.as_ref());
        match (&login.submit, last) {
            (Some(submit), _) => moves.push(Move::Click(self.names_in_any_case(submit, survey))),
            (None, Some(field)) => {
                let within = Some(self.names_in_any_case(field, survey));
                moves.push(Move::Press { key: "Enter", within });
            }
            (None, None) => {}
        }
        needed
    }

    /// What became of the login.
    async fn outcome(&mut self) -> Result<Survey, NoDraft> {
        let was = self.before.shown.clone();
        let refused = |survey: &Survey| {
            find::login(survey).is_some() && shown(survey) != was && refuses(&shown(survey))
        };
        let at_login = self.at_login.clone();
        let came = |survey: &Survey| {
            find::way_out(survey).is_some_and(|way_out| is_new(&way_out, &at_login))
                || find::code_field(survey).is_some()
                || refused(survey)
        };
        let stays = |survey: &Survey| find::declines_to_stay(survey).is_some();
        let mut survey = self.await_that(|survey| came(survey) || stays(survey)).await?;
        // Some pages draw their way out while they ask whether the password is right.
        if self.page.hear_answers(PATIENCE).await {
            survey = self.await_that(|survey| came(survey) || stays(survey)).await?;
        }
        let survey = self.decline_to_stay(survey, came).await?;
        self.heard = self.hear(&survey, &self.before);
        let way_out = find::way_out(&survey).is_some_and(|way_out| self.is_new(&way_out));
        let code = find::code_field(&survey).or_else(|| find::short_field(&survey).filter(|_| !way_out));
        let code = code.filter(|_| find::login(&survey).is_none());
        let expired = !way_out && find::change(&survey).is_some() && says(&shown(&survey), EXPIRED);
        self.findings.sign_in = if expired {
            SignIn::Unclear(
                "the app wants a new password before it lets anybody in: change it by hand, then try again"
                    .to_owned(),
            )
        } else if code.is_some() && says(look::says(&survey).expose_secret(), SCAN) {
            SignIn::Unclear(
                "the app wants a second factor to be set up before it lets anybody in: set it up by hand, or try an account that has to have none"
                    .to_owned(),
            )
        } else if let Some((field, submit)) = code
            && (!way_out || self.asks_for_code_anew(&survey).await?)
        {
            let field = self.names_in_any_case(&field, &survey);
            let submit = submit.map(|submit| self.names_in_any_case(&submit, &survey));
            self.findings.code = Some((field, submit));
            SignIn::CodeWanted
        } else if way_out {
            SignIn::Done
        } else if find::login(&survey).is_some() {
            self.not_in(&survey, true)
        } else if says(&shown(&survey), REFUSED) || self.opens_by_click() && self.offers_login(&survey) {
            // Some apps say no on a page of its own, or on the one that the login was opened from. A page behind a login may
            // have many words: the plainest count.
            self.not_in(&survey, false)
        } else if says(&shown(&survey), MAILED) {
            SignIn::Unclear(
                "the app has sent something by which the login goes on, and a draft reads no mail: write that step as a state of \
                 the `expect` (docs/playbooks/cookbook.md, mailed codes)"
                    .to_owned(),
            )
        } else {
            SignIn::Done
        };
        Ok(survey)
    }

    /// Whether the login was opened by a click, and not by an address.
    fn opens_by_click(&self) -> bool {
        let before = self.findings.login.iter().take_while(|each| !matches!(each, Move::Fill { .. }));
        before.into_iter().any(|each| matches!(each, Move::Click(_)))
    }

    /// Whether what has led to the login is there, as whoever is not in sees it.
    pub(super) fn offers_login(&self, survey: &Survey) -> bool {
        find::way_out(survey).is_none()
            && !self.way_in.is_empty()
            && find::door(survey).is_some_and(|way| way.control.text == self.way_in)
    }

    /// Whether the login leads to a code again when it is opened anew, or to itself: a page may offer the way out before it
    /// has let anybody in, and who is in may be asked for other codes than these.
    async fn asks_for_code_anew(&mut self, survey: &Survey) -> Result<bool, NoDraft> {
        let here = address(survey);
        let seen = self
            .entrance_anew(|survey| find::login(survey).is_some() || find::way_out(survey).is_some())
            .await?;
        let asks =
            seen.is_some_and(|survey| find::code_field(&survey).is_some() || find::login(&survey).is_some());
        if let (false, Some(back)) = (asks, here) {
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

    /// Does what the steps say, up to one that cannot be done.
    async fn walk(&mut self, moves: &[Move], keys: &Keys) -> Result<Option<Stuck>, NoDraft> {
        let secret = |each: &Move| matches!(each, Move::Fill { with, .. } if with == "password");
        self.page.let_send(Sends::All);
        for (at, each) in moves.iter().enumerate() {
            let done = match each {
                Move::Fill { into, .. } => {
                    let typed = if secret(each) {
                        Typed::Password(&keys.password)
                    } else {
                        Typed::Plain(&keys.username)
                    };
                    self.typed = true;
                    self.page.fill(&as_target(into), typed, PATIENCE).await
                }
                Move::Click(names) => {
                    self.sent |= moves[..at].iter().any(secret);
                    self.page.click(&as_target(names), PATIENCE).await
                }
                Move::Press { within, .. } => {
                    self.sent = true;
                    self.page.press(Key::Enter, within.as_ref().map(as_target).as_ref(), PATIENCE).await
                }
                _ => Ok(()),
            };
            match done {
                Ok(()) => {}
                Err(error @ PageError::Browser(BrowserError::Gone)) => return Err(error.into()),
                Err(error) => return Ok(Some((at, error))),
            }
        }
        Ok(None)
    }

    /// Goes where the steps lead; `false` if one of them does not.
    pub(super) async fn go(&mut self, moves: &[Move]) -> Result<bool, NoDraft> {
        for each in moves {
            self.page.let_send(Sends::Known);
            let there = match each {
                Move::Open(path) => match self.url.join(path) {
                    Ok(url) => self.reaches(&url).await?,
                    Err(_) => false,
                },
                Move::Click(names) => self.page.click(&as_target(names), PATIENCE).await.is_ok(),
                Move::Hover(names) => self.page.hover(&as_target(names), PATIENCE).await.is_ok(),
                _ => true,
            };
            if !there {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The step of a list that could not be done, and why.
type Stuck = (usize, PageError);

pub(super) fn asks_for_password(survey: &Survey) -> bool {
    find::login(survey).is_some_and(|login| login.password.is_some())
}

/// A password's page that could not be seen.
fn guessed_password(frame: Option<&String>) -> [Move; 2] {
    [Move::Fill { into: guessed_field(frame), with: "password".to_owned() }, guessed_submit(frame)]
}

fn guessed_field(frame: Option<&String>) -> Names {
    guessed_in("input[type=\"password\"]", frame)
}

fn guessed_submit(frame: Option<&String>) -> Move {
    Move::Click(guessed_in("button[type=\"submit\"], input[type=\"submit\"]", frame))
}

fn guessed_in(selector: &str, frame: Option<&String>) -> Names {
    let mut names = guessed(selector);
    names.iter_mut().for_each(|name| name.frame = frame.cloned());
    names
}

/// What else a login asks for: a text with its step, where it cannot do without.
fn question_about(control: &Control, called: &str, into: Names) -> Vec<Move> {
    let needed = if control.missing { " (required)" } else { "" };
    let typed = control.r#type != "select-one" && control.r#type != "checkbox" && control.r#type != "radio";
    let question = match (typed, control.missing) {
        (true, true) if names_a_secret(called) => format!(
            "? the login also asks for {called:?} (required), which looks like a secret: Turnlock keeps none but password and authenticator, and parameters stand in clear. Can the account sign in without it?"
        ),
        (true, true) => format!(
            "? the login also asks for {called:?} (required): what is typed there? Where that is another for each account, name it under `params` and write it as \"${{NAME}}\""
        ),
        (true, false) => format!(
            "? the login also has a field {called:?}, left empty here: is anything to be typed there?"
        ),
        (false, _) if control.r#type == "select-one" => {
            format!(
                "? the login has a choice, {called:?}{needed}: what is to be chosen there, by a step `select`?"
            )
        }
        (false, _) => format!("? the login has {called:?} to be set{needed}: by a step `check`?"),
    };
    let mut moves = vec![Move::Note(question)];
    if typed && control.missing && !into.is_empty() {
        moves.push(Move::Literal { into, text: Value::QUESTION.to_owned() });
    }
    moves
}
