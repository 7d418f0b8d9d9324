//! What shows that somebody is signed in, and the way out.

use std::collections::HashSet;

use url::Url;

use super::look::{address, came, is_error, lines, words_of};
use super::names::as_target;
use super::trail::Lead;
use super::{CALM, Explorer, NoDraft, PATIENCE, await_on, names_somebody};
use crate::browser::{Guide, PageError, Sends, Survey};
use crate::draft::findings::{Move, Names, Settings, SignIn};
use crate::draft::{find, leads};
use crate::playbook::{self, Locator};

impl Explorer {
    /// What shows that somebody is signed in, and the way out, also within a menu: what has opened that is given.
    pub(super) async fn find_marks(&mut self, mut survey: Survey) -> Result<Vec<Move>, NoDraft> {
        survey = self.uncover(survey).await?;
        if find::way_out(&survey).is_some() {
            // A page may draw its menus open, and close them.
            survey = self.await_that(|_| false).await?;
        }
        if let Some(way_out) = find::way_out(&survey) {
            if self.is_new(&way_out) {
                let names = self.mark_names(&way_out, &survey);
                self.findings.mark = Some(names).filter(|names| !names.is_empty());
            } else {
                self.guess_mark(&survey).await?;
            }
            self.note_way_out(&survey, &[]);
            self.set_guide();
            return Ok(Vec::new());
        }
        let answer = survey.clone();
        for menu in leads::menus(&survey, &self.username) {
            let names = self.menu_names(&menu, &survey);
            if names.is_empty() {
                continue;
            }
            self.set_guide();
            let (target, hovers) = (as_target(&names), leads::opens_by_hover(&menu.control));
            self.page.let_send(Sends::Known);
            let done = match hovers {
                true => self.page.hover(&target, CALM * 2).await,
                false => self.page.click(&target, CALM * 2).await,
            };
            if done.is_err() {
                continue;
            }
            let opens = vec![if hovers { Move::Hover(names.clone()) } else { Move::Click(names.clone()) }];
            self.note_looked(&Lead::Clicks(opens.clone()));
            survey = self.await_that(|survey| find::way_out(survey).is_some()).await?;
            if find::way_out(&survey).is_some() {
                self.note_way_out(&survey, &opens);
                // A menu that is there for everybody shows nobody in.
                if self.at_login.contains(find::words(&menu.control)) {
                    self.guess_mark(&answer).await?;
                } else {
                    self.findings.mark = Some(names);
                }
                return Ok(opens);
            }
        }
        if self.asks_anew(&survey).await?
            || self.heard.refusal.is_some() && self.is_for_everybody_here().await?
        {
            self.findings.sign_in = self.not_in(&answer, false);
            return Ok(Vec::new());
        }
        // What a menu shows that was opened here is there only then.
        self.guess_mark(&answer).await?;
        let named = lines(&answer).iter().any(|line| names_somebody(line, &self.username));
        if self.findings.mark.is_none() && !named {
            self.findings.sign_in = SignIn::Unclear(format!(
                "the app does not say whether somebody is signed in: there is {}",
                came(&answer)
            ));
        }
        Ok(Vec::new())
    }

    /// The same once the page has come to rest: it may draw its menus open, and close them.
    pub(super) async fn note_way_out_at_rest(
        &mut self,
        survey: &Survey,
        way: &[Move],
    ) -> Result<(), NoDraft> {
        if self.findings.way_out.is_none() && find::way_out(survey).is_some() {
            let rested = self.await_that(|_| false).await?;
            self.note_way_out(&rested, way);
        }
        Ok(())
    }

    /// Whether it was not on the login's page: an app that draws itself behind its login shows nobody in by what is there
    /// all the time. Of what has no words nobody can tell, and most login pages have some of that.
    pub(super) fn is_new(&self, found: &find::Found) -> bool {
        is_new(found, &self.at_login)
    }

    /// Notes what ends this session and no other, if the page has it. `way` has led to the page.
    pub(super) fn note_way_out(&mut self, survey: &Survey, way: &[Move]) {
        let ours = find::way_out(survey).filter(|found| !find::ends_all(&found.control));
        let what = ours.map(|found| self.names(&found, survey)).filter(|names| !names.is_empty());
        if let (None, Some(what)) = (&self.findings.way_out, what) {
            if let ([Move::Click(menu) | Move::Hover(menu)], true) = (way, self.findings.mark_is_guessed) {
                // Only who is in has the menu with it.
                self.findings.mark = Some(menu.clone());
                self.findings.mark_is_guessed = false;
            }
            self.findings.way_out = Some(Settings { way: way.to_vec(), what });
        }
    }

    /// [`Explorer::is_for_everybody`] of the page that is there.
    async fn is_for_everybody_here(&mut self) -> Result<bool, NoDraft> {
        let ours = self.page.survey().await?;
        let Some(here) = address(&ours) else { return Ok(false) };
        self.is_for_everybody(&here, &ours).await
    }

    /// Whether the login asks for a password again when it is opened anew: then nobody is signed in, whatever the page behind
    /// the form has said.
    async fn asks_anew(&mut self, survey: &Survey) -> Result<bool, NoDraft> {
        let here = address(survey);
        let way_in = self.way_in.clone();
        let offers = |survey: &Survey| {
            let again = |way: find::Found| !way_in.is_empty() && way.control.text == way_in;
            find::login(survey).is_some() || find::door(survey).is_some_and(again)
        };
        let seen = self.entrance_anew(offers).await?;
        let asks = seen.is_some_and(|seen| {
            find::way_out(&seen).is_none() && (find::login(&seen).is_some() || self.offers_login(&seen))
        });
        let Some(here) = here else { return Ok(asks) };
        if !self.reaches(&here).await? || !asks {
            return Ok(asks);
        }
        // Some logins ask whoever comes by, also those who are in. Then what is behind it tells.
        let ours = self.await_that(|survey| words_of(survey).next().is_some()).await?;
        self.is_for_everybody(&here, &ours).await
    }

