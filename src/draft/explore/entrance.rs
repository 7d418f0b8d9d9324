//! Where the login is.

use url::Url;

use super::address::{is_plain, relative};
use super::login::asks_for_password;
use super::look::{is_error, lines};
use super::names::as_target;
use super::{CALM, Explorer, NoDraft, PATIENCE};
use crate::browser::{Sends, Survey};
use crate::draft::find::{self, Found, Login};
use crate::draft::findings::Move;

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
    /// Goes to the login: at the address itself, behind a link there, or where apps mostly have it. Where there is none, what
    /// asks whose app it is will do.
    pub(super) async fn find_login(&mut self) -> Result<(Survey, Login), NoDraft> {
        // What other addresses have asked says nothing of this one.
        let _ = self.page.was_challenged();
        let opened = self.page.open(&self.url.clone(), PATIENCE).await;
        let challenged = self.page.was_challenged();
        let by_dialog = || NoDraft::Dialog { origin: self.url.origin().ascii_serialization() };
        opened.map_err(|error| if challenged { by_dialog() } else { error.into() })?;
        let first = self.await_that(|survey| find::login(survey).is_some()).await?;
        let mut way = vec![Move::Open(relative(&self.url))];
        if let Some(found) = self.login_here(&first, &way).await? {
            return Ok(found);
        }
        let mut place = find::place_first(&first).map(|place| (first.clone(), place, way.clone()));
        let mut looked = Vec::new();
        if find::registration(&first) {
            looked.push("whose form makes a new account and is left alone".to_owned());
        }
        let mut joins = find::way_in(&first).is_none();
        let mut door = find::door(&first).map(|door| (door, first.clone()));
        while let Some((found, survey)) = door.take() {
            looked.push(format!("behind {:?}", found.control.text));
            self.before.lines.extend(lines(&survey));
            if self.way_in.is_empty() {
                self.way_in = found.control.text.clone();
            }
            way = self.way_to(&found, &survey, way);
            let there = self.go(&way).await?;
            if let Some(sent) = self.held_back() {
                looked.push(format!("whose click would have sent {sent} and was held back"));
            }
            if !there {
                break;
            }
            let enters =
                |survey: &Survey| find::login(survey).is_some() || joins && find::way_in(survey).is_some();
            let survey = self.await_that(enters).await?;
            if let Some(found) = self.login_here(&survey, &way).await? {
                return Ok(found);
            }
            place = place.or_else(|| Some((survey.clone(), find::place_first(&survey)?, way.clone())));
            // Where accounts are made, whoever has one is led on.
            door = find::way_in(&survey).filter(|_| joins).map(|door| (door, survey));
            joins = false;
        }
        let usual = LOGINS.iter().filter_map(|path| self.usual(path));
        let addresses: Vec<Url> = find::unseen_ways_in(&first)
            .filter(|url| self.is_apps(url) && is_plain(url) && !self.is_kept_out(&relative(url)))
            .chain(usual)
            .collect();
        for url in addresses {
            if !self.reaches(&url).await? {
                continue;
            }
            let survey = self.await_that(|survey| find::login(survey).is_some() || is_error(survey)).await?;
            if is_error(&survey) {
                continue;
            }
            if let Some(found) = self.login_here(&survey, &[Move::Open(relative(&url))]).await? {
                return Ok(found);
            }
        }
        if let Some((survey, place, way)) = place {
            self.findings.login.extend(way);
            return Ok((survey, place));
        }
        looked.push(format!("and at {}", LOGINS.join(", ")));
        let main = first.frames.first();
        let page = Box::new(main.map(|frame| frame.page.clone()).unwrap_or_default());
        if challenged {
            return Err(NoDraft::Dialog { origin: self.url.origin().ascii_serialization() });
        }
        if first.frames.iter().any(|frame| frame.captcha) {
            return Err(NoDraft::Captcha { page });
        }
        Err(NoDraft::NoLogin { looked: looked.join(", "), page })
    }

    /// The login of the page to which the way has led, noted with the way. Where it can be chosen, that of the password.
    async fn login_here(
        &mut self,
        survey: &Survey,
        way: &[Move],
    ) -> Result<Option<(Survey, Login)>, NoDraft> {
        if let Some(choice) = find::login_choice(survey) {
            let names = self.names_in_any_case(&choice, survey);
            self.page.let_send(Sends::Known);
            if self.page.click(&as_target(&names), CALM * 2).await.is_ok() {
                let chosen = self.await_that(asks_for_password).await?;
                if let Some(login) = find::login(&chosen).filter(|login| login.password.is_some()) {
                    self.findings.login.extend(way.iter().cloned().chain([Move::Click(names)]));
                    return Ok(Some((chosen, login)));
                }
            }
            // It may want the name first: back to the page as it was.
            self.go(way).await?;
            self.await_that(|survey| find::login(survey).is_some()).await?;
        }
        let login = find::login(survey);
        if login.is_some() {
            self.findings.login.extend(way.iter().cloned());
        }
        Ok(login.map(|login| (survey.clone(), login)))
    }

    /// The steps to what a control leads to: its address where that says all, else the click on it, where the way has led.
    fn way_to(&mut self, found: &Found, survey: &Survey, mut way: Vec<Move>) -> Vec<Move> {
        let url = Url::parse(&found.control.href)
            .ok()
            .filter(|url| self.is_apps(url) && !find::leads_nowhere(&found.control.href));
        match url.filter(is_plain) {
            Some(url) if !self.is_kept_out(&relative(&url)) => vec![Move::Open(relative(&url))],
            _ => {
                way.push(Move::Click(self.names_in_any_case(found, survey)));
                way
            }
        }
    }
}
