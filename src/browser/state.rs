//! What the browser's events say of a page: its frames, their worlds, origins and navigations.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::watch;
use tokio::time::Instant;
use url::Url;

use super::connection::{Connection, EventSink, SessionId};
use super::events::{
    AttachedToTarget, ContextCreated, ContextDestroyed, DialogOpening, DownloadProgress, DownloadWillBegin,
    FrameEvent, FrameNavigated, LoadingFailed, Request, decode,
};
use super::onlooker::{self, Onlooker};
use super::protocol::{HandleDialog, RunIfWaiting};
use super::replay::{self, Replay};
use super::unanswered::{Unanswered, goes_on};
use super::world::{WORLD, set_up};

/// How long a courtesy call may take whose answer nobody waits for.
const COURTESY: Duration = Duration::from_secs(10);

/// A navigation that was asked for starts within this time, or something kept it from starting.
pub(super) const START: Duration = Duration::from_secs(2);

/// Where a frame's script runs: a session and, in it, the isolated world.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub session: SessionId,
    /// The number of the world in its process.
    pub context: u64,
    /// What no other world has: a session that moves to another process meets the same numbers again.
    pub unique: String,
}

impl PartialEq for World {
    fn eq(&self, other: &Self) -> bool {
        self.unique == other.unique
    }
}

/// A navigation that has neither committed nor failed.
#[derive(Debug, Clone)]
pub(super) struct Navigation {
    pub url: String,
    /// The browser has taken it up; before that, what the frame stops loading is what it loaded before.
    started: bool,
    asked: Instant,
}

impl Navigation {
    /// When it counts as never having started; `None` once it has.
    pub fn starts_by(&self) -> Option<Instant> {
        (!self.started).then(|| self.asked + START)
    }
}

#[derive(Debug, Default, Clone)]
pub(super) struct Frame {
    pub session: Option<SessionId>,
    pub parent: Option<String>,
    pub url: String,
    pub world: Option<World>,
    /// A navigation that is under way.
    pub navigating: Option<Navigation>,
    /// The document could not be loaded, and what is shown is the browser's own error page.
    pub unreachable: Option<Unreachable>,
}

/// What could not be loaded, and Chromium's name of the reason: `net::ERR_CONNECTION_RESET`.
#[derive(Debug, Clone)]
pub(super) struct Unreachable {
    /// The navigation that came to nothing.
    pub loader_id: String,
    pub url: String,
    pub error: String,
}

#[derive(Default)]
struct Inner {
    frames: HashMap<String, Frame>,
    /// The last document that could not be loaded: its request, and why.
    failed: Option<(String, String)>,
    crashed: bool,
    closed: bool,
    notes: Vec<String>,
    /// A download is taken now.
    taking: Option<Taking>,
    /// The pages that are shown in place of the network's.
    replay: Option<std::sync::Arc<Replay>>,
    /// What holds back what a page sends.
    onlooker: Option<std::sync::Arc<Onlooker>>,
    /// What the page waits for since the last act.
    unanswered: Unanswered,
}

/// The next download is taken, of a document that has one of these origins.
struct Taking {
    origins: Vec<String>,
    /// What became of it.
    download: Option<Download>,
}

/// What became of a file that the page offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Download {
    /// It is being loaded; its name in the folder for it.
    Begun { name: String },
    /// It is there.
    Complete { name: String },
    /// It will not come.
    Cancelled,
}

/// The state of one page, kept by its sessions' events.
pub(super) struct State {
    connection: Connection,
    main: SessionId,
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

impl State {
    pub fn new(connection: Connection, main: SessionId) -> Self {
        Self { connection, main, inner: Mutex::default(), changed: watch::Sender::new(0) }
    }

    /// Resolves whenever something changed since `subscribe` was called.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn frame(&self, id: &str) -> Option<Frame> {
        self.lock().frames.get(id).cloned()
    }

    pub fn frames(&self) -> Vec<(String, Frame)> {
        self.lock().frames.iter().map(|(id, frame)| (id.clone(), frame.clone())).collect()
    }

