use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;
use url::Url;

use super::{
    BrowserChoice, Config, ConfigError, Database, Environment, Inbox, Key, Layer, Notices, OriginOverrides,
    Queue, Raw, ServerUrl, Source, Traces, Way, file, layer,
};

/// The most jobs that one worker does at once.
const MOST_SLOTS: usize = 64;

/// How long running jobs may go on when their worker is told to end: usually, and at most.
const GRACE_PERIOD: Duration = Duration::from_secs(60);
const LONGEST_GRACE_PERIOD: SignedDuration = SignedDuration::from_hours(1);

impl Config {
    /// Reads the config file and puts flags before variables before the file before the defaults.
    ///
    /// The file is the one named by `named` (the flag `--config`), else by `TURNLOCK_CONFIG`, else
    /// `turnlock.toml` in the working folder, else the one in the user's configuration folder.
    ///
    /// # Errors
    /// [`ConfigError`], naming the place that is wrong.
    pub fn resolve(
        flags: Layer,
        named: Option<PathBuf>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let (file, from_file) = match find_file(named, environment) {
            Some(path) => {
                let text = std::fs::read_to_string(&path)
                    .map_err(|reason| ConfigError::Unreadable { path: path.clone(), reason })?;
                let layer = file::parse(&path, &text)?;
                (Some(path), layer)
            }
            None => (None, Layer::new()),
        };
        let layers = [flags, layer::from_environment(environment), from_file];
        Resolver { layers, environment }.config(file)
    }
}

fn find_file(named: Option<PathBuf>, environment: &Environment) -> Option<PathBuf> {
    let named = named.map(|path| environment.folder().join(path));
    named.or_else(|| environment.path("TURNLOCK_CONFIG")).or_else(|| {
        let here = environment.folder().join("turnlock.toml");
        let of_user = environment.config_folder().map(|folder| folder.join("turnlock.toml"));
        [Some(here), of_user].into_iter().flatten().find(|path| path.is_file())
    })
}

struct Resolver<'a> {
    layers: [Layer; 3],
    environment: &'a Environment,
}

