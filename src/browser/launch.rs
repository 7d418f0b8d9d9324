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
    /// Where its windows are shown; `None` shows none.
    pub display: Option<Display>,
    /// Whether pages may open windows. Only the browser without windows keeps them from it.
    pub windows: bool,
}

impl Options {
    /// The given program with the usual bounds: one spare, 200 contexts, 1.5 GiB.
    #[must_use]
    pub fn new(program: PathBuf, sandbox: Sandbox, profiles: PathBuf) -> Self {
        Self {
            program,
            sandbox,
            profiles,
            spares: 1,
            contexts: 200,
            memory: 3 << 29,
            display: None,
            windows: true,
        }
    }
}

/// The screen on which a browser shows its windows: the variables that say so to its programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Display(pub Vec<(String, String)>);

/// Whether the program is the browser without windows.
#[must_use]
pub fn is_headless_shell(program: &Path) -> bool {
    program.file_name().and_then(OsStr::to_str).is_some_and(|name| name.contains("headless-shell"))
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
    if options.display.is_none() && !is_headless_shell(&options.program) {
        arguments.push("--headless=new".to_owned());
    }
    if !options.windows {
        arguments.push("--block-new-web-contents".to_owned());
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_with_a_display_is_not_headless() {
        let started = |program: &str, display: Option<Display>| {
            let options = Options::new(program.into(), Sandbox::Off, "/tmp".into());
            arguments(&Options { display, ..options }, Path::new("/tmp/profile")).unwrap()
        };
        let headless = "--headless=new".to_owned();
        let display = Some(Display(vec![("DISPLAY".to_owned(), ":1".to_owned())]));
        assert!(started("/usr/bin/chromium", None).contains(&headless));
        assert!(!started("/usr/bin/chromium", display).contains(&headless));
        assert!(!started("/usr/bin/chromium-headless-shell", None).contains(&headless));
    }
}