    /// Whether the page can no longer be used, and why.
    pub fn is_over(&self) -> Option<Over> {
        let inner = self.lock();
        match (inner.closed, inner.crashed) {
            (true, _) => Some(Over::Closed),
            (_, true) => Some(Over::Crashed),
            _ => None,
        }
    }

    /// What happened beside the steps since the last call: dialogs, downloads, windows.
    pub fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().notes)
    }

    /// The next file that a document of these origins offers is taken.
    pub fn expect_download(&self, origins: Vec<String>) {
        self.lock().taking = Some(Taking { origins, download: None });
    }

    /// What became of it.
    pub fn download(&self) -> Option<Download> {
        self.lock().taking.as_ref().and_then(|taking| taking.download.clone())
    }

    /// No file is taken any more.
    pub fn expect_no_download(&self) {
        self.lock().taking = None;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these pages are shown in place of the network's.
    pub fn replay(&self, replay: Replay) {
        self.lock().replay = Some(std::sync::Arc::new(replay));
    }

    /// From now on this one says what a page may send.
    pub fn look_on(&self, onlooker: std::sync::Arc<Onlooker>) {
        self.lock().onlooker = Some(onlooker);
    }

    /// What holds back what the page sends, if anything does.
    pub fn onlooker(&self) -> Option<std::sync::Arc<Onlooker>> {
        self.lock().onlooker.clone()
    }

    /// Something is about to be done to the page.
    pub fn act(&self) {
        self.lock().unanswered.act();
    }

    /// The requests since then that have no answer.
    pub fn unanswered(&self) -> HashSet<String> {
        self.lock().unanswered.requests().clone()
    }

    pub fn note(&self, note: String) {
        tracing::info!(%note, "beside the step");
        self.lock().notes.push(note);
    }
}

/// Why a page can no longer be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Closed,
    Crashed,
}

impl EventSink for std::sync::Weak<State> {
    fn event(&self, session: &SessionId, method: &str, params: &RawValue) {
        let Some(state) = self.upgrade() else { return };
        if state.apply(self, session, method, params).is_some() {
            state.changed.send_modify(|count| *count = count.wrapping_add(1));
        }
    }

    fn detached(&self, session: &SessionId) {
        let Some(state) = self.upgrade() else { return };
        state.lose_worlds(session);
        if *session == state.main || state.connection.is_closed() {
            state.lock().closed = true;
        }
        state.changed.send_modify(|count| *count = count.wrapping_add(1));
    }
}

