//! What the browser's events say of a page: its frames, their worlds, origins and navigations.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::watch;

use super::connection::{Connection, EventSink, SessionId};
use super::protocol::{HandleDialog, RunIfWaiting};
use super::world::{WORLD, set_up};

/// How long a courtesy call may take whose answer nobody waits for.
const COURTESY: Duration = Duration::from_secs(10);

/// Where a frame's script runs: a session and, in it, the isolated world's id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct World {
    pub session: SessionId,
    pub context: u64,
}

#[derive(Debug, Default, Clone)]
pub(super) struct Frame {
    pub session: Option<SessionId>,
    pub parent: Option<String>,
    pub url: String,
    pub world: Option<World>,
    /// A navigation that was asked for and has neither committed nor failed: its URL.
    pub navigating: Option<String>,
    /// The page could not be loaded, and what is shown is the browser's own error page.
    pub unreachable: Option<String>,
}

#[derive(Default)]
struct Inner {
    frames: HashMap<String, Frame>,
    crashed: bool,
    closed: bool,
    notes: Vec<String>,
}

/// The state of one page, kept by its sessions' events.
pub(super) struct State {
    connection: Connection,
    inner: Mutex<Inner>,
    changed: watch::Sender<u64>,
}

impl State {
    pub fn new(connection: Connection) -> Self {
        Self { connection, inner: Mutex::default(), changed: watch::Sender::new(0) }
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

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, note: String) {
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FrameEvent {
    frame_id: String,
    parent_frame_id: Option<String>,
    #[serde(default)]
    url: String,
    reason: Option<String>,
    navigation_type: Option<String>,
    delay: Option<f64>,
    disposition: Option<String>,
}

#[derive(Deserialize)]
struct FrameNavigated {
    frame: NavigatedFrame,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NavigatedFrame {
    id: String,
    parent_id: Option<String>,
    url: String,
    unreachable_url: Option<String>,
}

#[derive(Deserialize)]
struct ContextCreated {
    context: CreatedContext,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedContext {
    id: u64,
    name: String,
    aux_data: AuxData,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AuxData {
    frame_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContextDestroyed {
    execution_context_id: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AttachedToTarget {
    session_id: String,
    target_info: TargetInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TargetInfo {
    target_id: String,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct DialogOpening {
    #[serde(rename = "type")]
    kind: String,
}

fn decode<'a, T: Deserialize<'a>>(method: &str, params: &'a RawValue) -> Option<T> {
    serde_json::from_str(params.get())
        .inspect_err(|error| tracing::debug!(%error, method, "an event was not understood"))
        .ok()
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
        {
            let mut inner = state.lock();
            let mut closed = state.connection.is_closed();
            for frame in inner.frames.values_mut() {
                if frame.session.as_ref() == Some(session) {
                    frame.world = None;
                    closed |= frame.parent.is_none();
                }
            }
            inner.closed |= closed;
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
                frame.world = Some(World { session: session.clone(), context: context.id });
            }
            "Runtime.executionContextDestroyed" => {
                let id = decode::<ContextDestroyed>(method, params)?.execution_context_id;
                let gone = World { session: session.clone(), context: id };
                let mut inner = self.lock();
                inner.frames.values_mut().find(|frame| frame.world.as_ref() == Some(&gone))?.world = None;
            }
            "Runtime.executionContextsCleared" => {
                for frame in self.lock().frames.values_mut() {
                    if frame.world.as_ref().is_some_and(|world| world.session == *session) {
                        frame.world = None;
                    }
                }
            }
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
                let frame = inner.frames.entry(event.id).or_default();
                frame.session = Some(session.clone());
                if event.parent_id.is_some() {
                    frame.parent = event.parent_id;
                }
                frame.url = event.url;
                frame.unreachable = event.unreachable_url;
                frame.navigating = None;
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
                self.navigation_asked(method, &decode::<FrameEvent>(method, params)?)?;
            }
            "Page.frameStoppedLoading" => {
                let event = decode::<FrameEvent>(method, params)?;
                self.lock().frames.get_mut(&event.frame_id)?.navigating.take()?;
            }
            "Page.downloadWillBegin" => {
                let event = decode::<FrameEvent>(method, params)?;
                self.note("a download was offered and refused".to_owned());
                self.lock().frames.get_mut(&event.frame_id)?.navigating = None;
            }
            "Page.javascriptDialogOpening" => {
                self.dismiss_dialog(session, &decode::<DialogOpening>(method, params)?)
            }
            "Page.windowOpen" => self.note("the page opened a window, which was left alone".to_owned()),
            "Target.attachedToTarget" => self.attached(sink, decode::<AttachedToTarget>(method, params)?),
            "Inspector.targetCrashed" => self.lock().crashed = true,
            _ => return None,
        }
        Some(())
    }

    fn navigation_asked(&self, method: &str, event: &FrameEvent) -> Option<()> {
        let elsewhere = event.disposition.as_deref().is_some_and(|where_to| where_to != "currentTab");
        let within = event
            .navigation_type
            .as_deref()
            .is_some_and(|kind| kind.contains("ameDocument") || kind == "historySameDocument");
        // A refresh that the page has scheduled for later is no answer to what was just done.
        let later = event.delay.is_some_and(|seconds| seconds > 1.0);
        if elsewhere || within || later || event.url.starts_with("javascript:") {
            return None;
        }
        tracing::trace!(method, "navigation asked for");
        let mut inner = self.lock();
        inner.frames.get_mut(&event.frame_id)?.navigating = Some(event.url.clone());
        Some(())
    }

    /// Nothing is agreed to on the owner's behalf, but for leaving a page that asks whether to be left.
    fn dismiss_dialog(&self, session: &SessionId, dialog: &DialogOpening) {
        let accept = dialog.kind == "beforeunload";
        let call = self.connection.call(session, &HandleDialog { accept }, COURTESY);
        tokio::spawn(call);
        let what = if accept { "left in spite of its question" } else { "dismissed" };
        self.note(format!("a {} dialog was {what}", dialog.kind));
    }

    /// A cross-origin frame in a process of its own: its session is set up before its document starts.
    fn attached(&self, sink: &std::sync::Weak<Self>, event: AttachedToTarget) {
        let session: SessionId = event.session_id.into();
        if event.target_info.kind == "iframe" {
            self.lock().frames.entry(event.target_info.target_id).or_default().session =
                Some(session.clone());
            self.connection.listen(session.clone(), std::sync::Arc::new(sink.clone()));
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
