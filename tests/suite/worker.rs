//! Promise 4 (one account, one job at a time) and promise 5 (every job ends in exactly one outcome), with
//! real workers on a real database. Only what an attempt consists of is the tests' own.

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use secrecy::SecretString;
use tokio::sync::{Barrier, Notify, oneshot};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome, RetryPolicy, Verdict};
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::store::{
    AttemptRow, CandidateKind, JobRow, JobState, LogQuery, SqliteStore, StepResult, Store, Submitted,
};
use turnlock::vault::{MasterKey, NewAccount, Vault};
use turnlock::worker::{
    Attempt, Event, Performed, Performer, StepSink, Stop, StopReason, Worker, WorkerConfig, WorkerError,
};
use uuid::Uuid;

#[tokio::test]
async fn a_job_is_seen_through() {
    let site = Site::new().await;
    let worker = site.worker(|_, steps, _| async move {
        steps.begin("login.1", "open /login").ok();
        steps.begin("login.2", "fill Username").skipped("it was filled already");
        steps.begin("login.3", "click Sign in").failed("no such button");
        drop(steps.begin("login.4", "left open"));
        ended(Code::PageNotAsDescribed)
    });
    let mut events = worker.events();
    let job = job("acme/alice");
    assert_eq!(site.queue.submit(&job, None).await.unwrap(), Submitted::New);
    let row = site.run_until(&worker, job.id).await;
    assert_eq!((row.state, row.attempts, row.code), (JobState::Finished, 1, Some(Code::PageNotAsDescribed)));

    let [attempt] = &site.attempts(job.id).await[..] else { panic!("exactly one attempt") };
    assert_eq!((attempt.number, &attempt.worker), (1, worker.id()));
    assert!(attempt.ended_at.is_some() && attempt.user_action.is_some());
    let steps = site.store.log_steps(attempt.id).await.unwrap();
    let results: Vec<_> = steps.iter().map(|step| (step.id.as_str(), step.result.unwrap())).collect();
    let expected = [
        ("login.1", StepResult::Ok),
        ("login.2", StepResult::Skipped),
        ("login.3", StepResult::Failed),
        ("login.4", StepResult::Interrupted),
    ];
    assert_eq!(results, expected);
    assert_eq!(steps[2].detail.as_deref(), Some("no such button"));

    // Those who watch saw it begin, each step begin and end, and it end.
    let mut seen = Vec::new();
    while let Ok(event) = events.try_recv() {
        seen.push(match event {
            Event::AttemptStarted { .. } => "started",
            Event::Step { step, .. } if step.result.is_none() => "step",
            Event::Step { .. } => "stepped",
            Event::AttemptEnded { again_at: None, .. } => "ended",
            Event::AttemptEnded { .. } => "again",
        });
    }
    let four = ["step", "stepped"].repeat(4);
    assert_eq!(seen, [&["started"][..], &four, &["ended"]].concat());
}

#[tokio::test]
async fn jobs_of_one_account_never_overlap() {
    let site = Site::new().await;
    let busy: Arc<Mutex<HashMap<AccountRef, usize>>> = Arc::default();
    let performed = Arc::new(AtomicU32::new(0));
    let jobs: Vec<Job> = (0..40).map(|number| job(&format!("acme/a{}", number % 5))).collect();
    // The first two, of different accounts, end only together: so they do run at once.
    let (together, paired) = (Arc::new(Barrier::new(2)), [jobs[0].id, jobs[1].id]);
    let acts = {
        let (busy, performed) = (busy.clone(), performed.clone());
        move |attempt: Attempt, steps: StepSink, _| {
            let (busy, performed, together) = (busy.clone(), performed.clone(), together.clone());
            async move {
                let account = attempt.job.account;
                {
                    let mut busy = busy.lock().unwrap();
                    let mine = busy.entry(account.clone()).or_default();
                    *mine += 1;
                    assert_eq!(*mine, 1, "two attempts on {account} at once");
                }
                if paired.contains(&attempt.job.id) {
                    together.wait().await;
                }
                for _ in 0..5 {
                    steps.begin("login.1", "work").ok();
                    tokio::task::yield_now().await;
                }
                *busy.lock().unwrap().get_mut(&account).unwrap() -= 1;
                performed.fetch_add(1, Ordering::SeqCst);
                ended(Code::LoggedIn)
            }
        }
    };
    // Two workers with queues of their own, as two processes would have.
    let workers = [(); 2].map(|()| {
        let queue: Arc<dyn Queue> = Arc::new(EmbeddedQueue::new(site.store.clone()));
        let performer = Arc::new(Acts(Box::new(boxed(acts.clone()))));
        Worker::new(site.store.clone(), queue, performer, WorkerConfig { slots: 4, ..config() })
    });
    for job in &jobs {
        // Twice: the same id is the same job.
        assert_eq!(site.queue.submit(job, None).await.unwrap(), Submitted::New);
        assert_eq!(site.queue.submit(job, None).await.unwrap(), Submitted::Already);
    }
    let all = futures::future::join_all(jobs.iter().map(|job| site.queue.ended(job.id)));
    let (stop, stopped) = shutdown();
    let (stop2, stopped2) = shutdown();
    let (first, second, ()) = tokio::join!(workers[0].run(stopped), workers[1].run(stopped2), async {
        for row in all.await {
            assert_eq!(row.unwrap().code, Some(Code::LoggedIn));
        }
        stop.send(()).unwrap();
        stop2.send(()).unwrap();
    });
    first.unwrap();
    second.unwrap();
    assert_eq!(performed.load(Ordering::SeqCst), 40, "each job once");
    assert_eq!(site.store.log(&LogQuery { limit: 100, ..LogQuery::default() }).await.unwrap().len(), 40);
}

