use std::fmt;

/// One table for all settings: variant, key in the file; flag and variable follow from it.
macro_rules! keys {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal;)+) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Key { $($(#[doc = $doc])+ $variant,)+ }

        impl Key {
            /// Every setting.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in `turnlock.toml`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

keys! {
    /// `sqlite:PATH`, or `postgres://…`.
    DatabaseUrl = "database_url";
    /// `embedded:`, `amqp://…` or `amqps://…`.
    QueueUrl = "queue_url";
    /// `smtp://ADDRESS:PORT`, `lmtp://…`, `imaps://…`, `sms://…`; several if wanted.
    InboxUrl = "inbox_url";
    /// The mail servers whose `Authentication-Results` count.
    InboxAuthserv = "inbox_authserv";
    /// The mail server that takes notices: `smtps://USER:PASSWORD@HOST`, `smtp://…`.
    NoticeUrl = "notice_url";
    /// From whom notices come.
    NoticeFrom = "notice_from";
    /// The people who get notices.
    NoticeTo = "notice_to";
    /// Servers that are told what happens: `https://HOST/PATH#secret_file=PATH`; several if wanted.
    WebhookUrl = "webhook_url";
    /// What messages to the one that names no `secret_file` are signed with.
    WebhookSecret = "webhook_secret";
    /// The collector that gets traces, by OTLP over HTTP.
    OtlpEndpoint = "otlp_endpoint";
    /// The file with the key that seals the vault.
    MasterKeyFile = "master_key_file";
    /// Playbook files, and folders of them.
    Playbooks = "playbooks";
    /// The folder for evidence.
    Artifacts = "artifacts";
    /// The browser's program.
    Browser = "browser";
    /// `on` or `off`.
    BrowserSandbox = "browser_sandbox";
    /// How many jobs a worker does at once.
    Slots = "slots";
    /// How long running jobs may go on when their worker is told to end.
    GracePeriod = "grace_period";
    /// `forever`, or days: how long the secrets of previous and rejected candidates are kept.
    CandidateRetention = "candidate_retention";
    /// `forever`, or days: how long months of the automation log stay in it; PostgreSQL only.
    LogRetention = "log_retention";
    /// `forever`, or days: how long evidence is kept.
    EvidenceRetention = "evidence_retention";
    /// `unlimited`, or a size: how much evidence is kept.
    EvidenceLimit = "evidence_limit";
    /// `APP.NAME=URL`, where this deployment's apps are.
    Origins = "origins";
}

impl Key {
    /// The environment's name for it.
    #[must_use]
    pub fn variable(self) -> String {
        format!("TURNLOCK_{}", self.as_str().to_ascii_uppercase())
    }

    /// The command line's name for it.
    #[must_use]
    pub fn flag(self) -> String {
        match self {
            // Given once for each origin, so the flag is singular.
            Self::Origins => "--origin".to_owned(),
            _ => format!("--{}", self.as_str().replace('_', "-")),
        }
    }

    /// Does its value name a file or folder?
    #[must_use]
    pub const fn is_path(self) -> bool {
        matches!(self, Self::MasterKeyFile | Self::Playbooks | Self::Artifacts | Self::Browser)
    }

    /// The setting of this name in the file.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.as_str() == name)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
