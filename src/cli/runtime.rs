//! The assembly: a worker with everything that it needs, put together in one place.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use super::library::Library;
use super::sources::Sources;
use super::{Failure, parts};
use crate::browser::{Display, Options, Pool, Sandbox};
use crate::config::{Config, Queue as QueueChoice};
use crate::evidence::Limits;
use crate::flow::{FlowPerformer, Playbooks, Trial, Watch};
use crate::inbox::{Inbox, Serving};
use crate::playbook::Playbook;
use crate::queue::rabbit::RabbitQueue;
use crate::queue::{EmbeddedQueue, Queue};
use crate::store::Store;
use crate::vault::Vault;
use crate::worker::{Worker, WorkerConfig};

/// A worker that is ready for jobs.
pub struct Runtime {
    /// What is remembered.
    pub store: Arc<dyn Store>,
    /// The accounts and their credentials.
    pub vault: Vault,
    /// Where jobs come from.
    pub queue: Arc<dyn Queue>,
    /// What does them.
    pub worker: Worker,
    /// How it does them, for another worker beside it.
    pub performer: FlowPerformer,
    how: WorkerConfig,
    pool: Pool,
    /// Where the built-in receiver listens, if it does.
    mail: Option<SocketAddr>,
    serving: Serving,
}

/// How long mail that is being received may take when everything ends; who sends it sends it again.
const MAIL_ENDS: Duration = Duration::from_secs(2);

/// What to do when the inbox's address is in use, as by a worker on the same machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mail {
    /// Nothing starts without the inbox.
    Needed,
    /// Go on without it, and say so: most jobs await no mailed code.
    IfFree,
}

/// Where its worker gets its jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jobs {
    /// From the queue that is configured. Servers that are away are waited for.
    FromTheQueue,
    /// It is given one, and writes it into the database.
    ByHand,
}

/// One flow that is tried out.
pub struct TryOut {
    /// The playbook, of which no other is known.
    pub playbook: Arc<Playbook>,
    /// The flow, and the job that tries it out.
    pub trial: Trial,
    /// Who looks on.
    pub watch: Option<Arc<dyn Watch>>,
    /// Where the browser is shown, if it is.
    pub display: Option<Display>,
}

/// What the performer does.
struct Does {
    playbooks: Playbooks,
    unusable: HashMap<String, String>,
    trial: Option<Trial>,
    watch: Option<Arc<dyn Watch>>,
}

fn evidence_limits(config: &Config) -> Limits {
    Limits { retention: config.evidence_retention, bytes: config.evidence_limit }
}

impl Runtime {
    /// Puts it together, and starts what runs beside the worker: browser and inbox.
    ///
    /// # Errors
    /// If a part is missing or broken; the message says which, and what to do. What was started is ended.
    pub async fn start(config: &Config, colour: bool, mail: Mail, from: Jobs) -> Result<Self, Failure> {
        // What can be wrong without anything being started comes first.
        let program = config.browser.find()?;
        config.browser.check_sandbox()?;
        let library = Library::load(&config.playbooks, &config.origins, colour)?;
        let unusable = library.unusable().iter().map(|one| (one.app.clone(), one.file.clone())).collect();
        for one in library.unusable() {
            tracing::warn!("{} cannot be used; jobs of {} will be rejected\n{}", one.file, one.app, one.why);
        }
        let does = Does { playbooks: library.into_playbooks().collect(), unusable, trial: None, watch: None };
        Self::assemble(config, (program, None), does, mail, from).await
    }

