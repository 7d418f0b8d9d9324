use std::path::PathBuf;

use clap::{ArgAction, Args};

use crate::config::{Environment, Key, Layer, Raw, Source};
use crate::telemetry::{Format, Telemetry};

const SETTINGS: &str = "Settings (each also as TURNLOCK_… and in turnlock.toml)";
const TELLING: &str = "What is told";

/// Flags that every command understands.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// The config file [default: ./turnlock.toml, then ~/.config/turnlock/turnlock.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = SETTINGS, hide_short_help = true)]
    pub config: Option<PathBuf>,
    /// Where rows are kept, sqlite:PATH or postgres://USER@HOST/DATABASE [default: ~/.local/share/turnlock/turnlock.db]
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    database_url: Option<String>,
    /// Where jobs come from, embedded: (the database) or amqp://USER:PASSWORD@HOST:5672/%2f
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    queue_url: Option<String>,
    /// Where messages come from, smtp://ADDRESS:PORT, lmtp://…, imaps://…, sms://…; may be repeated [default: smtp://127.0.0.1:2525]
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    inbox_url: Vec<String>,
    /// A mail server whose word on who sent a mail counts, as it names itself in Authentication-Results; may be repeated
    #[arg(long, global = true, value_name = "NAME", help_heading = SETTINGS, hide_short_help = true)]
    inbox_authserv: Vec<String>,
    /// The mail server that takes notices to people, smtps://USER:PASSWORD@HOST or smtp://HOST:PORT [default: none are sent]
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    notice_url: Option<String>,
    /// From whom notices come
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = SETTINGS, hide_short_help = true)]
    notice_from: Option<String>,
    /// Who is told when a job needs a human or an app's breaker opens; may be repeated
    #[arg(long, global = true, value_name = "ADDRESS", help_heading = SETTINGS, hide_short_help = true)]
    notice_to: Vec<String>,
    /// A server that is told what happens, https://HOST/PATH#secret_file=PATH&events=EVENT,…; may be repeated [default: none is]
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    webhook_url: Vec<String>,
    /// The collector that gets traces by OTLP over HTTP, as http://127.0.0.1:4318 [default: OTEL_EXPORTER_OTLP_ENDPOINT, else none is]
    #[arg(long, global = true, value_name = "URL", help_heading = SETTINGS, hide_short_help = true)]
    otlp_endpoint: Option<String>,
    /// The file with the key that seals the vault [default: ~/.local/share/turnlock/master.key]
    #[arg(long, global = true, value_name = "FILE", help_heading = SETTINGS, hide_short_help = true)]
    master_key_file: Option<String>,
    /// A playbook, or a folder of them; may be repeated [default: ./playbooks]
    #[arg(long, global = true, value_name = "PATH", help_heading = SETTINGS, hide_short_help = true)]
    playbooks: Vec<String>,
    /// The folder for evidence [default: ~/.local/share/turnlock/artifacts]
    #[arg(long, global = true, value_name = "FOLDER", help_heading = SETTINGS, hide_short_help = true)]
    artifacts: Option<String>,
    /// The browser's program [default: the first Chromium in PATH]
    #[arg(long, global = true, value_name = "PROGRAM", help_heading = SETTINGS, hide_short_help = true)]
    browser: Option<String>,
    /// Chromium's sandbox, on or off; it does not work for root [default: on]
    #[arg(long, global = true, value_name = "on|off", help_heading = SETTINGS, hide_short_help = true)]
    browser_sandbox: Option<String>,
    /// How many jobs are done at once [default: one for each processor]
    #[arg(long, global = true, value_name = "N", help_heading = SETTINGS, hide_short_help = true)]
    slots: Option<String>,
    /// How long running jobs may go on when their worker is told to end, as 60s or 5m [default: 60s]
    #[arg(long, global = true, value_name = "TIME", help_heading = SETTINGS, hide_short_help = true)]
    grace_period: Option<String>,
    /// How long secrets that are current no more are kept, as 90d [default: forever]
    #[arg(long, global = true, value_name = "DAYS|forever", help_heading = SETTINGS, hide_short_help = true)]
    candidate_retention: Option<String>,
    /// How long months of the automation log stay in it, as 365d; PostgreSQL only [default: forever]
    #[arg(long, global = true, value_name = "DAYS|forever", help_heading = SETTINGS, hide_short_help = true)]
    log_retention: Option<String>,
    /// How long evidence is kept, as 30d [default: forever]
    #[arg(long, global = true, value_name = "DAYS|forever", help_heading = SETTINGS, hide_short_help = true)]
    evidence_retention: Option<String>,
    /// How much evidence is kept, as 500MB or 5GB: beyond it the oldest goes [default: unlimited]
    #[arg(long, global = true, value_name = "SIZE|unlimited", help_heading = SETTINGS, hide_short_help = true)]
    evidence_limit: Option<String>,
    /// Where an app is, if not where its playbook says: acme.app=http://127.0.0.1:5000; may be repeated
    #[arg(
        long = "origin",
        global = true,
        value_name = "APP.NAME=URL",
        help_heading = SETTINGS,
        hide_short_help = true
    )]
    origins: Vec<String>,

    /// Tell more; twice for still more
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = TELLING)]
    verbose: u8,
    /// Tell errors only
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = TELLING)]
    quiet: bool,
    /// How log lines are written on standard error
    #[arg(long, global = true, value_name = "FORMAT", help_heading = TELLING, hide_short_help = true)]
    log_format: Option<Format>,
}

