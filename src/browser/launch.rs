//! Which browser, and how it is started.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::error::BrowserError;

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
    /// The folder in which each browser's profile is made, and removed with it.
    pub profiles: PathBuf,
    /// Contexts prepared ahead.
    pub spares: usize,
    /// A browser is replaced after so many contexts.
    pub contexts: u32,
    /// A browser is replaced when its processes hold more than this, in bytes.
    pub memory: u64,
}

impl Options {
    /// The given program with the usual bounds: one spare, 200 contexts, 1.5 GiB.
    #[must_use]
    pub fn new(program: PathBuf, sandbox: Sandbox, profiles: PathBuf) -> Self {
        Self { program, sandbox, profiles, spares: 1, contexts: 200, memory: 3 << 29 }
    }
}

/// The command line: nothing that a browser does by itself on the network, nothing that it shows, no secret.
pub(super) fn arguments(options: &Options, profile: &Path) -> Result<Vec<String>, BrowserError> {
    let mut arguments: Vec<String> = [
        "--remote-debugging-pipe",
        "--no-first-run",
        "--no-default-browser-check",
        // Pages that animate a WebGL canvas in software starve everything else of the processor.
        "--disable-3d-apis",
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
        "--disable-features=AcceptCHFrame,AutofillServerCommunication,BackForwardCache,DestroyProfileOnBrowserClose,GlobalMediaControls,\
         HttpsUpgrades,ImprovedCookieControls,LazyFrameLoading,MediaRouter,OptimizationHints,PaintHolding,\
         PasswordLeakDetection,RenderDocument,SpareRendererForSitePerProcess,Translate",
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
