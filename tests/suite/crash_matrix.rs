//! The crash matrix: a worker is killed with SIGKILL at every boundary that it comes by, for every fate of the change
//! in the app, started again and left alone until it is idle. Then the account opens with what the vault calls
//! current, the job has one outcome, and nothing is left.
//!
//! The cases are not written down here: each errand is run once and lists the points that it comes by, each with how
//! often it has come by it (see `turnlock::failpoint`). `TURNLOCK_CRASH_MATRIX=all` takes every point with every fate,
//! else every boundary is taken once.
#![cfg(feature = "failpoints")]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use acme::{Acme, ChangeFault, Event, NewUser, Options, Switches, TotpShape};
use futures::stream::{self, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::SecretString;
use tokio::process::Child;
use turnlock::job::{AccountRef, Job, Kind, Outcome};
use turnlock::playbook::{FlowKind, OriginOverrides, parse};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{LogQuery, WorkerId};
use turnlock::vault::{NewAccount, Vault};
use uuid::Uuid;

use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan, opens};
use crate::harness::{PATIENCE, SOON};

/// So many run side by side: mostly they wait for the next TOTP code.
const AT_ONCE: usize = 6;
/// So long the app counts wrong passwords, and no longer, so that nobody waits a quarter of an hour.
const WINDOW: Duration = Duration::from_secs(15);
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DP";
const ADDRESS: &str = "alice@managed.test";

/// What becomes of the change in the app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    NotTaken,
    Answered,
    AnswerLost,
}

const FATES: [Fate; 3] = [Fate::Answered, Fate::AnswerLost, Fate::NotTaken];

/// A job, and what stands in its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    ChangePassword,
    ChangePasswordWithTotp,
    ChangePasswordWithMailedCode,
    EnrolMfa,
    EnrolMfaWithPasswordAgain,
    /// No known credential opens the account, and a reset by mail does.
    Recover,
}

const ERRANDS: [Errand; 6] = [
    Errand::ChangePassword,
    Errand::EnrolMfa,
    Errand::ChangePasswordWithTotp,
    Errand::ChangePasswordWithMailedCode,
    Errand::EnrolMfaWithPasswordAgain,
    Errand::Recover,
];

impl Errand {
    fn kind(self) -> Kind {
        match self {
            Self::EnrolMfa | Self::EnrolMfaWithPasswordAgain => Kind::EnrolMfa,
            Self::Recover => Kind::Reconcile,
            _ => Kind::ChangePassword,
        }
    }
}

#[derive(Clone, Debug)]
struct Case {
    errand: Errand,
    fate: Fate,
    point: String,
    /// Killed there once more, if its successor comes by.
    again: Option<&'static str>,
}

/// An app, a home and an account, and a job that waits for a worker.
struct Scene {
    app: Acme,
    home: Home,
    vault: Vault,
    account: AccountRef,
    job: Uuid,
}

impl Scene {
    async fn set(errand: Errand, fate: Fate, source: &str) -> Self {
        let totp = TotpShape { period: 6, ..TotpShape::default() };
        let app = Acme::start(Options { totp, lockout: WINDOW, ..Options::default() }).await.unwrap();
        let mut home = Home::new(&app, source);
        home.inbox_port();
        home.listen_for_mail(&app);
        let vault = home.vault().await;
        let account: AccountRef = "acme/alice".parse().unwrap();
        let mut user = NewUser::new("alice", FIRST_PASSWORD).email(ADDRESS);
        let mut new = NewAccount {
            account: account.clone(),
            username: "alice".to_owned(),
            address: Some(ADDRESS.to_owned()),
            number: None,
            password: Some(SecretString::from(FIRST_PASSWORD)),
            totp: None,
        };
        match errand {
            Errand::ChangePassword | Errand::EnrolMfa => {}
            Errand::ChangePasswordWithTotp => {
                user = user.totp(SECRET);
                new.totp = Some(format!("otpauth://totp/Acme:alice?secret={SECRET}&period=6").into());
            }
            Errand::ChangePasswordWithMailedCode => user = user.code_login(),
            Errand::Recover => user.password = "Somebody-Elses-1".to_owned(),
            Errand::EnrolMfaWithPasswordAgain => {
                app.set_user_switches("alice", Some(Switches { reauth: true, ..Switches::default() }));
            }
        }
        app.add_user(user).unwrap();
        vault.add_account(&new).await.unwrap();
        match fate {
            Fate::Answered => {}
            Fate::NotTaken => app.fail_next_change("alice", ChangeFault::CutBefore),
            Fate::AnswerLost => app.fail_next_change("alice", ChangeFault::CutAfter),
        }
        let job = Job::new(errand.kind(), account.clone());
        vault.store().submit(&job, None).await.unwrap();
        Self { app, home, vault, account, job: job.id }
    }

