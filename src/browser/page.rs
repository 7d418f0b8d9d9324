//! One context's page, from its making to its end. What steps do with it is in `action`, `ask` and `capture`.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::answer::{Answer, Wait};
use super::closed::ToldRoots;
use super::connection::{Connection, SessionId};
use super::error::{BrowserError, PageError};
use super::frames::KnownFrames;
use super::process::Process;
use super::protocol::{
    AttachToTarget, CreateBrowserContext, CreateTarget, DisposeBrowserContext, EmulateFocus, Navigate,
    SetDownloadBehavior,
};
use super::query::FrameName;
use super::state::{START, State};
use super::world::set_up;
use crate::playbook::{Frame, Interruption, Locator, Origin, Playbook, Target};

/// The size of the viewport, in CSS pixels.
pub(super) const VIEWPORT: (u32, u32) = (1280, 900);
/// Setting up a context may take this long.
const SET_UP: Duration = Duration::from_secs(30);

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

impl Guide {
    /// What this playbook says.
    #[must_use]
    pub fn of(playbook: &Playbook) -> Self {
        Self {
            origins: playbook.origins.iter().map(|(_, origin)| origin.clone()).collect(),
            frames: playbook.frames.clone(),
            interruptions: playbook.interruptions.clone(),
        }
    }
}

/// What is typed into a field.
#[derive(Debug, Clone, Copy)]
pub enum Typed<'a> {
    /// A literal of the playbook, a username.
    Plain(&'a str),
    /// A code, or another secret: typed only where the origin is declared.
    Secret(&'a SecretString),
    /// A password: besides, not into a plain field that has only a part of its name in common with the locator.
    Password(&'a SecretString),
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
    pub(super) told: ToldRoots,
    pub(super) guide: Guide,
    /// The mouse is where it clicked, and holds nothing open that a step has opened by it.
    pub(super) mouse_rests: AtomicBool,
    found: Mutex<Option<Found>>,
    returned: Option<Returned>,
}

/// The element that a step found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The element: `<button type="submit"> "Sign in"`. May hold what the page shows.
    pub what: String,
    /// Those of the target's alternatives that name it.
    pub by: Vec<Locator>,
}

/// Tells whoever waits for it, when it is dropped, that a page's context is gone.
pub(super) struct Returned(Arc<Notify>);

impl Returned {
    pub fn new(told: &Arc<Notify>) -> Self {
        Self(Arc::clone(told))
    }
}

impl Drop for Returned {
    fn drop(&mut self) {
        self.0.notify_one();
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
            download_path: None,
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
        let state = Arc::new(State::new(connection.clone(), session.clone()));
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
            told: ToldRoots::default(),
            guide: Guide::default(),
            mouse_rests: AtomicBool::new(false),
            found: Mutex::default(),
            returned: None,
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

    /// Has something told beside them.
    pub fn note(&self, what: String) {
        self.state.note(what);
    }

    /// The element that was found last, since it was forgotten.
    pub fn found(&self) -> Option<Found> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets which element was found last.
    pub fn forget_found(&self) {
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn note_found(&self, target: &Target, frame: &FrameName, answer: &Answer) {
        let Some(found) = &answer.found else { return };
        let asked: Vec<_> = target.alternatives.iter().filter(|locator| locator.frame == *frame).collect();
        let by = found.by.iter().filter_map(|at| asked.get(*at).map(|locator| (*locator).clone())).collect();
        let found = Found { what: found.what.clone(), by };
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
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
                self.failed_to_open(navigated.loader_id, &wait).await;
                Err(PageError::Unreachable { url: short_url(url.as_str()), error })
            }
            _ => Ok(()),
        }
    }

    /// Returns once the browser shows its own error page for a navigation, which comes after the answer: later, it would
    /// be taken for what became of the next one.
    async fn failed_to_open(&self, loader_id: Option<String>, wait: &Wait) {
        let Some(loader_id) = loader_id else { return };
        let by = wait.deadline.min(Instant::now() + START);
        let mut changes = self.state.subscribe();
        loop {
            changes.mark_unchanged();
            let failed = self.state.frame(&self.main).and_then(|main| main.unreachable);
            let told = failed.is_some_and(|failed| failed.loader_id == loader_id);
            if told || timeout_at(by, changes.changed()).await.is_err() {
                return;
            }
        }
    }

    /// Has the pool told when the page's context is gone.
    pub(super) fn on_return(&mut self, returned: Returned) {
        self.returned = Some(returned);
    }

    /// The folder of the browser's profile.
    pub(super) fn profile(&self) -> &Path {
        self.process.profile()
    }

    /// The browser's id of the page's context.
    pub(super) fn context(&self) -> &str {
        &self.context
    }

    /// Returns when the page is gone, or its browser. May be dropped at any time.
    pub async fn lost(&self) -> PageError {
        let mut changes = self.state.subscribe();
        loop {
            if let Err(gone) = self.require_alive() {
                return gone;
            }
            // Whoever tells of changes is part of the page.
            let _ = changes.changed().await;
        }
    }

    /// Whether the page's browser and process are still there.
    pub(super) fn is_usable(&self) -> bool {
        self.require_alive().is_ok()
    }
}

impl Drop for Page {
    /// Closes the context and everything in it. The command is sent at once and nobody waits for the answer;
    /// but the pool prepares the next context only after it, so that the two do not compete.
    fn drop(&mut self) {
        let root: SessionId = "".into();
        let dispose = DisposeBrowserContext { browser_context_id: std::mem::take(&mut self.context) };
        let disposed = self.connection.call(&root, &dispose, SET_UP);
        let returned = self.returned.take();
        // Outside a runtime nobody is left to prepare anything for.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            if let Err(error) = disposed.await {
                tracing::debug!(%error, "the context was gone already");
            }
            drop(returned);
        });
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
