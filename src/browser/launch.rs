//! Which browser, and how it is started.

use std::env::split_paths;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::BrowserError;

/// The headless shell first: it costs a half to a third of the full browser.
const NAMES: [&str; 5] =
    ["chromium-headless-shell", "chrome-headless-shell", "chromium", "google-chrome-stable", "google-chrome"];

/// Whether the browser runs its pages in a sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sandbox {
    /// The default; refused as root, where it does not work.
    On,
    /// Only for trusted pages.
    Off,
}

/// How a browser is started, and when it is replaced.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program.
    pub program: PathBuf,
    /// Whether pages run in a sandbox.
    pub sandbox: Sandbox,
    /// Where the profile is made, a folder of its own.
    pub profiles: PathBuf,
    /// Contexts prepared ahead.
    pub spares: usize,
    /// A browser is replaced after so many contexts.
    pub contexts: u32,
    /// A browser is replaced when its processes hold more than this, in bytes.
    pub memory: u64,
}

impl Options {
    /// The given program with the usual bounds: 200 contexts, 1.5 GiB, profiles in the system's temporary folder.
    #[must_use]
    pub fn new(program: PathBuf, sandbox: Sandbox) -> Self {
        Self { program, sandbox, profiles: std::env::temp_dir(), spares: 1, contexts: 200, memory: 3 << 29 }
    }
}

/// The first browser found on the search path (the value of `PATH`).
///
/// # Errors
/// If there is none; the message says what to install.
pub fn find_browser(search_path: &OsStr) -> Result<PathBuf, BrowserError> {
    NAMES
        .iter()
        .flat_map(|name| split_paths(search_path).map(move |folder| folder.join(name)))
        .find(|path| path.is_file())
        .ok_or_else(|| BrowserError::Missing {
            tried: format!("none of {} is on the PATH", NAMES.join(", ")),
        })
}

/// The command line: nothing that a browser does by itself on the network, nothing that it shows, no secret.
pub(super) fn arguments(options: &Options, profile: &Path) -> Result<Vec<String>, BrowserError> {
    let mut arguments: Vec<String> = [
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-background-timer-throttling",
        "--disable-backgrounding-occluded-windows",
        "--disable-breakpad",
        "--disable-client-side-phishing-detection",
        "--disable-component-extensions-with-background-pages",
        "--disable-component-update",
        "--disable-crash-reporter",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-gpu",
        "--disable-hang-monitor",
        "--disable-ipc-flooding-protection",
        "--disable-popup-blocking",
        "--disable-prompt-on-repost",
        "--disable-quic",
        "--disable-renderer-backgrounding",
        "--disable-search-engine-choice-screen",
        "--disable-sync",
        "--force-color-profile=srgb",
        "--hide-scrollbars",
        "--metrics-recording-only",
        "--mute-audio",
        "--no-service-autorun",
        "--password-store=basic",
        "--use-mock-keychain",
        "--disable-features=AcceptCHFrame,AutofillServerCommunication,DestroyProfileOnBrowserClose,GlobalMediaControls,\
         HttpsUpgrades,ImprovedCookieControls,LazyFrameLoading,MediaRouter,OptimizationHints,PaintHolding,\
         PasswordLeakDetection,RenderDocument,Translate",
    ]
    .map(str::to_owned)
    .to_vec();
    let name = options.program.file_name().and_then(OsStr::to_str).unwrap_or_default();
    if !name.contains("headless-shell") {
        arguments.push("--headless=new".to_owned());
    }
    match options.sandbox {
        Sandbox::Off => arguments.push("--no-sandbox".to_owned()),
        Sandbox::On if rustix::process::geteuid().is_root() => return Err(BrowserError::SandboxAsRoot),
        Sandbox::On => {}
    }
    arguments.push(format!("--user-data-dir={}", profile.display()));
    arguments.push("about:blank".to_owned());
    Ok(arguments)
}
