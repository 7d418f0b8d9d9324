//! One context's page, and what a step can do with it.

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::connection::{Connection, SessionId};
use super::error::{BrowserError, Overview, PageError};
use super::frames::KnownFrames;
use super::input::{self, Point};
use super::process::Process;
use super::protocol::{
    AttachToTarget, CallFunction, CreateBrowserContext, CreateTarget, DisposeBrowserContext, EmulateFocus,
    Navigate, SetDownloadBehavior,
};
use super::query::{self, FrameName};
use super::state::{Over, State, World};
use super::world::set_up;
use crate::playbook::{Frame, Interruption, Key, Origin, Target};

/// The size of the viewport, in CSS pixels.
const VIEWPORT: (u32, u32) = (1280, 900);
/// Setting up a context may take this long.
const SET_UP: Duration = Duration::from_secs(30);
/// The page's own clock decides when a wait is over; the browser gets this much longer to say so.
const SLACK: Duration = Duration::from_secs(5);
/// So often may one step be interrupted by what covers the page.
const INTERRUPTIONS: usize = 12;

/// What the playbook says of the whole app, for every step.
#[derive(Debug, Clone, Default)]
pub struct Guide {
    /// The origins that the main page may have when something is done to it.
    pub origins: Vec<Origin>,
    /// The frames that steps may reach into.
    pub frames: Vec<Frame>,
    /// What may cover the page at any moment.
    pub interruptions: Vec<Interruption>,
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy)]
pub enum Typed<'a> {
    /// A literal of the playbook, a username.
    Plain(&'a str),
    /// A credential or a code: typed only where the origin is declared.
    Secret(&'a SecretString),
}

impl Typed<'_> {
    fn expose(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Secret(secret) => secret.expose_secret(),
        }
    }
}

/// The page of a browser context of its own: no cookie, cache or storage is shared with any other.
pub struct Page {
    process: Arc<Process>,
    pub(super) connection: Connection,
    pub(super) session: SessionId,
    context: String,
    pub(super) main: String,
    pub(super) state: Arc<State>,
    pub(super) known: KnownFrames,
    guide: Guide,
    disposed: bool,
}

/// What the page's script answers.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    point: Option<Point>,
    interruption: Option<usize>,
    first: Option<usize>,
    timeout: Option<Obstacle>,
    page: Overview,
    what: String,
    invalid: Option<String>,
    blocked: Option<String>,
    not: Option<String>,
    options: Option<Vec<String>>,
    differs: Option<Differs>,
    boxes: Option<usize>,
    text: Option<SecretString>,
    r#box: Option<[f64; 4]>,
    error_status: Option<bool>,
}

/// What kept a wait from ending.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Obstacle {
    why: String,
    what: Vec<String>,
    count: usize,
    by: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Differs {
    wanted: usize,
    has: usize,
    most: Option<usize>,
}

impl Obstacle {
    fn words(&self) -> String {
        let what = self.what.join(", ");
        match self.why.as_str() {
            "several" => format!("{} elements match: {what}", self.count),
            "hidden" => format!("it is there but not visible: {what}"),
            "covered" => format!("{what} is covered by {}", self.by.as_deref().unwrap_or("something")),
            "missing" | "" => "nothing on the page matches".to_owned(),
            why => format!("{what} is {why}"),
        }
    }
}

/// A deadline and what is done until then, for messages.
pub(super) struct Wait {
    started: Instant,
    deadline: Instant,
    awaited: String,
}