    /// Whether somebody who has not signed in sees all of it at this address, too. What the time is, and the like, tells nothing:
    /// headings and controls do.
    async fn is_for_everybody(&self, url: &Url, ours: &Survey) -> Result<bool, NoDraft> {
        // Nobody can tell. To take a stranger's page for a login would be worse than to ask.
        let begun = |survey: &Survey| words_of(survey).next().is_some();
        let Some(theirs) = self.as_stranger(url, begun).await? else { return Ok(true) };
        let seen: HashSet<_> = words_of(&theirs).collect();
        Ok(is_error(ours) == is_error(&theirs) && words_of(ours).all(|word| seen.contains(&word)))
    }

    /// What somebody who has not signed in sees there; nothing if it cannot be opened.
    async fn as_stranger(
        &self,
        url: &Url,
        holds: impl Fn(&Survey) -> bool,
    ) -> Result<Option<Survey>, NoDraft> {
        let mut stranger = self.pool.page().await.map_err(PageError::from)?;
        stranger.set_guide(Guide { origins: self.trusted.clone(), ..Guide::default() });
        if stranger.open(url, PATIENCE).await.is_err() {
            return Ok(None);
        }
        await_on(&stranger, holds).await.map(Some)
    }

    /// Notes what leads to the login on the app's front page, where that is everybody's: a session may end there, and not at the
    /// login's form.
    pub(super) async fn note_way_in(&mut self) -> Result<(), NoDraft> {
        let front = if self.way_in.is_empty() { self.usual("/") } else { Some(self.url.clone()) };
        let (Some(front), true) = (front, self.findings.way_out.is_some()) else { return Ok(()) };
        let enters = |survey: &Survey| find::login(survey).is_some() || find::door(survey).is_some();
        let Some(theirs) = self.as_stranger(&front, enters).await? else { return Ok(()) };
        let way = find::door(&theirs).filter(|_| find::login(&theirs).is_none());
        // What those who are in see, too, shows nobody out.
        if let Some(way) = way.filter(|way| !self.at_home.contains(find::words(&way.control))) {
            self.findings.way_in = Some(self.names(&way, &theirs)).filter(|names| !names.is_empty());
        }
        Ok(())
    }

    /// What names what shows who is in: it may be there twice, so its words do where else a way through the document would.
    fn mark_names(&mut self, found: &find::Found, survey: &Survey) -> Names {
        let names = self.names(found, survey);
        let find::Found { control, frame } = found;
        let by_way = names.first().is_none_or(|first| matches!(first.by, playbook::By::Css(_)));
        let said =
            matches!(control.role.as_str(), "button" | "link" | "menuitem") && !control.text.is_empty();
        // Behind a dialog a page may be hidden from readers, and its roles with it.
        let covered = survey.frames.first().is_some_and(|frame| frame.overlay.is_some());
        if !by_way || !said || covered || *frame != 0 || self.is_kept_out(&control.text) {
            return names;
        }
        let by = playbook::By::Role { role: control.role.clone(), name: vec![control.text.clone()] };
        vec![Locator { by, exact: false, frame: None, within: None, containing: Vec::new() }]
    }

    /// What was not there before the login, best what nobody else sees at this address: what is one's own, else a heading, else
    /// whatever there is.
    async fn guess_mark(&mut self, survey: &Survey) -> Result<(), NoDraft> {
        let begun = |survey: &Survey| words_of(survey).next().is_some();
        let theirs = match address(survey) {
            Some(here) => self.as_stranger(&here, begun).await?,
            None => None,
        };
        let theirs: HashSet<String> = theirs.iter().flat_map(words_of).collect();
        self.mark_other_than(survey, &theirs);
        if self.findings.mark.is_none() {
            self.mark_other_than(survey, &HashSet::new());
        }
        Ok(())
    }

    fn mark_other_than(&mut self, survey: &Survey, theirs: &HashSet<String>) {
        let new = |text: &str| {
            !text.is_empty()
                && !self.at_login.contains(text)
                && !theirs.contains(text)
                && !self.is_kept_out(text)
        };
        let headings = survey.frames.iter().take(1).flat_map(|frame| &frame.headings);
        // What lies over the page goes with it.
        let over = survey.frames.first().and_then(|frame| frame.overlay.clone());
        let heading = headings.filter(|text| {
            new(text)
                && !text.ends_with('…')
                && over.as_deref().is_none_or(|over| over.is_empty() || !text.contains(over))
        });
        let heading = heading.map(|text| {
            let by = playbook::By::Role { role: "heading".to_owned(), name: vec![text.clone()] };
            vec![Locator { by, exact: false, frame: None, within: None, containing: Vec::new() }]
        });
        let heading = heading.collect::<Vec<_>>().into_iter().next();
        let (own, other) = find::marks(survey, new);
        let own = own.map(|found| self.mark_names(&found, survey)).filter(|names| !names.is_empty());
        let other = other.map(|found| self.mark_names(&found, survey)).filter(|names| !names.is_empty());
        self.findings.mark = own.or(heading).or(other);
        self.findings.mark_is_guessed = true;
    }
}

/// [`Explorer::is_new`] by what the login's page says.
pub(super) fn is_new(found: &find::Found, at_login: &HashSet<String>) -> bool {
    let words = find::words(&found.control);
    words.is_empty() || !at_login.contains(words)
}
