use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use super::guard::Caller;
use super::pulse::Pulse;
use super::turned_away::TurnedAway;
use super::view::View;
use super::watched::Watched;
use crate::job::Kind;
use crate::net::Clients;
use crate::playbook::Quote;
use crate::queue::{Queue, QueueState};
use crate::reveal::Reveal;
use crate::store::{AttemptRow, Step, Store, StoreError, TokenRow, WorkerId, WorkerRow};
use crate::traces::Tracer;

/// When a token was used is written down that often.
const NOTE_USE: Duration = Duration::from_secs(60);

/// What is known of an app's playbook here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppInfo {
    /// The app.
    pub app: String,
    /// What people call it.
    pub title: String,
    /// The playbook's file.
    pub file: String,
    /// The SHA-256 of its text, in hexadecimal.
    pub hash: String,
    /// The flows that it has.
    pub flows: Vec<String>,
    /// The lines of its steps, by their ids.
    pub quotes: BTreeMap<String, Quote>,
}

impl AppInfo {
    /// Whether its playbook has what jobs of this kind walk.
    pub(super) fn takes(&self, kind: Kind) -> bool {
        let walks_login = matches!(kind, Kind::VerifyLogin | Kind::Reconcile);
        // MFA may be turned on by any of several flows.
        walks_login || self.flows.iter().any(|flow| flow.starts_with(kind.as_str()))
    }
}

/// What all handlers share.
pub struct Site {
    pub store: Arc<dyn Store>,
    pub queue: Arc<dyn Queue>,
    /// Where evidence lies; nothing outside of it is ever shown.
    pub artifacts: PathBuf,
    pub apps: Vec<AppInfo>,
    /// What shows passwords and codes, if this server was given the key.
    pub reveal: Option<Reveal>,
    /// Whether browsers come by HTTPS.
    pub secure: bool,
    pub behind_proxy: bool,
    /// How much each client may ask.
    pub clients: Arc<Clients>,
    /// How often each may try to sign in.
    pub sign_ins: Arc<Clients>,
    /// Who was not let in.
    pub turned_away: TurnedAway,
    /// What happens, as it happens.
    pub pulse: Pulse,
    /// When each token was noted to be in use.
    pub used: Mutex<HashMap<Uuid, Instant>>,
    /// The jobs that somebody watches.
    pub watched: Watched,
    /// How long a stream of events lasts.
    pub stream: Duration,
    /// What takes the spans of jobs that are submitted here.
    pub tracer: Tracer,
    /// Whether a worker's process is known to have ended.
    pub is_dead: fn(&WorkerId) -> bool,
}

impl Site {
    /// Notes that a token is in use, now and then.
    pub async fn note_use(&self, row: &TokenRow) {
        let id = row.token.id;
        {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            if used.get(&id).is_some_and(|at| at.elapsed() < NOTE_USE) {
                return;
            }
            used.insert(id, Instant::now());
        }
        if let Err(error) = self.store.token_used(id).await {
            tracing::debug!(%error, "that a token is in use could not be noted");
        }
    }

    /// What this caller sees of the store.
    pub fn view<'a>(&'a self, caller: &'a Caller) -> View<'a> {
        View::new(self.store.as_ref(), caller)
    }

    /// The step's line of the playbook, if the text that the attempt followed is known here.
    pub fn quote(&self, row: &AttemptRow, step: &Step) -> Option<&Quote> {
        let followed = row.provenance.playbook_hash.as_ref();
        self.app(row.account.app()).filter(|info| followed == Some(&info.hash))?.quotes.get(&step.id)
    }

    /// The workers; gone are those too whose processes are known to have ended, before their words run out.
    pub async fn workers(&self) -> Result<Vec<WorkerRow>, StoreError> {
        let mut rows = self.store.workers().await?;
        rows.iter_mut().for_each(|row| row.gone |= (self.is_dead)(&row.id));
        Ok(rows)
    }

    /// What waits in the broker, in words; why nobody knows, where it is away. `None` without a broker.
    pub async fn broker(&self) -> Option<Result<String, String>> {
        match self.queue.messages().await {
            Ok(all) if all.is_empty() => None,
            Ok(all) => Some(Ok(QueueState::in_words(&all))),
            Err(error) => Some(Err(error.to_string())),
        }
    }

    pub fn app(&self, app: &str) -> Option<&AppInfo> {
        self.apps.iter().find(|info| info.app == app)
    }
}