impl Globals {
    /// What the flags say about the settings.
    #[must_use]
    pub fn layer(&self) -> Layer {
        let single = [
            (Key::DatabaseUrl, &self.database_url),
            (Key::QueueUrl, &self.queue_url),
            (Key::NoticeUrl, &self.notice_url),
            (Key::NoticeFrom, &self.notice_from),
            (Key::OtlpEndpoint, &self.otlp_endpoint),
            (Key::MasterKeyFile, &self.master_key_file),
            (Key::Artifacts, &self.artifacts),
            (Key::Browser, &self.browser),
            (Key::BrowserSandbox, &self.browser_sandbox),
            (Key::Slots, &self.slots),
            (Key::GracePeriod, &self.grace_period),
            (Key::CandidateRetention, &self.candidate_retention),
            (Key::LogRetention, &self.log_retention),
            (Key::EvidenceRetention, &self.evidence_retention),
            (Key::EvidenceLimit, &self.evidence_limit),
        ];
        let single = single.into_iter().map(|(key, value)| (key, value.iter().cloned().collect()));
        let lists = [
            (Key::InboxUrl, self.inbox_url.clone()),
            (Key::InboxAuthserv, self.inbox_authserv.clone()),
            (Key::NoticeTo, self.notice_to.clone()),
            (Key::WebhookUrl, self.webhook_url.clone()),
            (Key::Playbooks, self.playbooks.clone()),
            (Key::Origins, self.origins.clone()),
        ];
        let said = single.chain(lists).filter(|(_, values): &(_, Vec<_>)| !values.is_empty());
        said.map(|(key, values)| (key, Raw { values, source: Source::Flag(key) })).collect()
    }

    /// How much is told and how: flags, then `TURNLOCK_LOG` and `TURNLOCK_LOG_FORMAT`, then `usual`.
    #[must_use]
    pub fn telemetry(&self, environment: &Environment, usual: &str, colour: bool) -> Telemetry {
        let level = match (self.quiet, self.verbose) {
            (true, _) => "error",
            (false, 0) => environment.get("TURNLOCK_LOG").unwrap_or(usual),
            (false, 1) => "info",
            (false, 2) => "debug",
            (false, _) => "trace",
        };
        let json = environment.get("TURNLOCK_LOG_FORMAT") == Some("json");
        let format = self.log_format.unwrap_or(if json { Format::Json } else { Format::Text });
        Telemetry { format, level: level.to_owned(), colour }
    }
}
