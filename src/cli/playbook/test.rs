mod lack;
mod report;
mod stage;

use std::io::{Write, stderr, stdout};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use secrecy::SecretString;

use self::lack::{lack, lacks_an_account};
use self::report::{Report, Result as Stands, Row};
use self::stage::Stage;
use crate::cli::library::{self, read};
use crate::cli::progress::{Place, Progress};
use crate::cli::runtime::{Jobs, Mail, Runtime};
use crate::cli::{Context, Exit, Failure, context, who};
use crate::config::{Config, Inbox};
use crate::flow::{FlowPerformer, Trial, Watch};
use crate::job::{AccountRef, Code, Job, Outcome};
use crate::pages::{Pages, PagesError, Recorder};
use crate::playbook::{MfaMethod, Playbook};
use crate::store::{Account, AttemptRow, StoreError};

#[derive(Debug, Args)]
#[command(after_help = "\
The account is taken through a login, a logout, a change of the address that the app sends to, MFA on, its recovery codes, a
login with MFA, a password change, a login, a password that was forgotten, and the change back. MFA stays on: each further
method is tried with an account of its own. What needs mail or text messages is tried where the account has an address or
number and an inbox takes them in (docs/inbox.md). Take accounts that are there for it.

Examples:
  turnlock playbook test playbooks/acme.yaml --account acme/trial
  turnlock playbook test playbooks/acme.yaml --account acme/trial --record
  turnlock playbook test playbooks/acme.yaml --account acme/trial --account acme/trial-mail --account acme/trial-sms

Ends with 1 if something that the playbook has does not work.")]
pub struct Test {
    /// The playbook
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The account of the vault that it is tried with, APP/NAME; further ones are for further methods of MFA
    #[arg(long = "account", value_name = "ACCOUNT", required = true)]
    accounts: Vec<AccountRef>,
    /// Keep the pages, without any secret, in `pages/APP` beside the playbook
    #[arg(long)]
    record: bool,
    /// One JSON object
    #[arg(long)]
    json: bool,
}

impl Test {
    pub async fn run(self, context: &Context) -> Result<Exit, Failure> {
        let config = context.config()?;
        let name = self.file.display().to_string();
        let playbook = library::parse(&self.file, &read(&self.file)?, &config.origins)
            .map_err(|report| Failure::new(Exit::PlaybookInvalid, report.render(context.colour)))?;
        for (at, account) in self.accounts.iter().enumerate() {
            if playbook.app.as_str() != account.app() {
                return Err(Failure::usage(format_args!(
                    "{name} describes the app {}, and {account} is none of its accounts",
                    playbook.app
                )));
            }
            if self.accounts[..at].contains(account) {
                return Err(Failure::usage(format_args!("{account} is named twice")));
            }
        }
        // This playbook and no other, whatever is configured.
        let config = Config { playbooks: vec![self.file.clone()], ..config };
        let runtime = Runtime::start(&config, context.colour, Mail::IfFree, Jobs::ByHand).await?;
        let done = self.with(&runtime, &config.inbox, &playbook, context).await;
        runtime.close().await;
        done
    }

    async fn with(
        &self,
        runtime: &Runtime,
        inbox: &[Inbox],
        playbook: &Playbook,
        context: &Context,
    ) -> Result<Exit, Failure> {
        let mut accounts = Vec::new();
        for account in &self.accounts {
            let known = runtime.store.account(account).await?;
            accounts.push(known.ok_or_else(|| StoreError::NoAccount(account.clone()))?);
        }
        let Some((first, others)) = accounts.split_first() else {
            return Err(Failure::usage("name an account: `--account APP/NAME`"));
        };
        // As its jobs follow it: pages are at addresses that the account's parameters make.
        let playbook = &playbook
            .for_account(&first.params)
            .map_err(|report| Failure::new(Exit::PlaybookInvalid, report.render(context.colour)))?;
        let mut before = Vec::new();
        for account in &accounts {
            before.push(runtime.vault.credentials(&account.account).await?.password.map(|held| held.secret));
        }
        let mut run = Acceptance {
            runtime,
            inbox,
            playbook,
            recorder: self.record.then(Arc::default),
            context,
            report: Report::new(&playbook.name, &self.accounts),
            failed: false,
            stopped: false,
        };
        for stage in &stage::BEFORE_MFA {
            run.take(stage, first, None).await?;
        }
        let signed_in = !run.stopped;
        let methods = run.turn_on_mfa(first).await?;
        for stage in &stage::PASSWORD {
            run.take(stage, first, before[0].clone()).await?;
        }
        run.stopped = !signed_in;
        run.turn_on_others(methods, others, &self.accounts).await?;
        for (account, old) in accounts.iter().zip(&before) {
            let held = runtime.vault.credentials(&account.account).await?;
            run.report.ends(&account.account, &held, old.as_ref());
        }
        let kept = match &run.recorder {
            Some(recorder) => Some(record(recorder, playbook)?),
            None => None,
        };
        run.report.show(kept, self.json)?;
        Ok(if run.failed { Exit::JobFailed } else { Exit::Done })
    }
}

/// The acceptance run, as far as it has come.
struct Acceptance<'a> {
    runtime: &'a Runtime,
    inbox: &'a [Inbox],
    playbook: &'a Playbook,
    recorder: Option<Arc<Recorder>>,
    context: &'a Context,
    report: Report,
    /// Something that the playbook has does not work.
    failed: bool,
    /// What comes would build on what did not work.
    stopped: bool,
}