#[tokio::test]
async fn what_may_pass_is_tried_again_until_the_attempts_are_used_up() {
    let site = Site::new().await;
    let worker = site.worker(|_, _, _| async { ended(Code::AppError) });
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let row = site.run_until(&worker, job.id).await;
    assert_eq!((row.attempts, row.tries, row.outcome), (3, 3, Some(Outcome::RetryLater)));
    let numbers: Vec<_> = site.attempts(job.id).await.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [3, 2, 1]);
}

#[tokio::test]
async fn a_lost_answer_is_followed_at_once_by_an_attempt_that_can_reconcile() {
    let site = Site::new().await;
    let worker = site.worker(|attempt, _, _| async move {
        ended(if attempt.number == 1 { Code::AnswerLost } else { Code::PasswordChanged })
    });
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let row = site.run_until(&worker, job.id).await;
    assert_eq!((row.attempts, row.code), (2, Some(Code::PasswordChanged)));
}

#[tokio::test]
async fn a_panic_ends_the_attempt_and_not_the_worker() {
    let site = Site::new().await;
    let worker = site.worker(|attempt, steps, _| async move {
        if attempt.job.account.name() == "bad" && attempt.number == 1 {
            let _open = steps.begin("login.1", "about to fail");
            panic!("hunter2");
        }
        ended(Code::LoggedIn)
    });
    let (bad, good) = (job("acme/bad"), job("acme/good"));
    site.queue.submit(&bad, None).await.unwrap();
    site.queue.submit(&good, None).await.unwrap();
    let rows = site.run_until_all(&worker, &[bad.id, good.id]).await;
    assert!(rows.iter().all(|row| row.code == Some(Code::LoggedIn)));
    let first = site.attempts(bad.id).await.pop().unwrap();
    let verdict = first.verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.code), (Outcome::RetryLater, Code::BrowserCrashed));
    assert!(!verdict.message.contains("hunter2"), "a panic's words may hold a secret");
    let steps = site.store.log_steps(first.id).await.unwrap();
    assert_eq!(steps[0].result, Some(StepResult::Interrupted));
}

#[tokio::test]
async fn cut_off_behind_the_commit_step_is_unknown() {
    let site = Site::new().await;
    let vault = site.vault_with("acme/alice").await;
    let worker = site.worker({
        let vault = vault.clone();
        move |attempt, _, _| {
            let vault = vault.under(&attempt.lease);
            async move {
                if attempt.number > 1 {
                    return ended(Code::PasswordChanged);
                }
                let (account, job) = (&attempt.job.account, attempt.job.id);
                let new = SecretString::from("the next password");
                let id = vault.propose(account, CandidateKind::Password, &new, job).await.unwrap();
                vault.mark_submitted(id).await.unwrap();
                panic!("between commit step and answer");
            }
        }
    });
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    site.run_until(&worker, job.id).await;
    let first = site.attempts(job.id).await.pop().unwrap().verdict.unwrap();
    assert_eq!((first.outcome, first.code), (Outcome::Unknown, Code::AnswerLost));
    let pending = vault.credentials(&job.account).await.unwrap().pending_password.unwrap();
    assert!(pending.submitted() && pending.job == Some(job.id));
}