    /// Lets a worker work until nothing is left to do, or it dies. `true` if it was killed.
    async fn work(&self, environment: &[(&str, &str)]) -> Result<bool, String> {
        let mut worker = self.home.worker(environment);
        let queue = EmbeddedQueue::new(self.vault.store().clone());
        let idle = async {
            queue.ended(self.job).await.unwrap();
            while let Some(owed) = queue.open_reconciliation(&self.account).await.unwrap() {
                queue.ended(owed.job.id).await.unwrap();
            }
        };
        let killed = tokio::select! {
            status = worker.wait() => status.unwrap().signal() == Some(9),
            () = idle => {
                stop(&worker);
                worker.wait().await.unwrap().signal() == Some(9)
            }
            () = tokio::time::sleep(PATIENCE) => {
                return Err(format!("the job came to no end:\n{}", self.home.words()));
            }
        };
        Ok(killed)
    }

    /// What must hold once nobody is at work any more.
    async fn holds(&self) -> Result<(), String> {
        opens(&self.vault, &self.app, &self.account).await?;
        let store = self.vault.store();
        let row = store.job(self.job).await.unwrap().unwrap();
        let user = self.app.user("alice").unwrap();
        let held = self.vault.credentials(&self.account).await.unwrap();
        let pending = [held.pending_password, held.pending_totp, held.pending_recovery_codes];
        let changes = user.password_changes + user.mfa_enrolments;
        let told = (row.outcome, changes, pending.iter().flatten().count());
        if told != (Some(Outcome::Succeeded), 1, 0) {
            return Err(format!("{told:?} {:?}\n{}", row.code, self.home.words()));
        }
        if user.locked {
            return Err("the account is locked out".to_owned());
        }
        let query = LogQuery { account: Some(self.account.clone()), limit: 100, ..LogQuery::default() };
        let attempts = store.log(&query).await.unwrap();
        let ended = attempts.iter().filter(|row| row.job == self.job).filter(|row| {
            let verdict = row.verdict.as_ref().map(|verdict| verdict.outcome);
            !matches!(verdict, Some(Outcome::Interrupted | Outcome::Unknown | Outcome::RetryLater))
        });
        if ended.count() != 1 || attempts.iter().any(|row| row.verdict.is_none()) {
            return Err(format!("not one finished outcome: {attempts:?}"));
        }
        match store.acquire(&self.account, &WorkerId::new("test"), SOON).await.unwrap() {
            Some(lease) => store.release(&lease).await.unwrap(),
            None => return Err("a lease is left".to_owned()),
        }
        self.home.no_browser_is_left().await?;
        match self.home.profiles().as_slice() {
            [] => Ok(()),
            left => Err(format!("left: {left:?}")),
        }
    }
}

fn stop(worker: &Child) {
    if let Some(pid) = worker.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
        let _ = kill_process(pid, Signal::TERM);
    }
}

/// The points that a run comes by, in order.
async fn trace(errand: Errand, fate: Fate, source: &str) -> Result<Vec<String>, String> {
    let scene = Scene::set(errand, fate, source).await;
    let path = scene.home.path().join("trace");
    scene.work(&[("TURNLOCK_FAILPOINT_TRACE", path.to_str().unwrap())]).await?;
    scene.holds().await.map_err(|why| format!("not even without a crash: {errand:?} {fate:?}: {why}"))?;
    Ok(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect())
}

async fn survive(case: &Case, source: &str) -> Result<(), String> {
    let scene = Scene::set(case.errand, case.fate, source).await;
    let mut events = scene.app.events();
    if !scene.work(&[("TURNLOCK_FAILPOINT", &case.point)]).await? {
        return Err(format!("the point was not reached\n{}", scene.home.words()));
    }
    scene.home.no_browser_is_left().await?;
    if let Some(point) = case.again {
        scene.work(&[("TURNLOCK_FAILPOINT", point)]).await?;
    }
    scene.work(&[]).await?;
    scene.holds().await?;
    while let Ok(event) = events.try_recv() {
        if matches!(event, Event::AccountLocked { .. }) {
            return Err("the account was locked out".to_owned());
        }
    }
    Ok(())
}