impl Acceptance<'_> {
    /// Tries it with this account and says how it stands; gives the job's code, if there was a job.
    async fn take(
        &mut self,
        stage: &Stage,
        account: &Account,
        old: Option<SecretString>,
    ) -> Result<Option<Code>, Failure> {
        let row = |stands| Row::plain(stage.what, stage.flow, &account.account, stands);
        let Some(flow) = self.playbook.flows.get(stage.about) else {
            // Said once, and not again of what would build on it.
            if stage.flow == stage.about && !stage.back {
                self.report.add(row(Stands::NotInThePlaybook));
            }
            return Ok(None);
        };
        if self.stopped || (stage.back && old.is_none()) {
            self.report.add(row(Stands::NotTried));
            return Ok(None);
        }
        if let Some(lack) = lack(flow, account, self.inbox).filter(|_| stage.flow == stage.about) {
            self.report.add(row(Stands::NotTried).for_want_of(lack));
            return Ok(None);
        }
        let attempt = self.job(stage, &account.account, old.filter(|_| stage.back)).await?;
        let mut row = row(Stands::Failed).after(&attempt);
        // Many an app refuses the passwords that it has seen.
        if stage.back && row.code == Some(Code::PasswordRefused) {
            row.stands = Stands::NotTaken;
        }
        if row.code == Some(Code::AlreadyOn) {
            row.stands = Stands::OnAlready;
        }
        self.failed |= row.stands == Stands::Failed;
        self.stopped |= !stage.alone && matches!(row.stands, Stands::Failed | Stands::NotTaken);
        let code = row.code;
        self.report.add(row);
        Ok(code)
    }

    /// Turns on MFA, by the first method for which the account has what it takes, as a job does; gives the others.
    async fn turn_on_mfa(&mut self, account: &Account) -> Result<Vec<MfaMethod>, Failure> {
        let mut methods = stage::methods(self.playbook);
        let lacks = |method: &MfaMethod| {
            let flow = self.playbook.flows.get(method.flow());
            flow.and_then(|flow| lack(flow, account, self.inbox)).is_some()
        };
        let first = methods.iter().position(|method| !lacks(method)).unwrap_or_default();
        let method = if methods.is_empty() { MfaMethod::Totp } else { methods.remove(first) };
        let code = self.take(&stage::enrolment(method), account, None).await?;
        if code == Some(Code::MfaEnabled) && method == MfaMethod::Totp {
            let held = self.runtime.vault.credentials(&account.account).await?;
            let stands =
                if held.recovery_codes.is_some() { Stands::Proved } else { Stands::NotInThePlaybook };
            self.report.add(Row::plain("recovery codes read", method.flow(), &account.account, stands));
        }
        if code.is_some() || self.stopped {
            self.take(&stage::login_with(method), account, None).await?;
        }
        self.note(account, method, code);
        Ok(methods)
    }

    /// Turns on MFA by the other methods, with an account of its own for each: no flow turns it off.
    async fn turn_on_others(
        &mut self,
        methods: Vec<MfaMethod>,
        accounts: &[Account],
        named: &[AccountRef],
    ) -> Result<(), Failure> {
        let mut free: Vec<&Account> = accounts.iter().collect();
        for method in methods {
            let stage = stage::enrolment(method);
            let Some(flow) = self.playbook.flows.get(stage.flow) else { continue };
            let fits = |account: &&Account| lack(flow, account, self.inbox).is_none();
            let account = free.iter().position(fits).map(|at| free.remove(at)).or(free.first().copied());
            if let Some(account) = account {
                let code = self.take(&stage, account, None).await?;
                self.note(account, method, code);
            } else if let Some(first) = named.first() {
                let row = Row::plain(stage.what, stage.flow, first, Stands::NotTried);
                self.report.add(row.for_want_of(lacks_an_account(flow, named)));
            }
        }
        Ok(())
    }

    /// The vault holds nothing from which it could be told that the app sends codes.
    fn note(&mut self, account: &Account, method: MfaMethod, code: Option<Code>) {
        if matches!(code, Some(Code::MfaEnabled | Code::AlreadyOn)) && method != MfaMethod::Totp {
            self.report.sends_codes(&account.account, method);
        }
    }

    async fn job(
        &self,
        stage: &Stage,
        account: &AccountRef,
        new_password: Option<SecretString>,
    ) -> Result<AttemptRow, Failure> {
        let watch = self.recorder.clone().map(|recorder| -> Arc<dyn Watch> { recorder });
        let environment = &self.context.environment;
        let job = Job {
            requested_by: Some(who::at_the_shell()),
            reason: Some("turnlock playbook test".to_owned()),
            ..Job::new(stage.kind.unwrap_or(Trial::kind(stage.flow, false)), account.clone())
        };
        let trial = Trial { job: job.id, flow: stage.flow, rehearse: false };
        let trial = stage.kind.is_none().then_some(trial);
        let performer = FlowPerformer { new_password, trial, watch, ..self.runtime.performer.clone() };
        let worker = self.runtime.worker_doing(performer);
        let mut events = worker.events();
        let mut progress = Progress::new(Place::Stderr, context::colours_welcome(environment));
        progress.line(&format!("{}  ({} of {account}, job {})", stage.what, job.kind, job.id))?;
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
