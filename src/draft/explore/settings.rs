//! The pages where a password is changed and a second factor is turned on.

use std::collections::HashSet;

use url::Url;

use super::address::{is_ones_own, lasting, relative};
use super::look::{address, is_error, says};
use super::names::as_target;
use super::{CALM, Explorer, NoDraft, PATIENCE};
use crate::browser::{Control, Survey};
use crate::draft::find::{self, Found};
use crate::draft::findings::{ChangeForm, Move, Settings};
use crate::draft::yaml::step;

/// Pages that are looked at for the settings.
const PAGES: usize = 14;
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

/// Where there may be settings.
struct Lead {
    /// How much it promises.
    worth: u32,
    url: Url,
    /// The way to it by a link, where its address is one account's only; empty if nothing names the link.
    clicks: Option<Vec<Move>>,
}

impl Lead {
    fn new(worth: u32, url: Url) -> Self {
        Self { worth, url, clicks: None }
    }
}

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

    /// Looks for the pages where a password is changed and a second factor is turned on.
    pub(super) async fn find_settings(&mut self, well_known: Option<Url>) -> Result<(), NoDraft> {
        let mut seen: HashSet<String> = HashSet::new();
        let mut waiting: Vec<Lead> = Vec::new();
        // Many a page draws its menus once it is there.
        let survey = self.await_that(|survey| all(survey).any(|control| find::promise(control) > 0)).await?;
        let survey = self.uncover(survey).await?;
        let home = address(&survey).unwrap_or_else(|| self.url.clone());
        let menu: Vec<Move> = self.findings.menu.iter().cloned().map(Move::Click).collect();
        self.try_items(&survey, &menu).await?;
        self.collect(&survey, &menu, &mut waiting);
        waiting.extend(well_known.map(|url| Lead::new(20, url)));
        waiting.extend(SETTINGS.iter().filter_map(|path| Some(Lead::new(1, self.url.join(path).ok()?))));
        for _ in 0..PAGES {
            if self.findings.change.is_some() && self.findings.mfa.is_some() {
                break;
            }
            waiting.retain(|lead| !seen.contains(lead.url.as_str()));
            // The first of the most promising.
            let Some(best) = waiting.iter().map(|lead| lead.worth).max() else { break };
            let Some(at) = waiting.iter().position(|lead| lead.worth == best) else { break };
            let Lead { url, clicks, .. } = waiting.remove(at);
            seen.insert(url.to_string());
            if !self.reaches(&url).await? {
                continue;
            }
            tracing::debug!(%url, worth = best, "looking for settings");
            let useful = |survey: &Survey| find::change(survey).is_some() || find::mfa(survey).is_some();
            let survey = self.await_that(|survey| useful(survey) || is_error(survey)).await?;
            let survey = self.uncover(survey).await?;
            // The login again: not so where a page of settings asks for the current password first.
            if is_error(&survey) || find::login(&survey).is_some() && !useful(&survey) {
                continue;
            }
            let now = address(&survey).unwrap_or_else(|| url.clone());
            let is_plain_way = clicks.is_none() && !self.is_personal(&now) && lasting(&now) == relative(&now);
            let way = clicks.unwrap_or_else(|| {
                let shared = if self.is_personal(&now) { &url } else { &now };
                vec![Move::Open(lasting(shared))]
            });
            if !is_plain_way && !(self.returns(&home, &way).await? && self.shows(useful).await?) {
                if useful(&survey) {
                    self.findings.remarks.push(format!(
                        "a page of settings is behind an address that is made for one visit or one account; {} does not lead there for everybody",
                        shown(&way)
                    ));
                }
                self.collect(&survey, &[], &mut waiting);
                continue;
            }
            self.note_settings(&survey, way.clone());
            self.try_items(&survey, &way).await?;
            self.collect(&survey, &way, &mut waiting);
        }
        // Back to where the login ended, for whoever looks at the page next.
        drop(self.page.open(&home, PATIENCE).await);
        Ok(())
    }

    /// Whether an address leads to one account, and nobody else to theirs.
    fn is_personal(&self, url: &Url) -> bool {
        is_ones_own(url) || self.is_kept_out(&relative(url))
    }

    /// Goes the way from where the login has ended; `false` if it leads nowhere.
    async fn returns(&mut self, home: &Url, way: &[Move]) -> Result<bool, NoDraft> {
        let opens = matches!(way.first(), Some(Move::Open(_)));
        let there = !way.is_empty() && (opens || self.reaches(home).await?) && self.go(way).await?;
        tracing::debug!(way = shown(way), there, at = self.page.url(), "going the way again");
        Ok(there)
    }

    /// Whether such a page comes.
    async fn shows(&mut self, such: impl Fn(&Survey) -> bool) -> Result<bool, NoDraft> {
        let survey = self.await_that(&such).await?;
        Ok(such(&self.uncover(survey).await?))
    }

    /// The links that promise something. `way` is what has led to their page.
    fn collect(&mut self, survey: &Survey, way: &[Move], waiting: &mut Vec<Lead>) {
        for (frame, surveyed) in survey.frames.iter().enumerate() {
            for control in &surveyed.controls {
                let worth = find::promise(control);
                let Ok(mut url) = Url::parse(&control.href) else { continue };
                url.set_fragment(
                    url.fragment().map(str::to_owned).filter(|part| part.starts_with('/')).as_deref(),
                );
                if worth == 0 || !self.trusted.first().is_some_and(|own| own.matches(&url)) {
                    continue;
                }
                let clicks = self.is_personal(&url).then(|| {
                    let names = self.names(&Found { frame, control: control.clone() }, survey);
                    if names.is_empty() { Vec::new() } else { [way, &[Move::Click(names)]].concat() }
                });
                waiting.push(Lead { worth, url, clicks });
            }
        }
    }

    /// Items of menus and pages, which lead nowhere by address: they open dialogs. `way` is what has led here.
    async fn try_items(&mut self, survey: &Survey, way: &[Move]) -> Result<(), NoDraft> {
        if self.findings.change.is_some() && self.findings.mfa.is_some() {
            return Ok(());
        }
        let main = survey.frames.first();
        let items = main.iter().flat_map(|frame| &frame.controls).filter(|control| {
            find::leads_nowhere(&control.href) && find::promise(control) >= 8 && !control.locators.is_empty()
        });
        let home = address(survey).unwrap_or_else(|| self.url.clone());
        for (nth, control) in items.take(3).cloned().collect::<Vec<_>>().into_iter().enumerate() {
            // What the one before has opened is in the way.
            if nth > 0 && !(self.reaches(&home).await? && self.go(way).await?) {
                break;
            }
            let names = self.names(&Found { frame: 0, control }, survey);
            if self.page.click(&as_target(&names), CALM * 2).await.is_err() {
                continue;
            }
            let after = self
                .await_that(|survey| find::change(survey).is_some() || find::mfa(survey).is_some())
                .await?;
            self.note_settings(&after, [way, &[Move::Click(names)]].concat());
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
                also: Vec::new(),
                current: change.current.as_ref().map(|found| self.names(found, survey)),
                repeat: change.repeat.as_ref().map(|found| self.names(found, survey)),
                submit: change.submit.as_ref().map(|found| self.names(found, survey)),
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

/// A way, as people say it.
fn shown(way: &[Move]) -> String {
    if way.is_empty() {
        "nothing that has a name".to_owned()
    } else {
        way.iter().map(step).collect::<Vec<_>>().join(", ")
    }
}