impl Wait {
    fn new(within: Duration, awaited: String) -> Self {
        let started = Instant::now();
        Self { started, deadline: started + within, awaited }
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn waited(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Page {
    /// Makes a context with a page in it, set up for everything that follows.
    pub(super) async fn create(process: Arc<Process>) -> Result<Self, BrowserError> {
        let connection = process.connection().clone();
        let root: SessionId = "".into();
        let context = connection
            .call(&root, &CreateBrowserContext { dispose_on_detach: true }, SET_UP)
            .await?
            .browser_context_id;
        let downloads = SetDownloadBehavior {
            behavior: "deny",
            browser_context_id: context.clone(),
            events_enabled: false,
        };
        let downloads = connection.call(&root, &downloads, SET_UP);
        let target = CreateTarget {
            url: "about:blank",
            browser_context_id: context.clone(),
            width: VIEWPORT.0,
            height: VIEWPORT.1,
        };
        let target = connection.call(&root, &target, SET_UP).await?.target_id;
        downloads.await?;
        let attach = AttachToTarget { target_id: target.clone(), flatten: true };
        let session: SessionId = connection.call(&root, &attach, SET_UP).await?.session_id.into();
        let state = Arc::new(State::new(connection.clone()));
        connection.listen(session.clone(), Arc::new(Arc::downgrade(&state)));
        let ready = set_up(&connection, &session);
        let focus = connection.call(&session, &EmulateFocus { enabled: true }, SET_UP);
        ready.await?;
        focus.await?;
        Ok(Self {
            process,
            connection,
            session,
            context,
            main: target,
            state,
            known: KnownFrames::default(),
            guide: Guide::default(),
            disposed: false,
        })
    }

    /// Sets what the playbook says of the whole app.
    pub fn set_guide(&mut self, guide: Guide) {
        self.guide = guide;
    }

    /// The browser's name and version.
    #[must_use]
    pub fn browser_version(&self) -> &str {
        self.process.version()
    }

    /// The page's address, without query and fragment, which may hold secrets.
    #[must_use]
    pub fn url(&self) -> String {
        self.state.frame(&self.main).map(|frame| short_url(&frame.url)).unwrap_or_default()
    }

    /// What happened beside the steps since the last call: dialogs, downloads, windows.
    pub fn take_notes(&self) -> Vec<String> {
        self.state.take_notes()
    }

    /// Goes to an address and returns once its document has begun.
    ///
    /// # Errors
    /// If the app cannot be reached, has an invalid certificate or does not answer in time.
    pub async fn open(&self, url: &Url, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, format!("open {}", short_url(url.as_str())));
        let call = self.connection.call(&self.session, &Navigate { url: url.to_string() }, within);
        let navigated = match call.await {
            Err(BrowserError::NoAnswer { .. }) => {
                return Err(PageError::NoAnswer { url: short_url(url.as_str()), waited: wait.waited() });
            }
            answer => answer.map_err(|error| self.failure(error))?,
        };
        match navigated.error_text {
            // A download and an empty answer (HTTP 204) abort the navigation and leave the page where it was.
            Some(error) if !navigated.is_download && error != "net::ERR_ABORTED" => {
                Err(PageError::Unreachable { url: short_url(url.as_str()), error })
            }
            _ => Ok(()),
        }
    }

    /// Clicks the one element that the target names, once it is visible, still, enabled and receives the click.
    ///
    /// # Errors
    /// If it does not become so in time, or lies outside the declared origins.
    pub async fn click(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        self.click_as("click", target, &json!({}), &wait).await
    }

    /// Sets a checkbox, radio button or switch.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn check(&self, target: &Target, on: bool, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        self.click_as("check", target, &json!({ "on": on }), &wait).await
    }

    /// Moves the mouse over the element.
    ///
    /// # Errors
    /// As for [`Page::click`].
    pub async fn hover(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (frame, answer) = self.act("hover", target, &json!({}), &wait).await?;
        if let Some(point) = answer.point {
            let point = self.in_main_viewport(&frame, point).await?;
            input::hover(&self.connection, &self.session, point)
                .await
                .map_err(|error| self.failure(error))?;
        }
        Ok(())
    }

    /// Replaces what the field holds. The origin of its document is checked in the same task of the page
    /// that types.
    ///
    /// # Errors
    /// If the field does not become editable in time, does not keep the text, or lies outside the declared origins.
    pub async fn fill(&self, target: &Target, text: Typed<'_>, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (frame, answer) = self.act("fill", target, &json!({ "text": text.expose() }), &wait).await?;
        if let Some(boxes) = answer.boxes {
            self.fill_boxes(&frame, boxes, text, &wait).await?;
        }
        if let Some(Differs { wanted, has, most }) = answer.differs {
            let how = match most {
                Some(most) if wanted > most => {
                    format!("it takes {most} characters at most, and {wanted} were typed")
                }
                _ => format!("{wanted} characters were typed, and it holds {has}"),
            };
            return Err(PageError::FieldRefused { field: wait.awaited, how });
        }
        // Nobody waits for the answer: whatever comes next is sent behind it and handled after it.
        tokio::spawn(input::nudge(&self.connection, &self.session));
        Ok(())
    }

    /// Picks an option of a `<select>` by its text.
    ///
    /// # Errors
    /// If there is no such option, or the element is no `<select>`.
    pub async fn select(&self, target: &Target, option: &str, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("select", target, &json!({ "option": option }), &wait).await?;
        let Some(options) = answer.options else { return Ok(()) };
        let how = format!("it has no single option {option:?}, but {}", options.join(", "));
        Err(PageError::FieldRefused { field: wait.awaited, how })
    }

    /// Presses a key in the element, or wherever the focus is.
    ///
    /// # Errors
    /// If the element does not become enabled in time.
    pub async fn press(&self, key: Key, target: Option<&Target>, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, target.map_or_else(|| format!("key {key}"), Target::to_string));
        match target {
            Some(target) => drop(self.act("focus", target, &json!({}), &wait).await?),
            None => self.require_declared_origin(&format!("press {key}"))?,
        }
        input::press(&self.connection, &self.session, key).await.map_err(|error| self.failure(error))?;
        self.epilogue(&None).await.map(drop)
    }