impl Resolver<'_> {
    fn config(&self, file: Option<PathBuf>) -> Result<Config, ConfigError> {
        let mut origins = OriginOverrides::default();
        // Each layer may override some origins and leave others, so all are taken, the strongest last.
        for layer in self.layers.iter().rev() {
            let Some(raw) = layer.get(&Key::Origins) else { continue };
            for text in &raw.values {
                origins.add(text).map_err(|hint| ConfigError::BadOrigin { at: raw.source.clone(), hint })?;
            }
        }
        let database = self.database()?;
        Ok(Config {
            log_retention: self.log_retention(&database)?,
            database,
            queue: self.queue()?,
            inbox: self.inbox()?,
            inbox_authserv: self.raw(Key::InboxAuthserv).map(|raw| raw.values.clone()).unwrap_or_default(),
            notices: self.notices()?,
            webhooks: self.webhooks(),
            webhook_secret: self.text(Key::WebhookSecret).map(|(text, _)| text.into()),
            traces: Traces::understood(self.raw(Key::OtlpEndpoint), self.environment)?,
            master_key_file: self.path(Key::MasterKeyFile, "master.key")?,
            playbooks: self.playbooks(),
            artifacts: self.path(Key::Artifacts, "artifacts")?,
            temporary: self.environment.path("TMPDIR").unwrap_or_else(|| PathBuf::from("/tmp")),
            browser: self.browser()?,
            slots: self.slots()?,
            grace_period: self.grace_period()?,
            candidate_retention: self.days(Key::CandidateRetention)?,
            evidence_retention: self.days(Key::EvidenceRetention)?,
            evidence_limit: self.size(Key::EvidenceLimit)?,
            origins,
            file,
        })
    }

    fn raw(&self, key: Key) -> Option<&Raw> {
        self.layers.iter().find_map(|layer| layer.get(&key))
    }

    /// The single text of a setting.
    fn text(&self, key: Key) -> Option<(&str, &Source)> {
        let raw = self.raw(key)?;
        Some((raw.values.last()?, &raw.source))
    }

    fn in_data_folder(&self, key: Key, name: &str) -> Result<PathBuf, ConfigError> {
        let folder = self.environment.data_folder().ok_or_else(|| ConfigError::NoHome(key.flag()))?;
        Ok(folder.join(name))
    }

    fn path(&self, key: Key, default: &str) -> Result<PathBuf, ConfigError> {
        match self.text(key) {
            Some((text, _)) => Ok(self.environment.folder().join(text)),
            None => self.in_data_folder(key, default),
        }
    }

    fn database(&self) -> Result<Database, ConfigError> {
        let Some((text, at)) = self.text(Key::DatabaseUrl) else {
            return Ok(Database::Sqlite(self.in_data_folder(Key::DatabaseUrl, "turnlock.db")?));
        };
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            let hint =
                "name the server and its database, for example postgres://turnlock@db.example/turnlock";
            return match Url::parse(text) {
                Ok(url) if url.path().len() > 1 => Ok(Database::Postgres(ServerUrl::new(text))),
                _ => Err(bad_url(at, text, hint)),
            };
        }
        let Some(path) = text.strip_prefix("sqlite:") else {
            let hint = "write sqlite:PATH, or postgres://USER@HOST/DATABASE";
            return Err(bad_url(at, text, hint));
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.starts_with(':') || path.contains('?') {
            return Err(bad_url(at, text, "name a file, for example sqlite:turnlock.db"));
        }
        let folder = match at {
            Source::File(file, ..) => file.parent().unwrap_or(self.environment.folder()),
            _ => self.environment.folder(),
        };
        Ok(Database::Sqlite(folder.join(path)))
    }

    fn queue(&self) -> Result<Queue, ConfigError> {
        match self.text(Key::QueueUrl) {
            None | Some(("embedded:" | "embedded", _)) => Ok(Queue::Embedded),
            Some((text, at)) => match Url::parse(text) {
                Ok(url) if matches!(url.scheme(), "amqp" | "amqps") && url.has_host() => {
                    Ok(Queue::Rabbit(ServerUrl::new(text)))
                }
                _ => Err(bad_url(at, text, "write embedded: or amqp://USER:PASSWORD@HOST:5672/%2f")),
            },
        }
    }

    fn inbox(&self) -> Result<Vec<Inbox>, ConfigError> {
        let default =
            Raw { values: vec!["smtp://127.0.0.1:2525".to_owned()], source: Source::Default(Key::InboxUrl) };
        let raw = self.raw(Key::InboxUrl).unwrap_or(&default);
        // In one text they stand apart by spaces, which no URL has.
        let urls = raw.values.iter().flat_map(|urls| urls.split_whitespace());
        urls.map(|url| {
            let way = match url.split_once("://").map(|(scheme, _)| scheme) {
                Some("smtp") => Way::Smtp,
                Some("lmtp") => Way::Lmtp,
                Some("imap" | "imaps") => Way::Imap,
                Some("sms") => Way::Sms,
                _ => {
                    let hint =
                        "write smtp://ADDRESS:PORT, lmtp://ADDRESS:PORT, imaps://USER:PASSWORD@HOST or \
                         sms://ADDRESS:PORT, and several with spaces between";
                    return Err(bad_url(&raw.source, &ServerUrl::new(url).to_string(), hint));
                }
            };
            Ok(Inbox { way, url: ServerUrl::new(url) })
        })
        .collect()
    }

    fn notices(&self) -> Result<Option<Notices>, ConfigError> {
        let [url, from, to] = [Key::NoticeUrl, Key::NoticeFrom, Key::NoticeTo].map(|key| self.raw(key));
        Notices::understood(url, from, to)
    }

    /// In one text they stand apart by spaces, which no URL has.
    fn webhooks(&self) -> Vec<ServerUrl> {
        let raw = self.raw(Key::WebhookUrl).into_iter().flat_map(|raw| &raw.values);
        raw.flat_map(|urls| urls.split_whitespace()).map(ServerUrl::new).collect()
    }

    /// What was named; else the folders `playbooks` that are there, beside the caller and among the data.
    fn playbooks(&self) -> Vec<PathBuf> {
        if let Some(raw) = self.raw(Key::Playbooks) {
            return raw.values.iter().map(|path| self.environment.folder().join(path)).collect();
        }
        let here = Some(self.environment.folder().join("playbooks"));
        let data = self.environment.data_folder().map(|folder| folder.join("playbooks"));
        [here, data].into_iter().flatten().filter(|path| path.is_dir()).collect()
    }

    fn browser(&self) -> Result<BrowserChoice, ConfigError> {
        let sandbox = match self.text(Key::BrowserSandbox) {
            None | Some(("on", _)) => true,
            Some(("off", _)) => false,
            Some((text, at)) => {
                let hint = "write on or off".to_owned();
                return Err(ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint });
            }
        };
        let named = self.text(Key::Browser).map(|(text, at)| {
            // A bare name is looked for in PATH, anything else is taken from the working folder.
            let path = if text.contains('/') { self.environment.folder().join(text) } else { text.into() };
            (path, at.clone())
        });
        let search = self.environment.get("PATH").unwrap_or("/usr/local/bin:/usr/bin:/bin");
        Ok(BrowserChoice { named, search: search.split(':').map(PathBuf::from).collect(), sandbox })
    }

    fn log_retention(&self, database: &Database) -> Result<Option<Duration>, ConfigError> {
        let retention = self.days(Key::LogRetention)?;
        match (database, self.text(Key::LogRetention)) {
            (Database::Sqlite(_), Some((text, at))) if retention.is_some() => {
                let hint =
                    "months of the log can be put aside in PostgreSQL only: leave it away, or write forever";
                Err(ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint: hint.to_owned() })
            }
            _ => Ok(retention),
        }
    }

    /// `forever`, which is none, or days.
    fn days(&self, key: Key) -> Result<Option<Duration>, ConfigError> {
        let Some((text, at)) = self.text(key) else { return Ok(None) };
        if text == "forever" {
            return Ok(None);
        }
        let days = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok());
        match days.filter(|days| (1..=36_500).contains(days)) {
            Some(days) => Ok(Some(Duration::from_secs(days * 24 * 60 * 60))),
            None => {
                let hint = "write forever, or days, for example 90d".to_owned();
                Err(ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint })
            }
        }
    }

    /// `unlimited`, which is none, or a size; as file systems' makers count, in thousands.
    fn size(&self, key: Key) -> Result<Option<u64>, ConfigError> {
        let Some((text, at)) = self.text(key) else { return Ok(None) };
        if text == "unlimited" {
            return Ok(None);
        }
        let units = [("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000)];
        let size = units.into_iter().find_map(|(unit, bytes)| {
            let count: u64 = text.strip_suffix(unit)?.trim_end().parse().ok()?;
            count.checked_mul(bytes).filter(|size| *size > 0)
        });
        let hint = "write unlimited, or a size in MB, GB or TB, for example 5GB".to_owned();
        size.map(Some).ok_or_else(|| ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint })
    }

    fn grace_period(&self) -> Result<Duration, ConfigError> {
        let Some((text, at)) = self.text(Key::GracePeriod) else { return Ok(GRACE_PERIOD) };
        let length = text.parse().ok().filter(|length: &SignedDuration| *length <= LONGEST_GRACE_PERIOD);
        length.and_then(|length| Duration::try_from(length).ok()).ok_or_else(|| {
            let hint = "write a time from 0s to 1h, for example 60s or 5m".to_owned();
            ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint }
        })
    }

    fn slots(&self) -> Result<usize, ConfigError> {
        let Some((text, at)) = self.text(Key::Slots) else {
            return Ok(std::thread::available_parallelism().map_or(2, usize::from).min(MOST_SLOTS));
        };
        text.parse().ok().filter(|slots| (1..=MOST_SLOTS).contains(slots)).ok_or_else(|| {
            let hint = format!("write a number from 1 to {MOST_SLOTS}");
            ConfigError::BadValue { at: at.clone(), value: text.to_owned(), hint }
        })
    }
}

