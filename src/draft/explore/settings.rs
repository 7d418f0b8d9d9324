//! The pages where a password is changed and a second factor is turned on.

use std::collections::HashSet;

use url::Url;

use super::address::{is_ones_own, lasting, relative};
use super::look::{address, is_error, says, words_of};
use super::names::as_target;
use super::trail::{Lead, Trail};
use super::{CALM, Explorer, Keys, NoDraft, PATIENCE};
use crate::browser::{BrowserError, Control, ControlKind, PageError, Sends, Survey, Typed};
use crate::draft::find::{self, Found};
use crate::draft::findings::{ChangeForm, Move, Sent, Settings};
use crate::draft::leads;
use crate::draft::yaml::step;

/// Pages that are looked at for the settings.
const PAGES: usize = 14;
/// Where apps change passwords and turn on second factors.
const SETTINGS: [&str; 9] = [
    "/change-password",
    "/account/password",
    "/settings/security",
    "/accounts/password/change/",
    "/account/password_change/",
    "/settings/password",
    "/account/two_factor/",
    "/account/mfa",
    "/profile",
];

/// So many clicks lead to a page of settings, at most.
const DEEPEST: usize = 5;

impl Explorer {
    /// Where `/.well-known/change-password` leads, if the server means it.
    ///
    /// As the W3C's draft has it: a server that finds what should not exist says nothing by finding this.
    pub(super) async fn change_password_address(&mut self) -> Result<Option<Url>, NoDraft> {
        let found = async |explorer: &Self, path: &str| -> Result<bool, NoDraft> {
            let Ok(url) = explorer.url.join(path) else { return Ok(false) };
            if !explorer.reaches(&url).await? {
                return Ok(false);
            }
            let survey = explorer.page.survey().await?;
            Ok(survey.frames.first().is_some_and(|frame| (200..300).contains(&frame.page.status)))
        };
        if found(self, "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200")
            .await?
        {
            self.finds_all = true;
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

    /// Looks for the pages where a password is changed and a second factor is turned on. `menu` has opened what is there.
    pub(super) async fn find_settings(
        &mut self,
        menu: &[Move],
        well_known: Option<Url>,
        keys: &Keys,
    ) -> Result<(), NoDraft> {
        // Many a page draws its menus once it is there.
        let survey = self.await_that(|survey| all(survey).any(|control| leads::promise(control) > 0)).await?;
        let survey = self.uncover(survey).await?;
        let home = address(&survey).unwrap_or_else(|| self.url.clone());
        self.at_home = words_of(&survey).collect();
        let mut trail = Trail::default();
        self.note_settings(&survey, menu.to_vec());
        self.collect(&survey, menu, &mut trail);
        if menu.is_empty() {
            for found in leads::menus(&survey, &self.username) {
                let names = self.menu_names(&found, &survey);
                if !names.is_empty() {
                    let opens = if leads::opens_by_hover(&found.control) {
                        Move::Hover(names)
                    } else {
                        Move::Click(names)
                    };
                    trail.add(1, Lead::Clicks(vec![opens]));
                }
            }
        }
        if let Some(url) = well_known {
            trail.add(20, Lead::Address(url));
        }
        for path in SETTINGS {
            match self.usual(path) {
                // Where everything is found, only what is there tells.
                Some(url) if self.finds_all => trail.add(0, Lead::Guess(url)),
                Some(url) => trail.add(1, Lead::Address(url)),
                None => {}
            }
        }
        for _ in 0..PAGES {
            if self.findings.change.is_some() && self.findings.mfa.is_some() {
                break;
            }
            let Some(lead) = trail.next() else { break };
            self.look_at(lead, &home, keys, &mut trail).await?;
        }
        if self.findings.change.is_none() && !self.not_dared.is_empty() && !self.is_kept_out(&self.not_dared)
        {
            let what = &self.not_dared;
            self.findings.remarks.push(format!(
                "? is the password changed behind {what}? it was not clicked, for it may do something at once"
            ));
        }
        // Back to where the login ended, for whoever looks at the page next.
        drop(self.page.open(&home, PATIENCE).await);
        Ok(())
    }

    async fn look_at(
        &mut self,
        lead: Lead,
        home: &Url,
        keys: &Keys,
        trail: &mut Trail,
    ) -> Result<(), NoDraft> {
        let there = match &lead {
            Lead::Address(url) | Lead::Guess(url) | Lead::OnesOwn(url, _) => self.reaches(url).await?,
            Lead::Clicks(way) => self.returns(home, way).await?,
        };
        if !there {
            return Ok(());
        }
        self.note_looked(&lead);
        let guessed = matches!(lead, Lead::Guess(_));
        let (change, mfa) = (self.findings.change.is_none(), self.findings.mfa.is_none());
        let news = |survey: &Survey| {
            change && find::change(survey).is_some() || mfa && find::mfa(survey).is_some() || is_error(survey)
        };
        let mut survey = self.await_that(news).await?;
        if let (Lead::Clicks(way), Some(sent)) = (&lead, self.held_back())
            && let Some(last) = way.last()
        {
            self.findings.remarks.push(format!(
                "? what is behind {}? the click sends {sent}, which was held back: it may change something",
                step(last).trim()
            ));
        }
        // What a click has opened lies there because it was wanted.
        if !matches!(lead, Lead::Clicks(_)) {
            survey = self.uncover(survey).await?;
        }
        // Some servers answer to every address by their first page.
        let words: HashSet<String> = words_of(&survey).collect();
        if matches!(lead, Lead::Address(_)) && words == self.at_home && !is_useful(&survey) {
            return Ok(());
        }
        let current = find::current_alone(&survey);
        if guessed && !is_useful(&survey) && current.is_none() {
            return Ok(());
        }
        // The login again: not so where a page of settings asks for the current password first.
        let again = find::login(&survey).is_some() && !is_useful(&survey) && current.is_none();
        if is_error(&survey) || again {
            return Ok(());
        }
        if let Some(current) = current {
            survey = self.reveal(&current, keys, survey).await?;
        }
        if !is_useful(&survey) {
            // Of what is only passed by, nobody has to know whether it is there for everybody.
            let way = match lead {
                Lead::Clicks(way) | Lead::OnesOwn(_, way) => way,
                Lead::Address(url) | Lead::Guess(url) => vec![Move::Open(lasting(&url))],
            };
            if !way.is_empty() {
                self.note_way_out_at_rest(&survey, &way).await?;
            }
            self.collect(&survey, &way, trail);
            return Ok(());
        }
        let Some(way) = self.way_of(lead, &survey, home).await? else {
            self.findings.remarks.push(
                "a page of settings is behind an address that is made for one visit or one account, and nothing that was tried leads there for everybody".to_owned(),
            );
            self.collect(&survey, &[], trail);
            return Ok(());
        };
        self.note_way_out_at_rest(&survey, &way).await?;
        self.note_settings(&survey, way.clone());
        self.collect(&survey, &way, trail);
        Ok(())
    }

    /// Types the current password where nothing else is asked for yet: some pages show the fields for the new one only then.
    /// Nothing is sent off.
    async fn reveal(&mut self, current: &Found, keys: &Keys, before: Survey) -> Result<Survey, NoDraft> {
        let names = self.names(current, &before);
        if names.is_empty() {
            return Ok(before);
        }
        self.set_guide();
        self.page.let_send(Sends::Nothing);
        match self.page.fill(&as_target(&names), Typed::Password(&keys.password), CALM * 2).await {
            Ok(()) => self.await_that(|survey| find::change(survey).is_some()).await,
            Err(error @ PageError::Browser(BrowserError::Gone)) => Err(error.into()),
            Err(_) => Ok(before),
        }
    }

    /// The way to the page that is there, for everybody's account, from where a login has ended.
    async fn way_of(
        &mut self,
        lead: Lead,
        survey: &Survey,
        home: &Url,
    ) -> Result<Option<Vec<Move>>, NoDraft> {
        let way = match lead {
            Lead::Clicks(way) => return Ok(Some(way)),
            Lead::OnesOwn(_, way) => way,
            Lead::Address(url) | Lead::Guess(url) => {
                let now = address(survey).unwrap_or_else(|| url.clone());
                let ones_own = self.is_personal(&now);
                let way = vec![Move::Open(lasting(if ones_own { &url } else { &now }))];
                if !ones_own && lasting(&now) == relative(&now) {
                    return Ok(Some(way));
                }
                way
            }
        };
        Ok((self.returns(home, &way).await? && self.shows_settings().await?).then_some(way))
    }

    /// Whether an address leads to one account, and nobody else to theirs.
    fn is_personal(&self, url: &Url) -> bool {
        is_ones_own(url) || self.is_kept_out(&relative(url))
    }

    /// Goes the way from where the login has ended; `false` if it leads nowhere.
    async fn returns(&mut self, home: &Url, way: &[Move]) -> Result<bool, NoDraft> {
        let opens = matches!(way.first(), Some(Move::Open(_)));
        if way.is_empty() {
            return Ok(false);
        }
        // From a place on a page to another on the same one nothing is loaded, and what was opened there stays open.
        if !opens
            && home.fragment().is_some()
            && let Ok(blank) = Url::parse("about:blank")
        {
            self.reaches(&blank).await?;
        }
        Ok((opens || self.reaches(home).await?) && self.go(way).await?)
    }

    async fn shows_settings(&mut self) -> Result<bool, NoDraft> {
        let shows = |survey: &Survey| is_useful(survey) || find::current_alone(survey).is_some();
        Ok(shows(&self.await_that(shows).await?))
    }

    /// The links that promise something, and the items that lead nowhere by address. `way` is what has led to their page.
    fn collect(&mut self, survey: &Survey, way: &[Move], trail: &mut Trail) {
        for (frame, surveyed) in survey.frames.iter().enumerate() {
            let form = surveyed.controls.iter().any(find::is_password);
            for control in &surveyed.controls {
                let worth = leads::promise(control).max(self.is_called_by_owner(control));
                if leads::is_not_dared(control) {
                    let place = address(survey).filter(|url| !self.is_personal(url));
                    let place = place.map_or_else(|| "a page of one's own".to_owned(), |url| lasting(&url));
                    self.not_dared = format!("{:?} on {place}", control.text);
                }
                // Beside a password's field it may well send that off, empty as it is: an attempt that the app may count.
                let sends = form && leads::may_send_password(control);
                if worth == 0 || sends {
                    continue;
                }
                let found = Found { frame, control: control.clone() };
                if leads::may_click(control) {
                    let names = self.names(&found, survey);
                    if frame == 0 && way.len() < DEEPEST && !names.is_empty() {
                        trail.add(worth, Lead::Clicks([way, &[Move::Click(names)]].concat()));
                    }
                    continue;
                }
                let Ok(mut url) = Url::parse(&control.href) else { continue };
                let route = url.fragment().filter(|part| part.starts_with('/')).map(str::to_owned);
                url.set_fragment(route.as_deref());
                if !self.trusted.first().is_some_and(|own| own.matches(&url)) {
                    continue;
                }
                let lead = if self.is_personal(&url) {
                    let names = self.names(&found, survey);
                    let clicks = [way, &[Move::Click(names.clone())]].concat();
                    Lead::OnesOwn(url, if names.is_empty() { Vec::new() } else { clicks })
                } else {
                    Lead::Address(url)
                };
                trail.add(worth, lead);
            }
            for link in &surveyed.hidden {
                let worth = leads::promise_unseen(link);
                let url = Url::parse(&link.href).ok().filter(|url| worth > 0 && !self.is_personal(url));
                if let Some(url) = url.filter(|url| self.trusted.first().is_some_and(|own| own.matches(url)))
                {
                    trail.add(worth, Lead::Address(url));
                }
            }
        }
    }

    /// What a link promises that is called by who has signed in.
    fn is_called_by_owner(&self, control: &Control) -> u32 {
        let own = control.kind == ControlKind::Link
            && !self.username.is_empty()
            && control.text.to_lowercase() == self.username;
        if own { 3 } else { 0 }
    }

    /// Notes what was opened and clicked: whoever gave an account for it may want to know.
    pub(super) fn note_looked(&mut self, lead: &Lead) {
        let what = match lead {
            Lead::OnesOwn(_, way) if !way.is_empty() => {
                format!("a page of one's own, behind {}", way.last().map(step).unwrap_or_default())
            }
            Lead::Address(url) | Lead::Guess(url) | Lead::OnesOwn(url, _) if self.is_personal(url) => {
                "a page of one's own".to_owned()
            }
            Lead::Address(url) | Lead::Guess(url) | Lead::OnesOwn(url, _) => lasting(url),
            Lead::Clicks(way) => way.last().map(step).unwrap_or_default(),
        };
        if !self.findings.looked.contains(&what) {
            self.findings.looked.push(what);
        }
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
                also: Vec::new(),
                current: change.current.as_ref().map(|found| self.names(found, survey)),
                repeat: change.repeat.as_ref().map(|found| self.names(found, survey)),
                sent: match &change.submit {
                    Some(submit) => Sent::Click(self.names(submit, survey)),
                    None => Sent::Unknown,
                },
                rules: change.new.control.rules.clone(),
                minlength: change.new.control.minlength,
                says: says(survey),
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
}

/// What can be used on a page, in all its frames.
fn all(survey: &Survey) -> impl Iterator<Item = &Control> {
    survey.frames.iter().flat_map(|frame| &frame.controls)
}

/// Whether a password can be changed there, or a second factor be turned on.
fn is_useful(survey: &Survey) -> bool {
    find::change(survey).is_some() || find::mfa(survey).is_some()
}
