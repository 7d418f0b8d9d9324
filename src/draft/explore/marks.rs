//! What shows that somebody is signed in, and the way out.

use url::Url;

use super::look::{came, is_error, lines, words_of};
use super::names::as_target;
use super::{CALM, Explorer, NoDraft, PATIENCE};
use crate::browser::{Guide, PageError, Survey};
use crate::draft::find;
use crate::draft::findings::SignIn;
use crate::playbook::{self, Locator};

impl Explorer {
    /// What shows that somebody is signed in, and the way out, also within a menu.
    pub(super) async fn find_marks(&mut self, mut survey: Survey) -> Result<(), NoDraft> {
        if let Some(way_out) = find::way_out(&survey) {
            let names = self.names(&way_out, &survey);
            self.findings.mark = Some(names.clone());
            self.findings.way_out = Some(names);
            self.set_guide();
            return Ok(());
        }
        for menu in find::menus(&survey, &self.username) {
            let names = self.menu_names(&menu, &survey);
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
        if self.asks_anew().await? {
            self.findings.sign_in = SignIn::Unclear(came(&survey));
            return Ok(());
        }
        self.guess_mark(&survey);
        Ok(())
    }

    /// Whether the login asks for a password again when it is opened anew: then nobody is signed in, whatever the page behind
    /// the form has said.
    async fn asks_anew(&mut self) -> Result<bool, NoDraft> {
        let here = Url::parse(&self.page.url()).ok();
        let seen = self.entrance_anew(|survey| find::login(survey).is_some()).await?;
        let asks = seen.is_some_and(|seen| find::login(&seen).is_some() && find::way_out(&seen).is_none());
        let Some(here) = here else { return Ok(asks) };
        if !self.reaches(&here).await? || !asks {
            return Ok(asks);
        }
        // Some logins ask whoever comes by, also those who are in. Then what is behind it tells.
        let ours = self.await_that(|survey| words_of(survey).next().is_some()).await?;
        self.is_for_everybody(&here, &ours).await
    }

    /// Whether somebody who has not signed in sees the same at this address.
    async fn is_for_everybody(&self, url: &Url, ours: &Survey) -> Result<bool, NoDraft> {
        let mut stranger = self.pool.page().await.map_err(PageError::from)?;
        stranger.set_guide(Guide { origins: self.trusted.clone(), ..Guide::default() });
        if stranger.open(url, PATIENCE).await.is_err() {
            return Ok(false);
        }
        while stranger.changed(CALM).await {}
        let theirs = stranger.survey().await?;
        let says = |survey: &Survey| (is_error(survey), lines(survey));
        Ok(says(ours) == says(&theirs))
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
}