#[tokio::test]
async fn a_deadline_ends_an_attempt_that_listens_and_one_that_does_not() {
    let site = Site::new().await;
    let worker = site.worker(|attempt, _, stop| async move {
        match attempt.job.account.name() {
            "listens" => Performed::new(stop.wait().await.verdict()),
            _ => std::future::pending().await,
        }
    });
    let mut jobs = [job("acme/listens"), job("acme/deaf")];
    for job in &mut jobs {
        job.deadline = Duration::from_millis(20);
        site.queue.submit(job, None).await.unwrap();
    }
    for row in site.run_until_all(&worker, &jobs.each_ref().map(|job| job.id)).await {
        assert_eq!(row.code, Some(Code::DeadlineExceeded));
        assert_eq!(row.tries, 3, "it is tried again");
    }
}

#[tokio::test]
async fn a_drain_lets_running_jobs_end_and_takes_no_more() {
    let site = Site::new().await;
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let worker = site.worker({
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |_, _, _| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                begun.notify_one();
                go_on.notified().await;
                ended(Code::LoggedIn)
            }
        }
    });
    let (running, waiting) = (job("acme/alice"), job("acme/alice"));
    site.queue.submit(&running, None).await.unwrap();
    site.queue.submit(&waiting, None).await.unwrap();
    let (stop, stopped) = shutdown();
    let (result, ()) = tokio::join!(worker.run(stopped), async {
        begun.notified().await;
        stop.send(()).unwrap();
        go_on.notify_one();
    });
    result.unwrap();
    assert_eq!(site.job(running.id).await.code, Some(Code::LoggedIn));
    let left = site.job(waiting.id).await;
    assert_eq!((left.state, left.attempts), (JobState::Queued, 0));
}

