//! What the tests share: a real browser, the bundled app, playbooks from a few lines.

pub mod canary;
pub mod desk;
pub mod dovecot;
pub mod fleet;
pub mod home;
pub mod mailroom;
pub mod ocr;
pub mod postgres;
pub mod proxy;
pub mod rabbit;
pub mod rig;
mod server;
mod site;
mod stage;
pub mod terminal;

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::{Connection as _, Executor as _};
use turnlock::browser::{Guide, Options, Page, Pool, Sandbox};
use turnlock::config::CANDIDATES;
use turnlock::playbook::{OriginOverrides, Playbook, Target};

pub use site::{Reply, Request, Site};
pub use stage::{BRIEFLY, Stage};

/// Long enough on a busy machine, short enough to notice.
pub const SOON: Duration = Duration::from_secs(20);

/// The same, for whole jobs in many processes at once.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// Options for a real browser. Tests visit loopback only, so the sandbox may be off.
pub fn browser_options(profiles: &Path) -> Options {
    Options::new(browser_program(), Sandbox::Off, profiles.to_owned())
}

/// Takes all attempts out of the log in a file, as old months are taken out of PostgreSQL's.
pub async fn put_log_aside(database: &str) {
    let mut raw = sqlx::SqliteConnection::connect(database).await.unwrap();
    let sql = "PRAGMA foreign_keys = OFF; DROP TRIGGER log_kept; DELETE FROM automation_log;";
    raw.execute(sql).await.unwrap();
    raw.close().await.unwrap();
}

/// The browser that is there.
pub fn browser_program() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut programs =
        CANDIDATES.iter().flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)));
    let program = programs.find(|program| program.is_file());
    program.expect("these tests need a browser: run scripts/install-browser")
}

/// A browser with a temporary folder for its profile.
pub struct Browser {
    pub pool: Pool,
    /// Removed with the browser.
    pub profiles: tempfile::TempDir,
}

impl Browser {
    pub async fn start() -> Self {
        let profiles = tempfile::tempdir().unwrap();
        let pool = Pool::start(browser_options(profiles.path())).await.unwrap();
        Self { pool, profiles }
    }

    /// A page that may act on the given app.
    pub async fn page(&self, playbook: &Playbook) -> Page {
        let mut page = self.pool.page().await.unwrap();
        page.set_guide(guide(playbook));
        page
    }
}

/// What a playbook says of the whole app.
pub fn guide(playbook: &Playbook) -> Guide {
    Guide {
        origins: playbook.origins.iter().map(|(_, origin)| origin.clone()).collect(),
        frames: playbook.frames.clone(),
        interruptions: playbook.interruptions.clone(),
    }
}

/// A playbook for the app at `url`, whose login flow sees each of the targets (YAML flow mappings) in turn.
/// `extra` follows the origins: more of them, indented, and whatever else the playbook says.
pub fn playbook(url: &str, extra: &str, targets: &[&str]) -> Playbook {
    let mut source = format!(
        "app: test\ntitle: Test\norigins:\n  app: \"{url}\"\n{extra}\nflows:\n  login:\n    - open: /\n"
    );
    for target in targets {
        source.push_str(&format!("    - see: {target}\n"));
    }
    source.push_str(
        "    - fill: { into: { css: input }, with: password }\n    - expect: { signed_in: { css: body } }\n",
    );
    turnlock::playbook::parse("test.yaml", &source, &OriginOverrides::new())
        .unwrap_or_else(|report| panic!("{}", report.render(false)))
}

/// The targets of a [`playbook`], in order.
pub fn targets(playbook: &Playbook) -> Vec<&Target> {
    use turnlock::playbook::Action;
    let steps = playbook.flows.login.steps.iter();
    steps
        .filter_map(|step| if let Action::See(target) = &step.action { Some(target) } else { None })
        .collect()
}