    /// The same, to try out one flow of one playbook.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub async fn start_to_try_out(config: &Config, wanted: TryOut) -> Result<Self, Failure> {
        let TryOut { playbook, trial, watch, display } = wanted;
        let program = match display {
            Some(_) => config.browser.find_with_windows()?,
            None => config.browser.find()?,
        };
        config.browser.check_sandbox()?;
        let playbooks = [(playbook.app.to_string(), playbook)].into();
        let does = Does { playbooks, unusable: HashMap::new(), trial: Some(trial), watch };
        Self::assemble(config, (program, display), does, Mail::IfFree, Jobs::ByHand).await
    }

    async fn assemble(
        config: &Config,
        (program, display): (PathBuf, Option<Display>),
        does: Does,
        mail: Mail,
        from: Jobs,
    ) -> Result<Self, Failure> {
        let store = match from {
            Jobs::FromTheQueue => parts::await_store(config).await?,
            Jobs::ByHand => parts::open_store(config).await?,
        };
        let vault = parts::open_vault_in(config, store).await?;
        let store = Arc::clone(vault.store());

        let inbox = Inbox::new(Arc::clone(&store), vault.message_seal());
        let sources = Sources::open(config).await?;
        match (sources.in_use.first(), mail) {
            (Some(error), Mail::Needed) => return Err(Failure::environment(error)),
            (Some(error), Mail::IfFree) => tracing::debug!("{error}"),
            (None, _) => {}
        }

        let sandbox = if config.browser.sandbox { Sandbox::On } else { Sandbox::Off };
        let options = Options {
            spares: config.slots,
            display,
            ..Options::new(program, sandbox, config.temporary.clone())
        };
        let pool = Pool::start(options).await.map_err(Failure::environment)?;

        let performer = FlowPerformer {
            vault: vault.clone(),
            pool: pool.clone(),
            inbox: inbox.clone(),
            mail_servers: config.inbox_authserv.clone(),
            playbooks: does.playbooks,
            unusable: does.unusable,
            artifacts: config.artifacts.clone(),
            trial: does.trial,
            watch: does.watch,
            new_password: None,
        };
        let how = WorkerConfig {
            slots: config.slots,
            drain: config.grace_period,
            retention: config.candidate_retention,
            log_retention: config.log_retention,
            evidence: Some((config.artifacts.clone(), evidence_limits(config))),
            ..WorkerConfig::default()
        };
        let queue: Arc<dyn Queue> = match (&config.queue, from) {
            (QueueChoice::Rabbit(url), Jobs::FromTheQueue) => {
                let queue = RabbitQueue::consume(url.secret(), &how.id, how.slots, Arc::clone(&store));
                // It goes on connecting, and says so, as when a broker is lost later on.
                while let Err(why) = queue.connected().await {
                    if why.lasts() {
                        return Err(Failure::environment(why));
                    }
                }
                Arc::new(queue)
            }
            (QueueChoice::Rabbit(_), Jobs::ByHand) => {
                Arc::new(EmbeddedQueue::announced_by_others(Arc::clone(&store)))
            }
            (QueueChoice::Embedded, _) => Arc::new(EmbeddedQueue::new(Arc::clone(&store))),
        };
        let doing = Arc::new(performer.clone());
        let worker = Worker::new(Arc::clone(&store), Arc::clone(&queue), doing, how.clone());
        let serving = Serving::start(sources.all, &inbox, worker.id(), sources.awaited);
        Ok(Self { store, vault, queue, worker, performer, how, pool, mail: sources.mail, serving })
    }

    /// A worker that does jobs otherwise.
    #[must_use]
    pub fn worker_doing(&self, performer: FlowPerformer) -> Worker {
        let (store, queue) = (Arc::clone(&self.store), Arc::clone(&self.queue));
        Worker::new(store, queue, Arc::new(performer), self.how.clone())
    }

    /// Where the inbox listens, if it does.
    #[must_use]
    pub const fn inbox_address(&self) -> Option<SocketAddr> {
        self.mail
    }

    /// Waits until contexts are prepared for the next jobs.
    pub async fn prepared(&self) {
        self.pool.prepared().await;
    }

    /// Ends browser and inbox. Mail that is being received may come to its end, but not for long.
    pub async fn close(self) {
        self.pool.close().await;
        let _ = timeout(MAIL_ENDS, self.serving.end()).await;
    }
}