impl State {
    /// Applies an event; `None` if it changes nothing that anybody awaits.
    fn apply(
        &self,
        sink: &std::sync::Weak<Self>,
        session: &SessionId,
        method: &str,
        params: &RawValue,
    ) -> Option<()> {
        match method {
            "Runtime.executionContextCreated" => {
                let context = decode::<ContextCreated>(method, params)?.context;
                if context.name != WORLD {
                    return None;
                }
                let mut inner = self.lock();
                let frame = inner.frames.entry(context.aux_data.frame_id?).or_default();
                frame.session = Some(session.clone());
                frame.world =
                    Some(World { session: session.clone(), context: context.id, unique: context.unique_id });
            }
            "Runtime.executionContextDestroyed" => {
                let id = decode::<ContextDestroyed>(method, params)?.execution_context_unique_id;
                let mut inner = self.lock();
                let of_it = |frame: &&mut Frame| frame.world.as_ref().is_some_and(|world| world.unique == id);
                inner.frames.values_mut().find(of_it)?.world = None;
            }
            "Runtime.executionContextsCleared" => self.lose_worlds(session),
            "Page.frameAttached" => {
                let event = decode::<FrameEvent>(method, params)?;
                let mut inner = self.lock();
                inner.frames.entry(event.frame_id).or_default().parent = event.parent_frame_id;
            }
            "Page.frameDetached" => {
                let event = decode::<FrameEvent>(method, params)?;
                // A frame that moves to another process is detached here and goes on there.
                if event.reason.as_deref() != Some("swap") {
                    self.lock().frames.remove(&event.frame_id);
                }
            }
            "Page.frameNavigated" => {
                let event = decode::<FrameNavigated>(method, params)?.frame;
                let mut inner = self.lock();
                let failed = inner.failed.clone();
                let frame = inner.frames.entry(event.id).or_default();
                frame.session = Some(session.clone());
                let main = event.parent_id.is_none();
                if !main {
                    frame.parent = event.parent_id;
                }
                frame.url = event.url;
                frame.navigating = None;
                frame.unreachable = event.unreachable_url.map(|url| {
                    let named = failed.filter(|(request, _)| *request == event.loader_id);
                    let error = named.map_or_else(|| "the connection failed".to_owned(), |(_, error)| error);
                    Unreachable { loader_id: event.loader_id, url, error }
                });
                if main {
                    inner.unanswered.replaced();
                }
            }
            "Network.requestWillBeSent" if self.lock().unanswered.is_acted() => {
                let event = decode::<Request>(method, params)?;
                self.lock().unanswered.sent(event);
                return None;
            }
            "Network.responseReceived" if self.lock().unanswered.is_awaited() => {
                let event = decode::<Request>(method, params)?;
                event.response.filter(|response| goes_on(&response.mime_type))?;
                self.lock().unanswered.answered(&event.request_id)?;
            }
            "Network.loadingFinished" if self.lock().unanswered.is_awaited() => {
                let event = decode::<Request>(method, params)?;
                self.lock().unanswered.answered(&event.request_id)?;
            }
            "Network.loadingFailed" => {
                let event = decode::<LoadingFailed>(method, params)?;
                let mut inner = self.lock();
                let awaited = inner.unanswered.answered(&event.request_id);
                if event.kind == "Document" {
                    inner.failed = Some((event.request_id, event.error_text));
                }
                awaited?;
            }
            "Page.navigatedWithinDocument" => {
                let event = decode::<FrameEvent>(method, params)?;
                let mut inner = self.lock();
                let frame = inner.frames.get_mut(&event.frame_id)?;
                frame.url = event.url;
            }
            "Page.frameRequestedNavigation"
            | "Page.frameScheduledNavigation"
            | "Page.frameStartedNavigating" => {
                self.navigation_asked(method, decode(method, params)?)?;
            }
            "Page.frameStoppedLoading" => {
                let event = decode::<FrameEvent>(method, params)?;
                let mut inner = self.lock();
                let frame = inner.frames.get_mut(&event.frame_id)?;
                frame.navigating.take_if(|navigation| navigation.started)?;
            }
            "Page.downloadWillBegin" => {
                let event = decode::<DownloadWillBegin>(method, params)?;
                if !self.download_begins(&event.frame_id, event.guid) {
                    self.note("a download was offered and refused".to_owned());
                }
                self.lock().frames.get_mut(&event.frame_id)?.navigating = None;
            }
            "Page.downloadProgress" => self.download_goes_on(decode(method, params)?)?,
            "Page.javascriptDialogOpening" => {
                self.dismiss_dialog(session, &decode::<DialogOpening>(method, params)?)
            }
            "Fetch.requestPaused" => {
                let (replay, onlooker) = {
                    let inner = self.lock();
                    (inner.replay.clone(), inner.onlooker.clone())
                };
                let paused = decode(method, params)?;
                match (replay, onlooker) {
                    (Some(replay), _) => replay.answer(&self.connection, session, paused),
                    (None, Some(onlooker)) => onlooker.answer(&self.connection, session, paused),
                    (None, None) => {}
                }
                return None;
            }
            "Fetch.authRequired" => {
                let onlooker = self.lock().onlooker.clone();
                if let Some(onlooker) = onlooker {
                    onlooker.decline(&self.connection, session, decode(method, params)?);
                }
                return None;
            }
            "Page.windowOpen" => self.note("the page opened a window, which was left alone".to_owned()),
            "Target.attachedToTarget" => self.attached(sink, decode::<AttachedToTarget>(method, params)?),
            "Inspector.targetCrashed" => {
                self.lock().crashed |= *session == self.main;
                self.lose_worlds(session);
                // Nobody is left to answer them.
                self.connection.reject_calls(session);
            }
            _ => return None,
        }
        Some(())
    }