#[tokio::test]
async fn a_drain_that_takes_too_long_stops_what_runs_and_costs_no_try() {
    let site = Site::new().await;
    let begun = Arc::new(Notify::new());
    let performer = {
        let begun = begun.clone();
        move |attempt: Attempt, _, stop: Stop| {
            let begun = begun.clone();
            async move {
                begun.notify_one();
                match attempt.job.account.name() {
                    "listens" => Performed::new(stop.wait().await.verdict()),
                    _ => std::future::pending().await,
                }
            }
        }
    };
    let worker = site.worker_with(WorkerConfig { drain: Duration::ZERO, ..config() }, performer);
    let jobs = [job("acme/listens"), job("acme/deaf")];
    for job in &jobs {
        site.queue.submit(job, None).await.unwrap();
    }
    let (stop, stopped) = shutdown();
    let (result, ()) = tokio::join!(worker.run(stopped), async {
        begun.notified().await;
        begun.notified().await;
        stop.send(()).unwrap();
    });
    result.unwrap();
    for job in jobs {
        let row = site.job(job.id).await;
        assert_eq!((row.state, row.attempts, row.tries), (JobState::Queued, 1, 0));
        let verdict = site.attempts(job.id).await[0].verdict.clone().unwrap();
        assert_eq!((verdict.outcome, verdict.code), (Outcome::Interrupted, Code::WorkerStopped));
        assert!(site.store.acquire(&job.account, worker.id(), config().hold).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_running_job_is_cancelled_at_its_next_safe_point() {
    let site = Site::new().await;
    let begun = Arc::new(Notify::new());
    let performer = {
        let begun = begun.clone();
        move |_, _, stop: Stop| {
            begun.notify_one();
            async move { Performed::new(stop.wait().await.verdict()) }
        }
    };
    let quick = WorkerConfig { beat: Duration::from_millis(20), ..config() };
    let worker = site.worker_with(quick, performer);
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let (row, ()) = tokio::join!(site.run_until(&worker, job.id), async {
        begun.notified().await;
        site.queue.cancel(job.id).await.unwrap();
    });
    assert_eq!((row.state, row.code), (JobState::Cancelled, Some(Code::Cancelled)));
}

#[tokio::test]
async fn a_worker_that_lost_the_account_stops_and_writes_no_more() {
    let site = Site::new().await;
    let vault = site.vault_with("acme/alice").await;
    let (begun, told) = (Arc::new(Notify::new()), Arc::new(Mutex::new(None)));
    let performer = {
        let (vault, begun, told) = (vault.clone(), begun.clone(), told.clone());
        move |attempt: Attempt, _, stop: Stop| {
            let (vault, begun, told) = (vault.under(&attempt.lease), begun.clone(), told.clone());
            async move {
                begun.notify_one();
                let reason = stop.wait().await;
                let new = SecretString::from("too late");
                let written =
                    vault.propose(&attempt.job.account, CandidateKind::Password, &new, attempt.job.id).await;
                *told.lock().unwrap() = Some((reason, written.is_err()));
                Performed::new(reason.verdict())
            }
        }
    };
    let quick = WorkerConfig { beat: Duration::from_millis(20), ..config() };
    let worker = site.worker_with(quick, performer);
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let (stop, stopped) = shutdown();
    let (result, ()) = tokio::join!(worker.run(stopped), async {
        begun.notified().await;
        // Another worker takes it for dead, and takes over.
        let me = worker.id().clone();
        assert_eq!(site.store.recover(&|id| *id == me).await.unwrap(), [job.id]);
        site.store.acquire(&job.account, &"next".into_worker(), config().hold).await.unwrap().unwrap();
        stop.send(()).unwrap();
    });
    result.unwrap();
    assert_eq!(*told.lock().unwrap(), Some((StopReason::LeaseLost, true)));
    let row = site.job(job.id).await;
    assert_eq!((row.state, row.attempts), (JobState::Queued, 1), "it is the other worker's now");
    assert_eq!(site.attempts(job.id).await.len(), 1);
}

#[tokio::test]
async fn secrets_are_masked_in_the_automation_log() {
    let site = Site::new().await;
    site.vault_with("acme/alice").await;
    let worker = site.worker(|_, steps, _| async move {
        steps.begin("login.1", format!("fill {PASSWORD}")).failed(format!("saw {PASSWORD}"));
        Performed::new(Verdict::new(Code::BadCredentials, format!("not {PASSWORD}")))
    });
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    site.run_until(&worker, job.id).await;
    let attempt = site.attempts(job.id).await.pop().unwrap();
    let steps = site.store.log_steps(attempt.id).await.unwrap();
    let said = format!("{attempt:?} {steps:?}");
    assert!(said.contains("fill ") && !said.contains(PASSWORD), "{said}");
}

#[tokio::test]
async fn one_job_here_and_now() {
    let site = Site::new().await;
    let worker = site.worker(|attempt, _, _| async move {
        ended(match (attempt.job.kind, attempt.number) {
            (Kind::ChangePassword, 1) => Code::AnswerLost,
            (Kind::ChangePassword, _) => Code::PasswordChanged,
            (Kind::Reconcile, _) => Code::AppUnreachable,
            _ => Code::LoggedIn,
        })
    });
    let code = |row: AttemptRow| row.verdict.unwrap().code;
    let never = || std::future::pending::<()>();
    let verify = job("acme/alice");
    assert_eq!(code(worker.run_one(&verify, never()).await.unwrap()), Code::LoggedIn);
    let again = worker.run_one(&verify, never()).await;
    assert!(matches!(again, Err(WorkerError::NotQueued(id)) if id == verify.id));

    let change = Job { kind: Kind::ChangePassword, ..job("acme/alice") };
    assert_eq!(code(worker.run_one(&change, never()).await.unwrap()), Code::PasswordChanged);
    let unreachable = Job { kind: Kind::Reconcile, ..job("acme/alice") };
    assert_eq!(code(worker.run_one(&unreachable, never()).await.unwrap()), Code::AppUnreachable);
    assert_eq!(site.job(unreachable.id).await.state, JobState::Finished, "nobody waits for another try");
}

#[tokio::test]
async fn one_job_waits_for_its_account_but_not_for_ever() {
    let site = Site::new().await;
    let worker = site.worker(|_, _, _| async { ended(Code::LoggedIn) });
    let hold = async || {
        let account = "acme/alice".parse().unwrap();
        site.store.acquire(&account, &"other".into_worker(), config().hold).await.unwrap().unwrap()
    };
    let lease = hold().await;
    let waits = job("acme/alice");
    let (row, ()) = tokio::join!(worker.run_one(&waits, std::future::pending()), async {
        site.store.release(&lease).await.unwrap();
    });
    assert_eq!(row.unwrap().verdict.unwrap().code, Code::LoggedIn);

    hold().await;
    let gives_up = Job { deadline: Duration::from_millis(1), ..job("acme/alice") };
    let row = worker.run_one(&gives_up, std::future::pending()).await.unwrap();
    assert_eq!(row.verdict.unwrap().code, Code::AccountBusy);
    assert_eq!(site.job(gives_up.id).await.state, JobState::Cancelled);

    let cancelled = job("acme/alice");
    let row = worker.run_one(&cancelled, std::future::ready(())).await.unwrap();
    assert_eq!(row.verdict.unwrap().code, Code::Cancelled);
}

#[tokio::test]
async fn one_job_is_cancelled_while_it_runs() {
    let site = Site::new().await;
    let begun = Arc::new(Notify::new());
    let worker = site.worker({
        let begun = begun.clone();
        move |_, _, stop: Stop| {
            begun.notify_one();
            async move { Performed::new(stop.wait().await.verdict()) }
        }
    });
    let job = job("acme/alice");
    let row = worker.run_one(&job, begun.notified()).await.unwrap();
    assert_eq!(row.verdict.unwrap().code, Code::Cancelled);
    assert_eq!(site.job(job.id).await.state, JobState::Cancelled);
}

/// The job of a worker that was killed is taken up at once by the next worker of the same machine: the dead
/// one's claim would hold for an hour.
#[tokio::test]
async fn the_job_of_a_killed_worker_is_taken_up_at_once() {
    let site = Site::new().await;
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let mut doomed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "suite::worker::doomed_worker", "--ignored", "--nocapture"])
        .env(DOOMED, site.database())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !site.begun().exists() {
        assert!(doomed.try_wait().unwrap().is_none(), "it was to work until it is killed");
        tokio::task::yield_now().await;
    }
    let row = site.job(job.id).await;
    assert_eq!((row.state, row.attempts), (JobState::Running, 1));
    let worker = site.worker(|_, _, _| async { ended(Code::LoggedIn) });
    assert_eq!(worker.recover().await.unwrap(), Vec::<Uuid>::new(), "it lives");

    doomed.kill().unwrap();
    doomed.wait().unwrap();
    let row = site.run_until(&worker, job.id).await;
    assert_eq!((row.attempts, row.tries, row.code), (2, 1, Some(Code::LoggedIn)));
    let [second, first] = &site.attempts(job.id).await[..] else { panic!("two attempts") };
    assert_eq!(first.verdict.as_ref().unwrap().code, Code::WorkerStopped);
    assert_eq!(second.verdict.as_ref().unwrap().code, Code::LoggedIn);
    let steps = site.store.log_steps(first.id).await.unwrap();
    assert_eq!(steps[0].result, Some(StepResult::Ok));
}

/// Where the doomed worker finds its database.
const DOOMED: &str = "TURNLOCK_TEST_DOOMED_DATABASE";

#[tokio::test]
#[ignore = "a process of its own, started and killed by the test above"]
async fn doomed_worker() {
    let Some(database) = std::env::var_os(DOOMED).map(PathBuf::from) else { return };
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&database).await.unwrap());
    let queue: Arc<dyn Queue> = Arc::new(EmbeddedQueue::new(store.clone()));
    let performer = {
        let store = store.clone();
        move |attempt: Attempt, steps: StepSink, _| {
            let (store, begun) = (store.clone(), database.with_extension("begun"));
            async move {
                steps.begin("login.1", "open /login").ok();
                // What was logged so far must survive.
                while store
                    .log_steps(attempt.id)
                    .await
                    .unwrap()
                    .first()
                    .is_none_or(|step| step.result.is_none())
                {
                    tokio::task::yield_now().await;
                }
                std::fs::write(begun, "").unwrap();
                std::future::pending().await
            }
        }
    };
    let hold = WorkerConfig { hold: Duration::from_secs(3600), ..config() };
    let worker = Worker::new(store, queue, Arc::new(Acts(Box::new(boxed(performer)))), hold);
    worker.run(std::future::pending()).await.unwrap();
}