/// Every errand with every fate, run without a crash.
async fn traces(source: &str) -> Vec<(Errand, Fate, Vec<String>)> {
    let runs = ERRANDS.into_iter().flat_map(|errand| FATES.map(|fate| (errand, fate)));
    let traced = stream::iter(runs).map(async |(errand, fate)| {
        let points = trace(errand, fate, source).await.unwrap_or_else(|why| panic!("{why}"));
        (errand, fate, points)
    });
    traced.buffered(AT_ONCE).collect().await
}

fn cases(traces: &[(Errand, Fate, Vec<String>)], all: bool) -> Vec<Case> {
    const AGAIN: [Option<&str>; 6] = [
        None,
        Some("ledger.promote.before"),
        None,
        Some("ledger.reject.behind"),
        Some("settle.promoted"),
        Some("worker.finished"),
    ];
    let mut cases: Vec<Case> = Vec::new();
    let mut taken = BTreeSet::new();
    // In turns, so that a sample has about as many cases of each fate.
    for nth in 0..traces.iter().map(|(.., points)| points.len()).max().unwrap_or(0) {
        let shift = nth % FATES.len();
        for start in (0..traces.len()).step_by(FATES.len()) {
            for turn in 0..FATES.len() {
                let (errand, fate, points) = &traces[start + (turn + shift) % FATES.len()];
                let Some(point) = points.get(nth) else { continue };
                let name = point.split('#').next().unwrap_or(point);
                if !all && !taken.insert((errand.kind() as u8, name.to_owned())) {
                    continue;
                }
                let again = AGAIN[cases.len() % AGAIN.len()];
                cases.push(Case { errand: *errand, fate: *fate, point: point.clone(), again });
            }
        }
    }
    cases
}

/// The traces must not have lost anything: each step of the flows that commit, and each transition of the ledger.
fn nothing_is_missing(traces: &[(Errand, Fate, Vec<String>)], source: &str) {
    let playbook = parse("acme.yaml", source, &OriginOverrides::new()).unwrap_or_else(|_| panic!());
    let seen: BTreeSet<&str> = traces
        .iter()
        .flat_map(|(.., points)| points)
        .filter_map(|point| point.split_once('#').map(|(name, _)| name))
        .collect();
    let flows = [FlowKind::Login, FlowKind::ChangePassword, FlowKind::EnrolMfa, FlowKind::Recover];
    let steps = flows.iter().flat_map(|kind| &playbook.flows.get(*kind).unwrap().steps);
    let steps = steps.map(|step| step.id.clone());
    let ledger = ["propose", "submit", "promote", "reject"]
        .iter()
        .flat_map(|name| ["before", "behind"].map(|side| format!("ledger.{name}.{side}")));
    for point in steps.chain(ledger) {
        assert!(seen.contains(point.as_str()), "no run came by {point}: {seen:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_anywhere_it_finds_its_way_back() {
    let all = std::env::var("TURNLOCK_CRASH_MATRIX").is_ok_and(|which| which == "all");
    let plan = Plan::changed(
        "acme",
        &[("lockout:", "timeouts: { step: 8s }\nlockout:"), ("window: 15m", "window: 15s")],
    );
    let traces = traces(&plan.playbook).await;
    nothing_is_missing(&traces, &plan.playbook);
    let cases = cases(&traces, all);
    let began = Instant::now();
    let results = stream::iter(cases.iter().enumerate())
        .map(async |(nth, case)| {
            let began = Instant::now();
            let survived = survive(case, &plan.playbook).await;
            let verdict = if survived.is_ok() { "" } else { "  LOST" };
            println!(
                "{:4}/{} {:5.1} s  {:?}, {:?}, {}{}{verdict}",
                nth + 1,
                cases.len(),
                began.elapsed().as_secs_f32(),
                case.errand,
                case.fate,
                case.point,
                case.again.map(|point| format!(", then {point}")).unwrap_or_default(),
            );
            survived.map_err(|why| format!("{case:?}: {why}"))
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    let failures: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    println!(
        "crash matrix: {} cases, {} accounts lost, in {} s",
        cases.len(),
        failures.len(),
        Duration::as_secs(&began.elapsed()),
    );
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}
