//! Promise 4 (one account, one job at a time) and promise 5 (every job ends in exactly one outcome), with
//! real workers on a real database. Only what an attempt consists of is the tests' own.

mod brought;
mod evidence;
mod gates;
mod here_and_now;
mod hopeless;
mod killed;
mod outages;
#[cfg(feature = "failpoints")]
mod processes;
mod starts;
mod stops;

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
            Event::OnHold { .. } => "on hold",
            Event::Asked { .. } => "asked",
            Event::BreakerOpened { .. } => "broken",
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
            number: None,
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