// Helpers.

const PASSWORD: &str = "a-password-of-the-worker-tests";

struct Site {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    queue: Arc<dyn Queue>,
}

impl Site {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap());
        let queue = Arc::new(EmbeddedQueue::new(store.clone()));
        Self { folder, store, queue }
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("turnlock.db")
    }

    fn begun(&self) -> PathBuf {
        self.database().with_extension("begun")
    }

    async fn vault_with(&self, account: &str) -> Vault {
        let vault = Vault::open(self.store.clone(), MasterKey::generate().unwrap()).await.unwrap();
        let new = NewAccount {
            account: account.parse().unwrap(),
            username: "someone".to_owned(),
            address: None,
            password: Some(PASSWORD.into()),
            totp: None,
        };
        vault.add_account(&new).await.unwrap();
        vault
    }

    fn worker<F, R>(&self, acts: F) -> Worker
    where
        F: Fn(Attempt, StepSink, Stop) -> R + Send + Sync + 'static,
        R: Future<Output = Performed> + Send + 'static,
    {
        self.worker_with(config(), acts)
    }

    fn worker_with<F, R>(&self, config: WorkerConfig, acts: F) -> Worker
    where
        F: Fn(Attempt, StepSink, Stop) -> R + Send + Sync + 'static,
        R: Future<Output = Performed> + Send + 'static,
    {
        let performer = Arc::new(Acts(Box::new(boxed(acts))));
        Worker::new(self.store.clone(), self.queue.clone(), performer, config)
    }

    async fn run_until(&self, worker: &Worker, job: Uuid) -> JobRow {
        self.run_until_all(worker, &[job]).await.remove(0)
    }

    /// Lets the worker work until these jobs have ended.
    async fn run_until_all(&self, worker: &Worker, jobs: &[Uuid]) -> Vec<JobRow> {
        let (stop, stopped) = shutdown();
        let (result, rows) = tokio::join!(worker.run(stopped), async {
            let rows = futures::future::join_all(jobs.iter().map(|id| self.queue.ended(*id))).await;
            stop.send(()).unwrap();
            rows
        });
        result.unwrap();
        rows.into_iter().map(Result::unwrap).collect()
    }

    async fn job(&self, id: Uuid) -> JobRow {
        self.store.job(id).await.unwrap().unwrap()
    }

    /// The attempts at a job, newest first.
    async fn attempts(&self, job: Uuid) -> Vec<AttemptRow> {
        self.store.log(&LogQuery { job: Some(job), ..LogQuery::default() }).await.unwrap()
    }
}