    /// Waits until one of the targets is visible, and says which; the first of the list if several are.
    ///
    /// # Errors
    /// If none is visible in time.
    pub async fn first_of(
        &self,
        targets: &[&Target],
        awaited: &str,
        within: Duration,
    ) -> Result<usize, PageError> {
        let wait = Wait::new(within, awaited.to_owned());
        let mut races = Vec::new();
        for frame in query::frames(targets.iter().copied()) {
            races.push(Box::pin(self.first_in(frame, targets, &wait)));
        }
        let mut failure = None;
        while !races.is_empty() {
            let (result, _, rest) = futures::future::select_all(races).await;
            match result {
                Ok(first) => return Ok(first),
                // The main page's words say more than those of a frame that never came.
                Err(error) => failure = failure.or(Some(error)),
            }
            races = rest;
        }
        Err(failure.unwrap_or(PageError::Browser(BrowserError::SessionGone)))
    }

    /// Waits until the target is not visible, or not there.
    ///
    /// # Errors
    /// If it still is after that time.
    pub async fn gone(&self, target: &Target, within: Duration) -> Result<(), PageError> {
        let wait = Wait::new(within, format!("{target} to go"));
        for frame in query::frames([target]) {
            let request =
                |left: u128| json!({ "target": query::within(target, &frame), "milliseconds": left });
            self.ask(&frame, "gone", request, &wait).await?;
        }
        Ok(())
    }