    /// The first file that is offered is the one that is taken.
    fn download_begins(&self, frame: &str, name: String) -> bool {
        let mut inner = self.lock();
        let origin = inner.frames.get(frame).and_then(|frame| Url::parse(&frame.url).ok());
        let origin = origin.map(|url| url.origin().ascii_serialization()).unwrap_or_default();
        match &mut inner.taking {
            Some(Taking { origins, download: download @ None }) if origins.contains(&origin) => {
                *download = Some(Download::Begun { name });
                true
            }
            _ => false,
        }
    }

    fn download_goes_on(&self, event: DownloadProgress) -> Option<()> {
        let mut inner = self.lock();
        let download = inner.taking.as_mut()?.download.as_mut()?;
        if *download != (Download::Begun { name: event.guid.clone() }) {
            return None;
        }
        *download = match event.state.as_str() {
            "completed" => Download::Complete { name: event.guid },
            "canceled" => Download::Cancelled,
            _ => return None,
        };
        Some(())
    }

    /// Forgets the worlds of a session whose documents are gone.
    fn lose_worlds(&self, session: &SessionId) {
        for frame in self.lock().frames.values_mut() {
            frame.world.take_if(|world| world.session == *session);
        }
    }

    fn navigation_asked(&self, method: &str, event: FrameEvent) -> Option<()> {
        let elsewhere = event.disposition.as_deref().is_some_and(|where_to| where_to != "currentTab");
        let within = event.navigation_type.as_deref().is_some_and(|kind| kind.contains("ameDocument"));
        // A refresh that the page has scheduled for later is no answer to what was just done.
        let later = event.delay.is_some_and(|seconds| seconds > 1.0);
        if elsewhere || within || later || event.url.starts_with("javascript:") {
            return None;
        }
        let started = method == "Page.frameStartedNavigating";
        let mut inner = self.lock();
        let frame = inner.frames.get_mut(&event.frame_id)?;
        // The page's and the browser's own events of one navigation come in no fixed order.
        let known = frame.navigating.as_ref().is_some_and(|known| known.started && known.url == event.url);
        if !known {
            frame.navigating = Some(Navigation { url: event.url, started, asked: Instant::now() });
        }
        Some(())
    }

    /// Nothing is agreed to on the owner's behalf, but for leaving a page that asks whether to be left.
    fn dismiss_dialog(&self, session: &SessionId, dialog: &DialogOpening) {
        let accept = dialog.kind == "beforeunload";
        let call = self.connection.call(session, &HandleDialog { accept }, COURTESY);
        tokio::spawn(call);
        let what = if accept { "agreed to, so that the page is left" } else { "dismissed" };
        self.note(format!("the dialog {} was {what}", dialog.kind));
    }

    /// A cross-origin frame in a process of its own: its session is set up before its document starts. A worker is
    /// only let go on.
    fn attached(&self, sink: &std::sync::Weak<Self>, event: AttachedToTarget) {
        let session: SessionId = event.session_id.into();
        if event.target_info.kind == "iframe" {
            self.lock().frames.entry(event.target_info.target_id).or_default().session =
                Some(session.clone());
            self.connection.listen(session.clone(), std::sync::Arc::new(sink.clone()));
            let (replays, looks_on) = {
                let inner = self.lock();
                (inner.replay.is_some(), inner.onlooker.is_some())
            };
            if replays {
                replay::begin(&self.connection, &session);
            } else if looks_on {
                tokio::spawn(onlooker::begin(&self.connection, &session));
            }
            let calls = set_up(&self.connection, &session);
            tokio::spawn(async move {
                if let Err(error) = calls.await {
                    tracing::debug!(%error, "a frame went away while it was set up");
                }
            });
        }
        tokio::spawn(self.connection.call(&session, &RunIfWaiting {}, COURTESY));
    }
}
