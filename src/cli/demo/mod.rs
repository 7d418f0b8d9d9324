//! The whole job on the bundled app: everything is real but the app's owner.

mod app;
mod fleet;
mod plan;

use std::io::{Write, stdout};
use std::path::Path;

use clap::Args;
use tokio::sync::{broadcast, oneshot};
use tokio::task::JoinHandle;

use self::app::App;
use self::plan::{PLAN, Stage};
use super::context::colours_welcome;
use super::progress::{Place, Progress};
use super::runtime::{Jobs, Mail, Runtime};
use super::stops::Stops;
use super::{Context, Exit, Failure, log, output};
use crate::config::{Config, Database, Inbox, Queue as QueueChoice};
use crate::job::Job;
use crate::playbook::OriginOverrides;
use crate::store::{AttemptRow, LogQuery};
use crate::vault::MasterKey;
use crate::worker::{Event, WorkerError};

/// The playbook of the bundled app, so that the demo needs no checkout.
const PLAYBOOK: &str = include_str!("../../../playbooks/acme.yaml");

/// Do the whole job on the bundled app: log in, turn on MFA, change the password
#[derive(Debug, Args)]
#[command(
    after_help = "Starts the bundled app, an inbox and a worker on free loopback ports, with a temporary database, and submits real jobs. Leaves nothing behind but the evidence, whose place it names; needs nothing but a browser.

With --fleet, two worker processes do 40 jobs on 20 accounts, and one of them is killed in the middle. --queue-url and --database-url name a RabbitMQ and a PostgreSQL that hold nothing yet: `make fleet-demo` starts both."
)]
pub struct Demo {
    /// Keep the folder and the app for a look around, until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Show a fleet: two workers on RabbitMQ and PostgreSQL, one of them killed
    #[arg(long, conflicts_with = "keep")]
    fleet: bool,
}

impl Demo {
    /// Does it.
    ///
    /// # Errors
    /// If the browser or a part of Turnlock is missing or broken.
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("turnlock-demo-")
            .tempdir_in(context.config()?.temporary)
            .map_err(|error| {
                Failure::environment(format_args!("no temporary folder can be made: {error}"))
            })?;
        if self.fleet {
            return fleet::run(context, folder.path()).await;
        }
        let mut stops = Stops::new()?;
        // Dropping the rest ends browser, app and inbox and removes the folder.
        let (exit, stand) = tokio::select! {
            done = self.within(folder.path(), context) => done?,
            () = stops.next() => {
                return Err(Failure::new(Exit::JobFailed, "the demo was interrupted; nothing is left behind"));
            }
        };
        if self.keep {
            look_around(folder.path(), &stand.app)?;
            stops.next().await;
        }
        stand.close().await?;
        Ok(exit)
    }

    async fn within(&self, folder: &Path, context: &Context) -> Result<(Exit, Stand), Failure> {
        let mut config = own_config(context.config()?, folder)?;
        let mut app = App::start().await?;
        config.origins.insert("acme", "app", app.url());
        let runtime = Runtime::start(&config, context.colour, Mail::Needed, Jobs::ByHand).await?;
        app.open_accounts(&runtime.vault, runtime.inbox_address()).await?;
        let (stop, stopped) = oneshot::channel::<()>();
        let worker = runtime.worker.clone();
        let working = tokio::spawn(async move {
            let until = async {
                let _ = stopped.await;
            };
            worker.run(until).await
        });
        let exit = self.play(&runtime, &app, &config, context).await?;
        Ok((exit, Stand { app, runtime, stop, working }))
    }

    async fn play(
        &self,
        runtime: &Runtime,
        app: &App,
        config: &Config,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let mut progress = Progress::new(Place::Stdout, colours_welcome(&context.environment));
        progress.line(&format!("The bundled app listens on {}; {}.", app.url(), app::CODES_NOTE))?;
        let mut events = runtime.worker.events();
        let mut unexpected = 0;
        for (number, stage) in PLAN.iter().enumerate() {
            progress.line(&format!("\n{}/{}  {}", number + 1, PLAN.len(), stage.heading()))?;
            let row = self.stage(stage, runtime, &mut events, &mut progress).await?;
            let took = row.duration.map(output::duration).unwrap_or_default();
            let verdict =
                row.verdict.ok_or_else(|| Failure::environment("a job ended without an outcome"))?;
            let outcome = output::outcome(verdict.outcome, progress.colour());
            progress.line(&format!("  {outcome} ({}) in {took}: {}", verdict.code, verdict.message))?;
            if verdict.code != stage.expected {
                unexpected += 1;
                progress.line(&format!("  This is not as expected: {}", stage.expected))?;
            }
        }
        let mut rows = runtime.store.log(&LogQuery::default()).await?;
        rows.reverse();
        let mut out = stdout().lock();
        writeln!(out, "\nThe automation log:\n{}", log::table(&rows, None, context.colour))?;
        writeln!(
            out,
            "Screenshots and page snapshots, without secrets, are in {}",
            config.artifacts.display()
        )?;
        if unexpected > 0 {
            writeln!(out, "{unexpected} of {} jobs did not end as expected.", PLAN.len())?;
            return Ok(Exit::JobFailed);
        }
        if self.keep {
            return Ok(Exit::Done);
        }
        // In a checkout the playbook lies at hand; elsewhere the schema says what one may hold.
        let example = Path::new("playbooks/acme.yaml");
        let first =
            if example.is_file() { "read playbooks/acme.yaml" } else { "see `turnlock playbook schema`" };
        writeln!(out, "Next: {first}, write one for your app, and `turnlock playbook check` it.")?;
        Ok(Exit::Done)
    }

    async fn stage(
        &self,
        stage: &Stage,
        runtime: &Runtime,
        events: &mut broadcast::Receiver<Event>,
        progress: &mut Progress,
    ) -> Result<AttemptRow, Failure> {
        let job = Job {
            requested_by: Some("turnlock demo".to_owned()),
            evidence: true,
            ..Job::new(stage.kind, stage.account()?)
        };
        runtime.queue.submit(&job, None).await?;
        progress.show(job.id, events, runtime.queue.ended(job.id)).await??;
        let last = LogQuery { job: Some(job.id), limit: 1, ..LogQuery::default() };
        let row = runtime.store.log(&last).await?.pop();
        row.ok_or_else(|| Failure::environment("a job ended without an attempt"))
    }
}

