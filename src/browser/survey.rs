//! Surveying a page: its controls, each with the locators that name it and nothing else. For drafts of playbooks.

use std::time::Duration;

use futures::future::{Either, select, select_all};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;

use super::answer::Wait;
use super::ask::is_gone;
use super::error::{BrowserError, Overview, PageError};
use super::page::Page;
use super::protocol::{Argument, CallFunction};
use super::state::World;
use crate::playbook::Locator;

const CALL: Duration = Duration::from_secs(20);
/// How long the next document may take to begin.
const ABOUT_TO: Duration = Duration::from_secs(10);
/// A page that stays as it is for so long has done what it was about to.
const STILL: Duration = Duration::from_millis(200);

/// What a page has, frame by frame; the main page is the first.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    /// The frames.
    pub frames: Vec<SurveyedFrame>,
}

/// What one frame has.
#[derive(Debug, Clone, Deserialize)]
pub struct SurveyedFrame {
    /// Its whole address. Query and fragment may hold secrets.
    pub url: SecretString,
    /// `https://acme.example`: also of a frame that was written into its page, which has that page's; `null` where it has none.
    #[serde(default)]
    pub origin: String,
    /// The place of the frame around it.
    #[serde(skip)]
    pub parent: Option<usize>,
    /// What names the frame's element in the frame around it.
    #[serde(skip)]
    pub element: Vec<Locator>,
    /// What a person would notice first.
    pub page: Overview,
    /// Its headings; in [`Overview::headings`] is also what looks like one.
    #[serde(default)]
    pub headings: Vec<String>,
    /// The language that it says to be in, as `de-CH`; empty if it says none.
    #[serde(default)]
    pub lang: String,
    /// What it says to who looks at it.
    pub text: SecretString,
    /// All of it is there: it has loaded, says something, and no script is on it that could draw more.
    #[serde(default)]
    pub finished: bool,
    /// It was read to its end, and its style sheets are there or will not come: what it hides is hidden.
    #[serde(default)]
    pub ready: bool,
    /// It asks for a proof of being human.
    pub captcha: bool,
    /// What lies over the rest of it and takes the clicks on that, by its heading; empty if it has none.
    pub overlay: Option<String>,
    /// What can be filled, clicked and followed.
    pub controls: Vec<Control>,
    /// Links that nobody sees, such as those of a menu that is closed.
    #[serde(default)]
    pub hidden: Vec<HiddenLink>,
}

/// A link that nobody sees.
#[derive(Clone, Deserialize)]
pub struct HiddenLink {
    /// What it says.
    pub text: String,
    /// Where it leads. May hold secrets.
    pub href: String,
}

impl std::fmt::Debug for HiddenLink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "hidden {:?}", self.text)
    }
}

impl SurveyedFrame {
    /// Its address.
    #[must_use]
    pub fn address(&self) -> Option<url::Url> {
        url::Url::parse(self.url.expose_secret()).ok()
    }
}

/// The kinds of [`Control`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ControlKind {
    /// To be filled, set or chosen from.
    #[default]
    Field,
    /// To be clicked.
    Button,
    /// To be followed.
    Link,
    /// A checkbox, a radio button or a switch; a survey calls it a field.
    Toggle,
    /// To be looked at; no part of a survey.
    Image,
}

/// Something that a person can use.
#[derive(Clone, Default, Deserialize)]
#[allow(missing_docs, reason = "they are what HTML calls so")]
pub struct Control {
    /// What it is for.
    pub kind: ControlKind,
    pub r#type: String,
    pub role: String,
    pub id: String,
    pub name: String,
    pub labels: Vec<String>,
    /// What stands before a field without a label.
    pub beside: String,
    /// The accessible name.
    pub text: String,
    /// What its picture is called by the page's author, where it has no name.
    pub picture: String,
    pub placeholder: String,
    pub autocomplete: String,
    /// Where a link leads. May hold secrets.
    pub href: String,
    /// Its place among those of its frame, in the order of the page.
    pub place: usize,
    /// The number of the form that it is in.
    pub form: Option<usize>,
    /// The origin that its form is sent to, where that is another than the page's.
    #[serde(default)]
    pub sent_to: String,
    pub disabled: bool,
    /// Its form is not sent off before something is typed or chosen here.
    pub missing: bool,
    /// What a list offers to choose from.
    #[serde(default)]
    pub choices: usize,
    /// A button with a picture and no word, where a page has what is everywhere: as the menu of one's own account often is.
    #[serde(default)]
    pub portrait: bool,
    /// It opens something: a menu, a disclosure.
    pub menu: bool,
    /// It is in what lies over the rest of the page.
    pub over: bool,
    /// It turns something on and off.
    pub switch: bool,
    /// It takes a few characters, or digits only.
    pub digits: bool,
    /// It takes one character.
    #[serde(default)]
    pub one: bool,
    pub minlength: Option<u32>,
    /// The page's own password rules (`passwordrules`).
    pub rules: Option<String>,
    /// What names it and nothing else on its page, the best first.
    pub locators: Vec<Locator>,
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.kind, self.text)
    }
}

