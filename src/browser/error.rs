use std::fmt;
use std::time::Duration;

use serde::Deserialize;

/// The browser itself failed, or could not be started.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BrowserError {
    /// The program could not be started.
    #[error("the browser {path} could not be started: {message}")]
    Start {
        /// The program.
        path: String,
        /// The operating system's words.
        message: String,
    },
    /// Root with the sandbox on: Chromium refuses that.
    #[error(
        "the browser's sandbox does not work as root: run Turnlock as another user, or, where only trusted pages \
         are visited, say so with TURNLOCK_BROWSER_SANDBOX=off"
    )]
    SandboxAsRoot,
    /// The browser ended while it was starting.
    #[error("the browser ended while it was starting: {stderr}")]
    EndedEarly {
        /// The end of what it printed.
        stderr: String,
    },
    /// The browser went away.
    #[error("the browser went away")]
    Gone,
    /// A page or frame went away while a call to it was under way.
    #[error("the page went away")]
    SessionGone,
    /// The browser did not answer in time.
    #[error("the browser did not answer {method} within {} s", after.as_secs())]
    NoAnswer {
        /// The CDP method.
        method: &'static str,
        /// How long it was waited for.
        after: Duration,
    },
    /// The browser refused a command.
    #[error("the browser refused a command: {message}")]
    Refused {
        /// Its words.
        message: String,
    },
    /// The browser's answer was not understood.
    #[error("the browser's answer to {method} was not understood: {message}")]
    Protocol {
        /// The CDP method.
        method: &'static str,
        /// What was wrong with it.
        message: String,
    },
}

/// What a person would notice first on a page; no field's value is in it.
#[derive(Debug, Clone, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub struct Overview {
    /// The document's title.
    pub title: String,
    /// The name of the dialog that is open in front of it; empty if there is none.
    pub dialog: String,
    /// Headings.
    pub headings: Vec<String>,
    /// Alerts and status messages.
    pub messages: Vec<String>,
    /// Labels of the fields.
    pub fields: Vec<String>,
    /// Names of the buttons.
    pub buttons: Vec<String>,
    /// Names of the links.
    pub links: Vec<String>,
    /// How much was left out of these lists: `12 more links`.
    pub cut: Vec<String>,
    /// The HTTP status of the document; 0 if it has none.
    pub status: u16,
    /// Scheme, host, port and path of the page; never its query or fragment, which may hold secrets.
    pub url: String,
}

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the page {}", self.url)?;
        if self.status >= 400 {
            write!(f, " (HTTP {})", self.status)?;
        }
        if !self.title.is_empty() {
            write!(f, " has the title {:?}", self.title)?;
        }
        if !self.dialog.is_empty() {
            write!(f, "; a dialog is open in front of it: {:?}", self.dialog)?;
        }
        let parts = [
            ("headings", &self.headings),
            ("messages", &self.messages),
            ("fields", &self.fields),
            ("buttons", &self.buttons),
            ("links", &self.links),
        ];
        let mut nothing = true;
        for (what, names) in parts.into_iter().filter(|(_, names)| !names.is_empty()) {
            nothing = false;
            write!(f, "; {what}: {}", names.join(", "))?;
        }
        if nothing {
            return f.write_str("; it shows no heading, field, button or link");
        }
        if self.cut.is_empty() { Ok(()) } else { write!(f, "; not listed: {}", self.cut.join(", ")) }
    }
}

/// What comes near, in brackets.
struct Near<'a>(&'a [String]);

impl fmt::Display for Near<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(f, " (what comes near: {})", self.0.join(", ")) }
    }
}

/// Something on a page was not as a step needs it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PageError {
    /// What was awaited did not come.
    #[error("waited {} s for {awaited}, but {instead}{}; {page}", waited.as_secs(), Near(near))]
    NotAsDescribed {
        /// The target, or the states.
        awaited: String,
        /// What was there instead: `2 elements match: …`.
        instead: String,
        /// What comes near to it, as a playbook would name it.
        near: Vec<String>,
        /// What the page showed.
        page: Box<Overview>,
        /// How long it was waited for.
        waited: Duration,
    },
    /// A field did not keep what was typed.
    #[error("{field} did not take what was typed: {how}")]
    FieldRefused {
        /// The target.
        field: String,
        /// What happened.
        how: String,
    },
    /// The page, or the frame, has an origin that the playbook does not declare.
    #[error("{step} would have happened on {origin}, which the playbook does not declare")]
    OriginBlocked {
        /// What was about to be done.
        step: String,
        /// The origin found.
        origin: String,
    },
    /// The app could not be reached.
    #[error("{url} could not be reached: {error}")]
    Unreachable {
        /// Without query and fragment.
        url: String,
        /// Chromium's name of the error, `net::ERR_CONNECTION_REFUSED`.
        error: String,
    },
    /// The app took the request, and its answer had not come by the deadline.
    #[error("{url} did not answer within {} s", waited.as_secs())]
    NoAnswer {
        /// Without query and fragment.
        url: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The app answered with an error of its own.
    #[error("the app answered with an error: HTTP {}; {page}", page.status)]
    AppError {
        /// What the page showed.
        page: Box<Overview>,
    },
    /// A locator that the page cannot evaluate.
    #[error("{awaited} cannot be looked for: {message}")]
    BadLocator {
        /// The target.
        awaited: String,
        /// The page's words.
        message: String,
    },
    /// The page's process crashed.
    #[error("the page's process crashed")]
    Crashed,
    /// The browser failed.
    #[error(transparent)]
    Browser(#[from] BrowserError),
}