/// What runs while the demo does.
struct Stand {
    app: App,
    runtime: Runtime,
    stop: oneshot::Sender<()>,
    working: JoinHandle<Result<(), WorkerError>>,
}

impl Stand {
    async fn close(self) -> Result<(), Failure> {
        let _ = self.stop.send(());
        self.working.await.map_err(Failure::environment)??;
        self.runtime.close().await;
        self.app.stop().await;
        Ok(())
    }
}

/// The user's browser, and all else of the demo's own. Evidence goes where it can be looked at afterwards.
fn own_config(config: Config, folder: &Path) -> Result<Config, Failure> {
    Ok(Config {
        database: Database::Sqlite(folder.join("turnlock.db")),
        queue: QueueChoice::Embedded,
        inbox: vec![Inbox::smtp(([127, 0, 0, 1], 0).into())],
        slots: 1,
        ..own_files(config, folder, "demo")?
    })
}

/// Key, playbook and evidence of the demo's own, and no setting that is about what is kept for long.
fn own_files(config: Config, folder: &Path, evidence: &str) -> Result<Config, Failure> {
    let playbook = folder.join("acme.yaml");
    let failed = |error| Failure::environment(format_args!("the demo's folder cannot be filled: {error}"));
    std::fs::write(&playbook, PLAYBOOK).map_err(failed)?;
    // Made here already, so that nobody is told to keep a copy of it.
    let master_key_file = folder.join("master.key");
    MasterKey::load_or_create(&master_key_file)?;
    let artifacts = config.artifacts.join(evidence);
    // That of an earlier demo would only be taken for this one's.
    if artifacts.exists() {
        std::fs::remove_dir_all(&artifacts).map_err(failed)?;
    }
    Ok(Config {
        master_key_file,
        playbooks: vec![playbook],
        artifacts,
        origins: OriginOverrides::new(),
        candidate_retention: None,
        log_retention: None,
        evidence_retention: None,
        evidence_limit: None,
        ..config
    })
}

fn look_around(folder: &Path, app: &App) -> Result<(), Failure> {
    let mut out = stdout().lock();
    let folder = folder.display();
    writeln!(
        out,
        "\nKept until Ctrl-C: the app at {}, everything else in {folder}. Try in another shell:",
        app.url()
    )?;
    writeln!(
        out,
        "  export TURNLOCK_DATABASE_URL=sqlite:{folder}/turnlock.db TURNLOCK_MASTER_KEY_FILE={folder}/master.key"
    )?;
    writeln!(out, "  export TURNLOCK_ORIGINS=acme.app={}", app.url())?;
    writeln!(out, "  turnlock log")?;
    writeln!(out, "  turnlock account show acme/alice")?;
    Ok(())
}