/// A URL may hold a password, so of one that is refused only the scheme is repeated.
pub(super) fn bad_url(at: &Source, text: &str, hint: &str) -> ConfigError {
    let value = match text.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…"),
        None => text.to_owned(),
    };
    ConfigError::BadValue { at: at.clone(), value, hint: hint.to_owned() }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn flag(key: Key, values: &[&str]) -> (Key, Raw) {
        (key, Raw { values: values.iter().map(|v| (*v).to_owned()).collect(), source: Source::Flag(key) })
    }

    #[test]
    fn flags_come_before_variables_before_the_file_before_defaults() {
        let home = tempfile::tempdir().unwrap();
        let toml = "slots = 3\ngrace_period = \"1m 30s\"\nqueue_url = \"embedded:\"\ninbox_url = \"smtp://127.0.0.1:3\"\nartifacts = \"ev\"\n\
                    [origins]\n\"acme.app\" = \"http://127.0.0.1:3\"\n\"acme.sso\" = \"http://127.0.0.1:4\"\n";
        std::fs::write(home.path().join("turnlock.toml"), toml).unwrap();
        let folder = home.path().to_str().unwrap();
        let environment = Environment::of(
            home.path(),
            [
                ("HOME", folder),
                ("TURNLOCK_SLOTS", "2"),
                ("TURNLOCK_INBOX_URL", "smtp://127.0.0.1:2"),
                ("TURNLOCK_ORIGINS", "acme.app=http://127.0.0.1:2, demo.app=http://127.0.0.1:9"),
            ],
        );
        let flags = Layer::from([flag(Key::Slots, &["1"])]);
        let config = Config::resolve(flags, None, &environment).unwrap();
        assert_eq!((config.slots, config.grace_period), (1, Duration::from_secs(90)));
        assert_eq!(config.inbox, [Inbox::smtp("127.0.0.1:2".parse().unwrap())]);
        assert_eq!(config.artifacts, home.path().join("ev"));
        assert_eq!(config.master_key_file, home.path().join(".local/share/turnlock/master.key"));
        assert_eq!(config.origins.get("acme", "app"), Some("http://127.0.0.1:2"));
        assert_eq!(config.origins.get("acme", "sso"), Some("http://127.0.0.1:4"));
        assert_eq!(config.origins.get("demo", "app"), Some("http://127.0.0.1:9"));
    }

    #[test]
    fn an_unknown_key_is_refused_with_what_was_meant() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("turnlock.toml"), "slots = 1\n\ndatabse_url = \"sqlite:x\"\n")
            .unwrap();
        let environment = Environment::of(home.path(), [("HOME", "/nowhere")]);
        let error = Config::resolve(Layer::new(), None, &environment).unwrap_err().to_string();
        assert!(error.contains("turnlock.toml:3: there is no setting `databse_url`"), "{error}");
        assert!(error.ends_with("did you mean `database_url`?"), "{error}");
    }

    #[test]
    fn an_error_names_the_place_and_never_repeats_a_password() {
        let environment = Environment::of("/nowhere", [("HOME", "/nowhere")]);
        let flags = Layer::from([flag(Key::QueueUrl, &["ampq://guest:hunter2@mq"])]);
        let error = Config::resolve(flags, None, &environment).unwrap_err().to_string();
        assert!(error.starts_with("--queue-url is `ampq://…`"), "{error}");
        for (variable, value) in [
            ("TURNLOCK_SLOTS", "0"),
            ("TURNLOCK_BROWSER_SANDBOX", "maybe"),
            ("TURNLOCK_GRACE_PERIOD", "60"),
            ("TURNLOCK_GRACE_PERIOD", "-1s"),
            ("TURNLOCK_GRACE_PERIOD", "2h"),
            ("TURNLOCK_CANDIDATE_RETENTION", "0d"),
            ("TURNLOCK_LOG_RETENTION", "90d"), // not in SQLite
            ("TURNLOCK_EVIDENCE_RETENTION", "30"),
            ("TURNLOCK_EVIDENCE_LIMIT", "5"),
            ("TURNLOCK_EVIDENCE_LIMIT", "0GB"),
            ("TURNLOCK_EVIDENCE_LIMIT", "99999999999TB"),
            ("TURNLOCK_DATABASE_URL", "postgres://u:hunter2@db"),
            ("TURNLOCK_DATABASE_URL", "mysql://u:hunter2@db/x"),
            ("TURNLOCK_INBOX_URL", "pop3://x"),
        ] {
            let environment = Environment::of("/nowhere", [("HOME", "/nowhere"), (variable, value)]);
            let error = Config::resolve(Layer::new(), None, &environment).unwrap_err().to_string();
            assert!(error.starts_with(variable), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_server_may_keep_the_rows() {
        let url = "postgres://turnlock:hunter2@db.example/turnlock";
        let variables = [("HOME", "/x"), ("TURNLOCK_DATABASE_URL", url), ("TURNLOCK_LOG_RETENTION", "90d")];
        let config = Config::resolve(Layer::new(), None, &Environment::of("/x", variables)).unwrap();
        assert_eq!(config.database.url(), url);
        assert_eq!(config.log_retention, Some(Duration::from_secs(90 * 24 * 60 * 60)));
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn how_much_evidence_stays_is_said_in_days_and_bytes() {
        let said = |retention, limit| {
            let variables = [
                ("HOME", "/x"),
                ("TURNLOCK_EVIDENCE_RETENTION", retention),
                ("TURNLOCK_EVIDENCE_LIMIT", limit),
            ];
            let config = Config::resolve(Layer::new(), None, &Environment::of("/x", variables)).unwrap();
            (config.evidence_retention.map(|retention| retention.as_secs() / 86_400), config.evidence_limit)
        };
        assert_eq!(said("30d", "5GB"), (Some(30), Some(5_000_000_000)));
        assert_eq!(said("forever", "750 MB"), (None, Some(750_000_000)));
        assert_eq!(said("", "unlimited"), (None, None));
    }

    #[test]
    fn a_misspelt_variable_is_noticed() {
        let environment = Environment::of("/", [("TURNLOCK_SLOT", "1"), ("TURNLOCK_CORPORA", "x")]);
        assert_eq!(environment.misspelt(), [("TURNLOCK_SLOT".to_owned(), "TURNLOCK_SLOTS".to_owned())]);
    }

    #[test]
    fn a_browser_is_found_by_preference_not_by_place() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        for (folder, name) in [("a", "chromium"), ("b", "chromium-headless-shell")] {
            std::fs::create_dir(home.path().join(folder)).unwrap();
            let program = home.path().join(folder).join(name);
            std::fs::write(&program, "").unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        let path = format!("{0}/a:{0}/b", home.path().display());
        let environment = Environment::of(home.path(), [("HOME", "/nowhere"), ("PATH", &path)]);
        let config = Config::resolve(Layer::new(), None, &environment).unwrap();
        assert_eq!(config.browser.find().unwrap(), home.path().join("b/chromium-headless-shell"));
        let named = Layer::from([flag(Key::Browser, &["./none"])]);
        let config = Config::resolve(named, None, &environment).unwrap();
        assert!(matches!(config.browser.find(), Err(ConfigError::NotABrowser { .. })));
    }
}