/// Waits are short, holds are long: nothing in a test hangs on an expiry but what is about it.
fn config() -> WorkerConfig {
    WorkerConfig {
        retry: RetryPolicy { attempts: 3, first_wait: Duration::ZERO, longest_wait: Duration::ZERO },
        hold: Duration::from_secs(600),
        beat: Duration::from_secs(60),
        grace: Duration::from_millis(200),
        ..WorkerConfig::default()
    }
}

fn job(account: &str) -> Job {
    Job::new(Kind::VerifyLogin, account.parse().unwrap())
}

fn ended(code: Code) -> Performed {
    Performed::new(Verdict::new(code, "as the test says"))
}

fn shutdown() -> (oneshot::Sender<()>, impl Future<Output = ()>) {
    let (sender, receiver) = oneshot::channel();
    (sender, async move { receiver.await.unwrap() })
}

type Act = dyn Fn(Attempt, StepSink, Stop) -> Pin<Box<dyn Future<Output = Performed> + Send>> + Send + Sync;

/// A performer from a function.
struct Acts(Box<Act>);

#[async_trait::async_trait]
impl Performer for Acts {
    async fn perform(&self, attempt: &Attempt, steps: StepSink, stop: Stop) -> Performed {
        (self.0)(attempt.clone(), steps, stop).await
    }
}

fn boxed<F, R>(
    acts: F,
) -> impl Fn(Attempt, StepSink, Stop) -> Pin<Box<dyn Future<Output = Performed> + Send>> + Send + Sync
where
    F: Fn(Attempt, StepSink, Stop) -> R + Send + Sync,
    R: Future<Output = Performed> + Send + 'static,
{
    move |attempt, steps, stop| Box::pin(acts(attempt, steps, stop))
}

trait IntoWorker {
    fn into_worker(self) -> turnlock::store::WorkerId;
}

impl IntoWorker for &str {
    fn into_worker(self) -> turnlock::store::WorkerId {
        turnlock::store::WorkerId::new(self)
    }
}
