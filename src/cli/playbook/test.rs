mod report;

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use secrecy::SecretString;

use self::report::{Report, Result as Stands, Row};
use crate::cli::library::{self, read};
use crate::cli::progress::{Place, Progress};
use crate::cli::runtime::{Jobs, Mail, Runtime};
use crate::cli::{Context, Exit, Failure, context};
use crate::config::Config;
use crate::flow::{FlowPerformer, Trial, Watch};
use crate::job::{AccountRef, Code, Job, Kind, Outcome};
use crate::pages::{Pages, PagesError, Recorder};
use crate::playbook::{FlowKind, Playbook};
use crate::store::{AttemptRow, StoreError};

#[derive(Debug, Args)]
#[command(after_help = "\
The account is taken through a login, a logout, MFA on, its recovery codes, a login with MFA, a password change, a login,
and the change back. MFA stays on. Take an account that is there for it.

Examples:
  turnlock playbook test playbooks/acme.yaml --account acme/trial
  turnlock playbook test playbooks/acme.yaml --account acme/trial --record

Ends with 1 if something that the playbook has does not work.")]
pub struct Test {
    /// The playbook
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The account of the vault that it is tried with, APP/NAME
    #[arg(long, value_name = "ACCOUNT")]
    account: AccountRef,
    /// Keep the pages, without any secret, in `pages/APP` beside the playbook
    #[arg(long)]
    record: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

/// What is tried, in order.
struct Stage {
    what: &'static str,
    /// The flow without which there is nothing to try.
    about: FlowKind,
    /// The flow that it shows to work.
    flow: FlowKind,
    kind: Kind,
    /// The flow is tried out by itself, for no kind of job goes through it.
    by_itself: bool,
    /// The password is set back to what it was before.
    back: bool,
}

const fn stage(what: &'static str, about: FlowKind, flow: FlowKind, kind: Kind) -> Stage {
    Stage { what, about, flow, kind, by_itself: false, back: false }
}

const STAGES: [Stage; 8] = [
    stage("a login", FlowKind::Login, FlowKind::Login, Kind::VerifyLogin),
    Stage {
        by_itself: true,
        ..stage("a logout", FlowKind::Logout, FlowKind::Logout, Trial::kind(FlowKind::Logout, false))
    },
    stage("MFA on", FlowKind::EnrolMfa, FlowKind::EnrolMfa, Kind::EnrolMfa),
    stage("a login with MFA", FlowKind::EnrolMfa, FlowKind::Login, Kind::VerifyLogin),
    stage("the password changed", FlowKind::ChangePassword, FlowKind::ChangePassword, Kind::ChangePassword),
    stage("a login with the new password", FlowKind::ChangePassword, FlowKind::Login, Kind::VerifyLogin),
    Stage {
        back: true,
        ..stage(
            "the password changed back",
            FlowKind::ChangePassword,
            FlowKind::ChangePassword,
            Kind::ChangePassword,
        )
    },
    stage("a login with the old password", FlowKind::ChangePassword, FlowKind::Login, Kind::VerifyLogin),
];

/// Whether the playbook has the flow, or one of those that turn on MFA.
fn has(playbook: &Playbook, flow: FlowKind) -> bool {
    playbook.flows.iter().any(|each| each.kind == flow || (flow.enrols() && each.kind.enrols()))
}

impl Test {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let name = self.file.display().to_string();
        let playbook = library::parse(&self.file, &read(&self.file)?, &config.origins)
            .map_err(|report| Failure::new(Exit::PlaybookInvalid, report.render(context.colour)))?;
        if playbook.app.as_str() != self.account.app() {
            return Err(Failure::usage(format_args!(
                "{name} describes the app {}, and {} is none of its accounts",
                playbook.app, self.account
            )));
        }
        // This playbook and no other, whatever is configured.
        let config = Config { playbooks: vec![self.file.clone()], ..config };
        let runtime = Runtime::start(&config, context.colour, Mail::IfFree, Jobs::ByHand).await?;
        let done = self.with(&runtime, &playbook, context).await;
        runtime.close().await;
        done
    }