impl Page {
    /// What the page has now, in every frame.
    ///
    /// # Errors
    /// If the main page does not tell. A child frame that goes away meanwhile is left out.
    pub async fn survey(&self) -> Result<Survey, PageError> {
        let wait = Wait::new(ABOUT_TO, "a page to look at".to_owned());
        loop {
            self.world(&None, &wait).await?;
            match self.survey_now().await {
                Err(PageError::Browser(error)) if is_gone(&error) && !wait.left().is_zero() => {}
                survey => return survey,
            }
        }
    }

    async fn survey_now(&self) -> Result<Survey, PageError> {
        let frames = self.state.frames();
        let mut survey = Survey::default();
        let mut known: Vec<String> = Vec::new();
        let mut next = vec![self.main.clone()];
        while let Some(id) = next.pop() {
            next.extend(
                frames
                    .iter()
                    .filter(|(_, frame)| frame.parent.as_deref() == Some(id.as_str()))
                    .map(|(id, _)| id.clone()),
            );
            let found = frames.iter().find(|(each, _)| *each == id).map(|(_, frame)| frame.clone());
            let Some(world) = found.as_ref().and_then(|frame| frame.world.clone()) else {
                if id == self.main {
                    return Err(PageError::Browser(BrowserError::SessionGone));
                }
                continue;
            };
            let parent = found.and_then(|frame| frame.parent);
            let surveyed = match self.survey_frame(&world, &id, parent.as_deref()).await {
                Ok(surveyed) => surveyed,
                Err(error) if id == self.main => return Err(self.failure(error)),
                Err(_) => continue,
            };
            let parent = parent.and_then(|parent| known.iter().position(|each| *each == parent));
            survey.frames.push(SurveyedFrame { parent, ..surveyed });
            known.push(id);
        }
        Ok(survey)
    }

    async fn survey_frame(
        &self,
        world: &World,
        id: &str,
        parent: Option<&str>,
    ) -> Result<SurveyedFrame, BrowserError> {
        let value = self.call_in(world, "() => turnlock.survey()", Vec::new(), CALL).await?;
        let mut surveyed: SurveyedFrame = understood(value)?;
        surveyed.page.url = super::page::short_url(surveyed.url.expose_secret());
        if let Some(parent) = parent {
            surveyed.element = self.names_of_frame(parent, id).await?;
        }
        Ok(surveyed)
    }

    /// What names a frame's element in the frame around it.
    async fn names_of_frame(&self, parent: &str, id: &str) -> Result<Vec<Locator>, BrowserError> {
        let (world, element) = self.element_of_frame(parent, id).await?;
        let call = CallFunction {
            function_declaration: "function () { return turnlock.locatorsOf(this); }",
            unique_context_id: None,
            object_id: element,
            arguments: Vec::new(),
            return_by_value: true,
            await_promise: false,
        };
        understood(self.connection.call(&world.session, &call, CALL).await?.result.value)
    }

    /// Waits until the page, or a frame in it, has changed and then stayed as it is for a moment; `false` if nothing
    /// changed in that time.
    pub async fn changed(&self, within: Duration) -> bool {
        let mut news = self.state.subscribe();
        let request = json!({ "milliseconds": within.as_millis() as u64, "still": STILL.as_millis() as u64 });
        let worlds = self.state.frames().into_iter().filter_map(|(_, frame)| frame.world);
        let worlds: Vec<World> = worlds.collect();
        let script = "(request) => turnlock.changed(request)";
        let mut pages: Vec<_> = worlds
            .iter()
            .map(|world| {
                let arguments = vec![Argument::Plain(request.clone())];
                Box::pin(self.call_in(world, script, arguments, within + CALL))
            })
            .collect();
        let moved = async {
            while !pages.is_empty() {
                let (answer, _, rest) = select_all(std::mem::take(&mut pages)).await;
                // A document that went away has changed as much as one can.
                if answer.map_or(true, |answer| answer == true) {
                    return true;
                }
                pages = rest;
            }
            false
        };
        match select(Box::pin(moved), Box::pin(news.changed())).await {
            Either::Left((moved, _)) if !worlds.is_empty() => moved,
            Either::Left((_, news)) => tokio::time::timeout(within, news).await.is_ok(),
            Either::Right(_) => true,
        }
    }
}

fn understood<T: for<'de> Deserialize<'de>>(value: serde_json::Value) -> Result<T, BrowserError> {
    serde_json::from_value(value).map_err(|error| BrowserError::Protocol {
        method: "Runtime.callFunctionOn",
        message: error.to_string(),
    })
}