    /// Reads the element's text, or what a field holds.
    ///
    /// # Errors
    /// If it is not visible in time.
    pub async fn read_text(&self, target: &Target, within: Duration) -> Result<SecretString, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("read", target, &json!({}), &wait).await?;
        Ok(answer.text.unwrap_or_default())
    }

    /// Reads the address that the element links to.
    ///
    /// # Errors
    /// If it is not visible in time.
    pub async fn read_link(&self, target: &Target, within: Duration) -> Result<SecretString, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (_, answer) = self.act("read", target, &json!({ "attribute": "href" }), &wait).await?;
        Ok(answer.text.unwrap_or_default())
    }

    /// A picture of the element as it is drawn, as PNG: whether it is an image, a canvas or a drawing.
    ///
    /// # Errors
    /// If it is not visible and still in time.
    pub async fn picture(&self, target: &Target, within: Duration) -> Result<Vec<u8>, PageError> {
        let wait = Wait::new(within, target.to_string());
        let (frame, answer) = self.act("picture", target, &json!({}), &wait).await?;
        let Some([x, y, width, height]) = answer.r#box else { return Ok(Vec::new()) };
        let Point { x, y } = self.in_main_viewport(&frame, Point { x, y }).await?;
        // A margin all around: a QR code needs its quiet zone, and a page may draw the picture to its very edge.
        self.screenshot(Some([x - 8.0, y - 8.0, width + 16.0, height + 16.0])).await
    }

    /// Whether the page's browser and process are still there.
    pub(super) fn is_usable(&self) -> bool {
        self.require_alive().is_ok()
    }

    /// Closes the context and everything in it.
    pub async fn close(mut self) {
        self.disposed = true;
        let root: SessionId = "".into();
        let dispose = DisposeBrowserContext { browser_context_id: self.context.clone() };
        if let Err(error) = self.connection.call(&root, &dispose, SET_UP).await {
            tracing::debug!(%error, "the context was gone already");
        }
    }

    async fn click_as(
        &self,
        verb: &'static str,
        target: &Target,
        with: &Value,
        wait: &Wait,
    ) -> Result<(), PageError> {
        loop {
            let (frame, answer) = self.act(verb, target, with, wait).await?;
            let Some(point) = answer.point else { return Ok(()) };
            match self.click_at(&frame, point).await? {
                // Something slid in between while the mouse was on its way; nothing of the page saw that click.
                Some(missed) if !wait.left().is_zero() => tracing::debug!(%missed, "clicked again"),
                Some(missed) => {
                    let instead = format!("{} is covered: the click {missed}", answer.what);
                    return Err(self.not_as_described(wait, instead).await);
                }
                None => return Ok(()),
            }
        }
    }

    /// Clicks; `Some` if the click landed on something else, which then was kept from receiving it.
    async fn click_at(&self, frame: &FrameName, point: Point) -> Result<Option<String>, PageError> {
        let point = self.in_main_viewport(frame, point).await?;
        let clicked = input::click(&self.connection, &self.session, point);
        let told = self.epilogue(frame);
        let (clicked, told) = futures::join!(clicked, told);
        match clicked {
            // The click closed the very page or frame that it went to.
            Ok(()) | Err(BrowserError::SessionGone) => {}
            Err(error) => return Err(self.failure(error)),
        }
        Ok(told?.filter(|result| result.starts_with("missed")))
    }

    /// A last word with the frame behind the input: what its guard saw, and by then a navigation that the input
    /// caused has been announced.
    async fn epilogue(&self, frame: &FrameName) -> Result<Option<String>, PageError> {
        let Ok(world) = self.world_now(frame) else { return Ok(None) };
        match self.call_in(&world, "() => turnlock.disarm()", Vec::new(), SET_UP).await {
            Ok(value) => Ok(value.as_str().map(str::to_owned)),
            Err(error) if is_gone(&error) => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Types a code into boxes that take one character each.
    async fn fill_boxes(
        &self,
        frame: &FrameName,
        boxes: usize,
        text: Typed<'_>,
        wait: &Wait,
    ) -> Result<(), PageError> {
        for at in 0..boxes {
            let world = self.world(frame, wait).await?;
            let request = json!({ "text": text.expose(), "origins": self.origins(frame) });
            let script = "(at, request) => turnlock.typeInBox(at, request)";
            match self.call_in(&world, script, vec![json!(at), request], SET_UP).await {
                Ok(value) if value.get("typed").is_some() => {}
                // A page that sends the code off with its last character is gone by then.
                Err(error) if is_gone(&error) && at + 1 == boxes => {}
                Err(error) => return Err(self.failure(error)),
                Ok(_) => {
                    let how = format!("the box for character {} is gone", at + 1);
                    return Err(PageError::FieldRefused { field: wait.awaited.clone(), how });
                }
            }
        }
        Ok(())
    }

    /// Finds the one element, waits until it can be acted on, and performs the verb or says where to click.
    async fn act(
        &self,
        verb: &'static str,
        target: &Target,
        with: &Value,
        wait: &Wait,
    ) -> Result<(FrameName, Answer), PageError> {
        let mut frames = query::frames([target]);
        // Alternatives in several frames: the first frame that shows one is the one meant.
        let frame = if frames.len() > 1 {
            let per_frame: Vec<Target> = frames.iter().map(|frame| only_in(target, frame)).collect();
            let per_frame: Vec<&Target> = per_frame.iter().collect();
            let first = self.first_of(&per_frame, &wait.awaited, wait.left()).await?;
            frames.swap_remove(first)
        } else {
            frames.pop().unwrap_or_default()
        };
        let request = |left: u128| {
            let mut request = json!({
                "verb": verb,
                "target": query::within(target, &frame),
                "origins": self.origins(&frame),
                "milliseconds": left,
            });
            if let (Some(request), Some(with)) = (request.as_object_mut(), with.as_object()) {
                request.extend(with.clone());
            }
            request
        };
        let answer = self.ask(&frame, "act", request, wait).await?;
        if let Some(not) = answer.not {
            return Err(self.not_as_described(wait, format!("it is not {not}")).await);
        }
        Ok((frame, answer))
    }

    async fn first_in(&self, frame: FrameName, targets: &[&Target], wait: &Wait) -> Result<usize, PageError> {
        let here: Vec<Value> = targets.iter().map(|target| query::within(target, &frame)).collect();
        let request = |left: u128| json!({ "targets": here, "milliseconds": left });
        let answer = self.ask(&frame, "first", request, wait).await?;
        answer.first.ok_or(PageError::Browser(BrowserError::SessionGone))
    }

    /// Asks the page's script, through interruptions and navigations, until it answers or the time is up.
    async fn ask(
        &self,
        frame: &FrameName,
        function: &'static str,
        request: impl Fn(u128) -> Value,
        wait: &Wait,
    ) -> Result<Answer, PageError> {
        let (places, interruptions) = query::interruptions(&self.guide.interruptions, frame);
        let mut interrupted = 0;
        loop {
            let world = self.world(frame, wait).await?;
            let mut request = request(wait.left().as_millis());
            request["interruptions"] =
                if interrupted < INTERRUPTIONS { interruptions.clone() } else { json!([]) };
            let script = match function {
                "act" => "(request) => turnlock.act(request)",
                "first" => "(request) => turnlock.first(request)",
                _ => "(request) => turnlock.gone(request)",
            };
            let answer = self.call_in(&world, script, vec![request], wait.left() + SLACK).await;
            let answer: Answer = match answer {
                Ok(value) => serde_json::from_value(value).map_err(|error| BrowserError::Protocol {
                    method: "Runtime.callFunctionOn",
                    message: error.to_string(),
                })?,
                Err(error) if is_gone(&error) => {
                    self.after_loss(&world, wait).await?;
                    continue;
                }
                Err(error) => return Err(self.failure(error)),
            };
            if let (Some(at), Some(point)) = (answer.interruption, answer.point) {
                interrupted += 1;
                if let Some(place) = places.get(at).and_then(|place| self.guide.interruptions.get(*place)) {
                    tracing::debug!(see = %place.see, "an interruption was clicked away");
                }
                self.click_at(frame, point).await?;
                continue;
            }
            return self.verdict(answer, wait);
        }
    }

    fn verdict(&self, answer: Answer, wait: &Wait) -> Result<Answer, PageError> {
        let awaited = || wait.awaited.clone();
        if let Some(message) = answer.invalid {
            return Err(PageError::BadLocator { awaited: awaited(), message });
        }
        if let Some(origin) = answer.blocked {
            return Err(PageError::OriginBlocked { step: awaited(), origin });
        }
        if answer.error_status == Some(true) {
            return Err(PageError::AppError { page: Box::new(self.located(answer.page)) });
        }
        if let Some(obstacle) = answer.timeout {
            let page = self.located(answer.page);
            let declared = self.guide.origins.iter().any(|origin| page.url.starts_with(origin.as_str()));
            if !declared && !self.guide.origins.is_empty() && page.url.starts_with("http") {
                let origin =
                    Url::parse(&page.url).map(|url| url.origin().ascii_serialization()).unwrap_or_default();
                return Err(PageError::OriginBlocked { step: awaited(), origin });
            }
            return Err(PageError::NotAsDescribed {
                awaited: awaited(),
                instead: obstacle.words(),
                page: Box::new(page),
                waited: wait.waited(),
            });
        }
        Ok(answer)
    }

    fn located(&self, mut page: Overview) -> Overview {
        page.url = self.url();
        page
    }

    async fn not_as_described(&self, wait: &Wait, instead: String) -> PageError {
        let page = match self.world_now(&None) {
            Ok(world) => self.call_in(&world, "() => turnlock.overview()", Vec::new(), SET_UP).await.ok(),
            Err(_) => None,
        };
        let page = page.and_then(|value| serde_json::from_value(value).ok()).unwrap_or_default();
        PageError::NotAsDescribed {
            awaited: wait.awaited.clone(),
            instead,
            page: Box::new(self.located(page)),
            waited: wait.waited(),
        }
    }

    /// The origins in which this frame's document may be acted on.
    fn origins(&self, frame: &FrameName) -> Vec<&str> {
        let named =
            frame.as_deref().and_then(|name| self.guide.frames.iter().find(|frame| frame.name == name));
        match named.and_then(|frame| frame.origin.as_ref()) {
            Some(origin) => vec![origin.as_str()],
            None => self.guide.origins.iter().map(Origin::as_str).collect(),
        }
    }

    fn require_declared_origin(&self, step: &str) -> Result<(), PageError> {
        let url = self.state.frame(&self.main).map(|frame| frame.url).unwrap_or_default();
        let declared =
            Url::parse(&url).is_ok_and(|url| self.guide.origins.iter().any(|origin| origin.matches(&url)));
        if declared {
            Ok(())
        } else {
            Err(PageError::OriginBlocked { step: step.to_owned(), origin: short_url(&url) })
        }
    }

    /// The frame's world, once it is there and nothing is about to replace it.
    async fn world(&self, frame: &FrameName, wait: &Wait) -> Result<World, PageError> {
        let Some(name) = frame else { return self.settled(&self.main, wait).await };
        loop {
            let id = Box::pin(self.frame_id(name, wait)).await?;
            // The frame may have been replaced while its document was awaited.
            if let Ok(world) = self.settled(&id, wait).await {
                return Ok(world);
            }
            if wait.left().is_zero() {
                let instead = "the frame's document did not load".to_owned();
                return Err(self.not_as_described(wait, instead).await);
            }
        }
    }

    async fn settled(&self, id: &str, wait: &Wait) -> Result<World, PageError> {
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            self.require_alive()?;
            let frame = self.state.frame(id).ok_or(PageError::Browser(BrowserError::SessionGone))?;
            if let (Some(url), true) = (&frame.unreachable, frame.navigating.is_none()) {
                let error = self.network_error(frame.world.as_ref()).await;
                return Err(PageError::Unreachable { url: short_url(url), error });
            }
            // A frame waits for the page around it, too: it goes when that goes.
            let main = self.state.frame(&self.main);
            let busy = frame.navigating.clone().or_else(|| main.and_then(|main| main.navigating));
            if let (Some(world), None) = (&frame.world, &busy) {
                return Ok(world.clone());
            }
            if tokio::time::timeout_at(wait.deadline, changes.changed()).await.is_err() {
                let url = short_url(&busy.unwrap_or(frame.url));
                return Err(PageError::NoAnswer { url, waited: wait.waited() });
            }
        }
    }

    /// The id of a frame that the playbook names: found by its locator in the frame around it.
    async fn frame_id(&self, name: &str, wait: &Wait) -> Result<String, PageError> {
        let frame = self.guide.frames.iter().find(|frame| frame.name == name);
        let Some(frame) = frame else {
            let message = format!("the playbook declares no frame {name}");
            return Err(PageError::BadLocator { awaited: wait.awaited.clone(), message });
        };
        loop {
            let around: FrameName = frame.parent().map(str::to_owned);
            let request = |left: u128| {
                json!({
                    "verb": "frame",
                    "target": query::single(&frame.locator),
                    "origins": self.origins(&around),
                    "milliseconds": left,
                })
            };
            Box::pin(self.ask(&around, "act", request, wait)).await?;
            let world = Box::pin(self.world(&around, wait)).await?;
            match self.frame_behind(&world).await {
                Ok(Some(id)) => {
                    self.known.remember(name, &id);
                    return Ok(id);
                }
                Ok(None) => {
                    return Err(self
                        .not_as_described(wait, format!("frame {name} is not an <iframe>"))
                        .await);
                }
                Err(error) if is_gone(&error) && !wait.left().is_zero() => {}
                Err(error) => return Err(self.failure(error)),
            }
        }
    }

    fn require_alive(&self) -> Result<(), PageError> {
        match self.state.is_over() {
            Some(Over::Crashed) => Err(PageError::Crashed),
            Some(Over::Closed) => Err(PageError::Browser(BrowserError::Gone)),
            None if self.connection.is_closed() => Err(PageError::Browser(BrowserError::Gone)),
            None => Ok(()),
        }
    }

    /// The world went away during a call: waits until the events have said so, so that it is not asked again.
    async fn after_loss(&self, lost: &World, wait: &Wait) -> Result<(), PageError> {
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            self.require_alive()?;
            let there = self.state.frames().iter().any(|(_, frame)| frame.world.as_ref() == Some(lost));
            if !there || tokio::time::timeout_at(wait.deadline, changes.changed()).await.is_err() {
                return Ok(());
            }
        }
    }

    pub(super) async fn call_in(
        &self,
        world: &World,
        script: &'static str,
        arguments: Vec<Value>,
        within: Duration,
    ) -> Result<Value, BrowserError> {
        let call = CallFunction {
            function_declaration: script,
            execution_context_id: Some(world.context),
            object_id: None,
            arguments: arguments.into_iter().map(|value| super::protocol::Argument { value }).collect(),
            return_by_value: true,
            await_promise: true,
        };
        let called = self.connection.call(&world.session, &call, within).await?;
        match called.exception_details {
            None => Ok(called.result.value),
            Some(details) => {
                let message =
                    details.exception.and_then(|exception| exception.description).unwrap_or(details.text);
                Err(BrowserError::Refused { message })
            }
        }
    }

    /// A failure of a call, in the page's words where the page is the reason.
    pub(super) fn failure(&self, error: BrowserError) -> PageError {
        match self.state.is_over() {
            Some(Over::Crashed) => PageError::Crashed,
            _ if self.connection.is_closed() => PageError::Browser(BrowserError::Gone),
            _ => PageError::Browser(error),
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if self.disposed {
            return;
        }
        let root: SessionId = "".into();
        let dispose = DisposeBrowserContext { browser_context_id: self.context.clone() };
        // Sent at once; outside a runtime nobody is left to wait for the answer, nor needs to.
        let disposed = self.connection.call(&root, &dispose, SET_UP);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(disposed);
        }
    }
}

fn only_in(target: &Target, frame: &FrameName) -> Target {
    let mut part = target.clone();
    part.alternatives.retain(|locator| locator.frame == *frame);
    part
}

/// Whether the world that a call went to is gone, as after a navigation. These are Chromium's own words.
pub(super) fn is_gone(error: &BrowserError) -> bool {
    match error {
        BrowserError::SessionGone => true,
        BrowserError::Refused { message } => [
            "Cannot find context",
            "context was destroyed",
            "navigated or closed",
            "Promise was collected",
            "Session with given id not found",
            "Target closed",
            "Could not find object",
            "turnlock is not defined",
        ]
        .iter()
        .any(|words| message.contains(words)),
        _ => false,
    }
}

/// An address without query, fragment, user and password: those may hold secrets.
pub(super) fn short_url(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url) else {
        return url.split(['?', '#']).next().unwrap_or_default().to_owned();
    };
    parsed.set_query(None);
    parsed.set_fragment(None);
    // Fails only for addresses that cannot have any.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    parsed.to_string()
}