    async fn with(&self, runtime: &Runtime, playbook: &Playbook, context: &Context) -> Result<Exit, Failure> {
        let Some(account) = runtime.store.account(&self.account).await? else {
            return Err(StoreError::NoAccount(self.account.clone()).into());
        };
        // As its jobs follow it: pages are at addresses that the account's parameters make.
        let playbook = &playbook
            .for_account(&account.params)
            .map_err(|report| Failure::new(Exit::PlaybookInvalid, report.render(context.colour)))?;
        let before = runtime.vault.credentials(&self.account).await?;
        let old = before.password.map(|held| held.secret);
        let recorder = Arc::new(Recorder::default());
        let mut report = Report::new(&playbook.name, &self.account);
        let (mut failed, mut stopped) = (false, false);
        for stage in STAGES {
            if !has(playbook, stage.about) {
                // Said once, and not again of what would build on it.
                if stage.flow == stage.about && !stage.back {
                    report.add(Row::not_in_the_playbook(stage.what, stage.flow));
                }
                continue;
            }
            if stopped || (stage.back && old.is_none()) {
                report.add(Row::not_tried(stage.what, stage.flow));
                continue;
            }
            let given = if stage.back { old.clone() } else { None };
            let row = self.stage(&stage, given, runtime, &recorder, context).await?;
            let mut row = Row::of(stage.what, stage.flow, &row);
            // Many an app refuses the passwords that it has seen.
            if stage.back && row.code == Some(Code::PasswordRefused) {
                row.stands = Stands::NotTaken;
            }
            if row.code == Some(Code::AlreadyOn) {
                row.stands = Stands::OnAlready;
            }
            failed |= row.stands == Stands::Failed;
            // Nothing builds on what is tried by itself.
            stopped = !stage.by_itself && matches!(row.stands, Stands::Failed | Stands::NotTaken);
            let enrolled = row.code == Some(Code::MfaEnabled);
            report.add(row);
            if enrolled {
                let held = runtime.vault.credentials(&self.account).await?;
                report.add(Row::recovery_codes(held.recovery_codes.is_some()));
            }
        }
        report.ends(&runtime.vault.credentials(&self.account).await?, old.as_ref());
        let kept = if self.record { Some(record(&recorder, playbook)?) } else { None };
        report.show(kept, self.json)?;
        Ok(if failed { Exit::JobFailed } else { Exit::Done })
    }

    async fn stage(
        &self,
        stage: &Stage,
        new_password: Option<SecretString>,
        runtime: &Runtime,
        recorder: &Arc<Recorder>,
        context: &Context,
    ) -> Result<AttemptRow, Failure> {
        let watch = self.record.then(|| -> Arc<dyn Watch> { Arc::clone(recorder) as Arc<dyn Watch> });
        let job = Job {
            requested_by: context.environment.get("USER").map(str::to_owned),
            reason: Some("turnlock playbook test".to_owned()),
            ..Job::new(stage.kind, self.account.clone())
        };
        let trial = stage.by_itself.then_some(Trial { job: job.id, flow: stage.flow, rehearse: false });
        let performer = FlowPerformer { new_password, trial, watch, ..runtime.performer.clone() };
        let worker = runtime.worker_doing(performer);
        let mut events = worker.events();
        let mut progress = Progress::new(Place::Stderr, context::colours_welcome(&context.environment));
        progress.line(&format!("{}  ({}, job {})", stage.what, stage.kind, job.id))?;
        let work = worker.run_one(&job, std::future::pending());
        Ok(progress.show(job.id, &mut events, work).await??)
    }
}

/// Writes what was seen, and says so.
fn record(recorder: &Recorder, playbook: &Playbook) -> Result<String, Failure> {
    let folder = Pages::folder(playbook);
    let mut pages = match Pages::load(&folder) {
        Err(PagesError::None(_)) => Pages::default(),
        pages => pages.map_err(Failure::environment)?,
    };
    pages.take_in(recorder, playbook);
    pages.save(&folder).map_err(Failure::environment)?;
    let (steps, kept) = (pages.index.steps.len(), pages.index.pages.len());
    writeln!(stderr(), "recorded {steps} steps on {kept} pages in {}", folder.display())?;
    Ok(folder.display().to_string())
}

/// Whether a job's end is a success.
fn succeeded(row: &AttemptRow) -> bool {
    row.verdict.as_ref().is_some_and(|verdict| verdict.outcome == Outcome::Succeeded)
}

/// Prints a line of the product.
fn say(line: impl std::fmt::Display) -> Result<(), Failure> {
    Ok(writeln!(stdout(), "{line}")?)
}
