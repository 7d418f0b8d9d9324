//! What an app allows and whether it works, with workers that have queues of their own, as processes have.

use tokio::sync::watch;
use turnlock::job::BreakerPolicy;
use turnlock::store::{AppLimits, Breaker, Limit};

use super::*;
use crate::harness::SOON;

/// Limits of the app `acme`; others have none.
struct Limited {
    acts: Acts,
    limits: AppLimits,
}

#[async_trait::async_trait]
impl Performer for Limited {
    async fn perform(&self, attempt: &Attempt, steps: StepSink, stop: Stop) -> Performed {
        self.acts.perform(attempt, steps, stop).await
    }

    fn limits(&self, app: &str) -> AppLimits {
        if app == "acme" { self.limits } else { AppLimits::default() }
    }
}

impl Site {
    fn workers<F, R>(&self, limits: AppLimits, config: &WorkerConfig, acts: F) -> [Worker; 2]
    where
        F: Fn(Attempt) -> R + Send + Sync + Clone + 'static,
        R: Future<Output = Performed> + Send + 'static,
    {
        [(); 2].map(|()| {
            let acts = acts.clone();
            let queue: Arc<dyn Queue> = Arc::new(EmbeddedQueue::new(self.store.clone()));
            let acts = Acts(Box::new(boxed(move |attempt, _, _| acts(attempt))));
            let config = WorkerConfig { id: WorkerConfig::default().id, ..config.clone() };
            Worker::new(self.store.clone(), queue, Arc::new(Limited { acts, limits }), config)
        })
    }

    async fn submitted(&self, accounts: impl IntoIterator<Item = String>) -> Vec<Job> {
        let mut jobs = Vec::new();
        for account in accounts {
            let job = job(&account);
            self.queue.submit(&job, None).await.unwrap();
            jobs.push(job);
        }
        jobs
    }

    async fn breaker(&self) -> Breaker {
        let apps = self.store.apps().await.unwrap();
        apps.into_iter().find(|row| row.app == "acme").map_or(Breaker::Closed, |row| row.breaker)
    }

    async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        let until = tokio::time::Instant::now() + SOON;
        while !holds().await {
            assert!(tokio::time::Instant::now() < until, "{what} never was");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Lets them work until the test has seen enough.
async fn while_they_work(workers: &[Worker; 2], test: impl Future<Output = ()>) {
    let (stop, stopped) = shutdown();
    let (stop2, stopped2) = shutdown();
    let (one, two, ()) = tokio::join!(workers[0].run(stopped), workers[1].run(stopped2), async {
        test.await;
        stop.send(()).unwrap();
        stop2.send(()).unwrap();
    });
    one.unwrap();
    two.unwrap();
}

const ONE_AT_A_TIME: AppLimits = AppLimits { concurrent: Some(1), beginnings: None };

fn breaks_after(failures: u32, wait: Duration) -> WorkerConfig {
    WorkerConfig {
        slots: 4,
        breaker: BreakerPolicy { failures, first_wait: wait, longest_wait: wait },
        ..config()
    }
}

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn an_app_has_no_more_at_once_than_it_allows_and_holds_up_no_other() {
    let site = Site::new().await;
    let (busy, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    // The first of the app goes on only when a job has ended that comes behind all of its others.
    let others = watch::Sender::new(0);
    let workers = site.workers(ONE_AT_A_TIME, &WorkerConfig { slots: 4, ..config() }, {
        let (most, others) = (most.clone(), others.clone());
        move |attempt| {
            let (busy, most, others) = (busy.clone(), most.clone(), others.clone());
            async move {
                if attempt.job.account.app() == "acme" {
                    most.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    others.subscribe().wait_for(|ended| *ended == 2).await.unwrap();
                    tokio::task::yield_now().await;
                    busy.fetch_sub(1, Ordering::SeqCst);
                } else {
                    others.send_modify(|ended| *ended += 1);
                }
                ended(Code::LoggedIn)
            }
        }
    });
    let accounts =
        (0..12).map(|nth| format!("acme/a{nth}")).chain(["free/a".to_owned(), "free/b".to_owned()]);
    let jobs = site.submitted(accounts).await;
    while_they_work(&workers, async {
        for job in &jobs {
            let row = site.queue.ended(job.id).await.unwrap();
            assert_eq!(
                (row.attempts, row.tries, row.code),
                (1, 1, Some(Code::LoggedIn)),
                "waiting costs nothing"
            );
        }
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn no_more_begin_within_a_window_than_the_app_allows() {
    let site = Site::new().await;
    let window = Duration::from_millis(500);
    let limits = AppLimits { concurrent: None, beginnings: Some(Limit { most: 2, window }) };
    let workers =
        site.workers(limits, &WorkerConfig { slots: 4, ..config() }, |_| async { ended(Code::LoggedIn) });
    let before = site.store.now().await.unwrap();
    let jobs = site.submitted((0..6).map(|nth| format!("acme/a{nth}"))).await;
    while_they_work(&workers, async {
        for job in &jobs {
            assert_eq!(site.queue.ended(job.id).await.unwrap().attempts, 1);
        }
    })
    .await;
    // Two at once, two a window later, and two after another.
    let took = site.store.now().await.unwrap().duration_since(before);
    assert!(took >= jiff::SignedDuration::try_from(window * 2).unwrap(), "{took}");
}

/// Every try fails until the app works again: few are made, one after the other, and all are done in the end.
#[tokio::test]
async fn jobs_of_a_broken_app_wait_while_one_at_a_time_probes_it() {
    let site = Site::new().await;
    let works = watch::Sender::new(false);
    let (busy, most, failed) =
        (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let policy = breaks_after(3, Duration::from_millis(200));
    let policy = WorkerConfig {
        retry: RetryPolicy { attempts: 1000, first_wait: Duration::ZERO, longest_wait: Duration::ZERO },
        ..policy
    };
    let workers = site.workers(AppLimits::default(), &policy, {
        let (works, most, failed) = (works.clone(), most.clone(), failed.clone());
        move |attempt| {
            let (works, busy, most, failed) = (works.clone(), busy.clone(), most.clone(), failed.clone());
            async move {
                if attempt.job.account.app() != "acme" || *works.borrow() {
                    return ended(Code::LoggedIn);
                }
                // Up to eight may have begun before the third had failed.
                let probes = failed.load(Ordering::SeqCst) >= 8;
                let now = busy.fetch_add(1, Ordering::SeqCst) + 1;
                if probes {
                    most.fetch_max(now, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                busy.fetch_sub(1, Ordering::SeqCst);
                failed.fetch_add(1, Ordering::SeqCst);
                ended(Code::AppUnreachable)
            }
        }
    });
    let jobs = site.submitted((0..20).map(|nth| format!("acme/a{nth}"))).await;
    while_they_work(&workers, async {
        site.until("an open breaker", async || matches!(site.breaker().await, Breaker::Open { .. })).await;
        let free = site.submitted(["free/a".to_owned()]).await;
        site.queue.ended(free[0].id).await.unwrap();
        site.until("probes", async || failed.load(Ordering::SeqCst) >= 11).await;
        works.send_replace(true);
        for job in &jobs {
            assert_eq!(site.queue.ended(job.id).await.unwrap().code, Some(Code::LoggedIn));
        }
    })
    .await;
    assert_eq!(most.load(Ordering::SeqCst), 1, "one probe at a time");
    assert_eq!(site.breaker().await, Breaker::Closed);
    let log = site.store.log(&LogQuery { limit: 1000, ..LogQuery::default() }).await.unwrap();
    let told =
        |text: &str| log.iter().filter(|row| row.verdict.as_ref().unwrap().message.contains(text)).count();
    assert_eq!(told("attempts at acme in a row have failed"), 1);
    assert!(told("its breaker stays open") >= 2);
    assert_eq!(told("its breaker is closed, and its jobs go on"), 1);
}

#[tokio::test]
async fn an_open_breaker_outlasts_its_workers_and_a_person_closes_it() {
    let site = Site::new().await;
    let broken = site
        .workers(AppLimits::default(), &breaks_after(2, LONG), |_| async { ended(Code::PageNotAsDescribed) });
    // One after the other: one that has begun before the second ends would fail, too.
    for account in ["acme/a", "acme/b"] {
        let job = site.submitted([account.to_owned()]).await.remove(0);
        while_they_work(&broken, async { drop(site.queue.ended(job.id).await.unwrap()) }).await;
    }
    let waiting = site.submitted((0..3).map(|nth| format!("acme/w{nth}"))).await;
    let well =
        site.workers(AppLimits::default(), &breaks_after(2, LONG), |_| async { ended(Code::LoggedIn) });
    while_they_work(&well, async {
        let free = site.submitted(["free/a".to_owned()]).await;
        site.queue.ended(free[0].id).await.unwrap();
        for job in &waiting {
            assert_eq!(site.job(job.id).await.attempts, 0, "it waits, and no try is spent");
        }
        assert!(site.store.reset_app("acme").await.unwrap());
        for job in &waiting {
            assert_eq!(site.queue.ended(job.id).await.unwrap().attempts, 1);
        }
    })
    .await;
}

/// What a person runs need not wait until it is time for a probe, and is one.
#[tokio::test]
async fn a_persons_job_probes_at_once() {
    let site = Site::new().await;
    let works = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let [worker, other] = site.workers(AppLimits::default(), &breaks_after(1, LONG), {
        let works = works.clone();
        move |_| {
            let works = works.load(Ordering::SeqCst);
            async move { ended(if works { Code::LoggedIn } else { Code::AppError }) }
        }
    });
    let never = || std::future::pending::<()>();
    let message = |row: AttemptRow| row.verdict.unwrap().message;
    let first = worker.run_one(&job("acme/a"), never()).await.unwrap();
    assert!(message(first).contains("1 attempts at acme in a row have failed like this"));
    let waiting = site.submitted(["acme/w".to_owned()]).await.remove(0);
    let second = worker.run_one(&job("acme/a"), never()).await.unwrap();
    assert!(message(second).contains("its breaker stays open"));
    works.store(true, Ordering::SeqCst);
    let third = worker.run_one(&job("acme/b"), never()).await.unwrap();
    assert!(message(third).contains("its breaker is closed"));
    let row = site.run_until(&other, waiting.id).await;
    assert_eq!((row.attempts, row.code), (1, Some(Code::LoggedIn)));
}

#[tokio::test]
async fn a_persons_job_waits_for_a_place_and_is_told() {
    let site = Site::new().await;
    let begun = Arc::new(Notify::new());
    let go_on = Arc::new(Notify::new());
    let [worker, other] = site.workers(ONE_AT_A_TIME, &config(), {
        let (begun, go_on) = (begun.clone(), go_on.clone());
        move |attempt| {
            let (begun, go_on) = (begun.clone(), go_on.clone());
            async move {
                if attempt.job.account.name() == "first" {
                    begun.notify_one();
                    go_on.notified().await;
                }
                ended(Code::LoggedIn)
            }
        }
    });
    let never = || std::future::pending::<()>();
    let (first, second) = (job("acme/first"), job("acme/second"));
    let mut events = worker.events();
    let waits = async {
        begun.notified().await;
        let (row, ()) = tokio::join!(worker.run_one(&second, never()), async {
            let Event::OnHold { job, refusal } = events.recv().await.unwrap() else { panic!("it is told") };
            assert_eq!(job, second.id);
            assert!(refusal.to_string().starts_with("One attempt at acme is under way"), "{refusal}");
            let in_vain = Job { deadline: Duration::from_millis(1), ..super::job("acme/third") };
            let row = worker.run_one(&in_vain, never()).await.unwrap();
            let verdict = row.verdict.unwrap();
            assert_eq!((verdict.outcome, verdict.code), (Outcome::RetryLater, Code::AppOnHold));
            assert_eq!(site.job(in_vain.id).await.state, JobState::Cancelled);
            go_on.notify_one();
        });
        row.unwrap()
    };
    let (one, two) = tokio::join!(other.run_one(&first, never()), waits);
    assert_eq!(one.unwrap().verdict.unwrap().code, Code::LoggedIn);
    assert_eq!(two.verdict.unwrap().code, Code::LoggedIn);
    assert_eq!(site.job(second.id).await.attempts, 1);

    // While it waits it can be cancelled.
    let hold = site.submitted(["acme/first".to_owned()]).await.remove(0);
    let (stop, stopped) = shutdown();
    let cancelled = job("acme/second");
    let mut events = worker.events();
    let ((), ended) = tokio::join!(
        async {
            begun.notified().await;
            let told = async { while !matches!(events.recv().await.unwrap(), Event::OnHold { .. }) {} };
            let row = worker.run_one(&cancelled, told).await.unwrap();
            assert_eq!(row.verdict.unwrap().code, Code::Cancelled);
            go_on.notify_one();
            site.queue.ended(hold.id).await.unwrap();
            stop.send(()).unwrap();
        },
        other.run(stopped)
    );
    ended.unwrap();
    assert_eq!(site.job(cancelled.id).await.state, JobState::Cancelled);
}

/// It is owed as long as it waits: it costs none of its tries, and the account's other jobs wait for it.
#[tokio::test]
async fn an_owed_reconciliation_waits_for_a_broken_app() {
    let site = Site::new().await;
    let vault = site.vault_with("acme/alice").await;
    let account: AccountRef = "acme/alice".parse().unwrap();
    let lease = site.store.acquire(&account, &"gone".into_worker(), LONG).await.unwrap().unwrap();
    let under = vault.under(&lease);
    let job_id = Uuid::now_v7();
    let new = SecretString::from("the next password");
    let candidate = under.propose(&account, CandidateKind::Password, &new, job_id).await.unwrap();
    under.mark_submitted(candidate).await.unwrap();
    site.store.release(&lease).await.unwrap();

    let reconciled = Arc::new(AtomicU32::new(0));
    let workers = site.workers(AppLimits::default(), &breaks_after(1, LONG), {
        let (vault, reconciled) = (vault.clone(), reconciled.clone());
        move |attempt| {
            let (vault, reconciled) = (vault.under(&attempt.lease), reconciled.clone());
            async move {
                if attempt.job.account.name() == "breaks" {
                    return ended(Code::AppUnreachable);
                }
                if attempt.job.kind == Kind::Reconcile {
                    reconciled.fetch_add(1, Ordering::SeqCst);
                    vault.promote(candidate).await.unwrap();
                    return ended(Code::Reconciled);
                }
                assert_eq!(reconciled.load(Ordering::SeqCst), 1, "first things first");
                ended(Code::LoggedIn)
            }
        }
    });
    workers[0].run_one(&job("acme/breaks"), std::future::pending()).await.unwrap();
    let owed = site.store.reconciliation_of(candidate).await.unwrap().expect("it is owed").job;
    let other = site.submitted(["acme/alice".to_owned()]).await.remove(0);
    while_they_work(&workers, async {
        let free = site.submitted(["free/a".to_owned()]).await;
        site.queue.ended(free[0].id).await.unwrap();
        let row = site.job(owed.id).await;
        assert_eq!((row.state, row.attempts, row.tries), (JobState::Queued, 0, 0));
        site.store.reset_app("acme").await.unwrap();
        let row = site.queue.ended(owed.id).await.unwrap();
        assert_eq!((row.attempts, row.code), (1, Some(Code::Reconciled)));
        assert_eq!(site.queue.ended(other.id).await.unwrap().code, Some(Code::LoggedIn));
    })
    .await;
}

/// Whoever runs a job here and now wants to know what opens the account now, and not when the queue would find out; and
/// learns what is in the way.
#[tokio::test]
async fn a_reconciliation_that_was_put_off_is_made_when_somebody_runs_a_job() {
    let site = Site::new().await;
    let vault = site.vault_with("acme/alice").await;
    let account: AccountRef = "acme/alice".parse().unwrap();
    let lease = site.store.acquire(&account, &"gone".into_worker(), LONG).await.unwrap().unwrap();
    let under = vault.under(&lease);
    let new = SecretString::from("the next password");
    let candidate = under.propose(&account, CandidateKind::Password, &new, Uuid::now_v7()).await.unwrap();
    under.mark_submitted(candidate).await.unwrap();
    site.store.release(&lease).await.unwrap();

    let tries = Arc::new(AtomicU32::new(0));
    let retry = RetryPolicy { attempts: 9, first_wait: LONG, longest_wait: LONG };
    let config = WorkerConfig { retry, ..breaks_after(9, LONG) };
    let workers = site.workers(AppLimits::default(), &config, {
        let (vault, tries) = (vault.clone(), tries.clone());
        move |attempt| {
            let (vault, tries) = (vault.under(&attempt.lease), tries.clone());
            async move {
                if attempt.job.kind != Kind::Reconcile {
                    return ended(Code::LoggedIn);
                }
                if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                    return ended(Code::AppError);
                }
                vault.promote(candidate).await.unwrap();
                ended(Code::Reconciled)
            }
        }
    });
    let brief = Job { deadline: Duration::from_secs(2), ..job("acme/alice") };
    let row = workers[0].run_one(&brief, std::future::pending()).await.unwrap();
    let verdict = row.verdict.unwrap();
    assert_eq!(verdict.code, Code::AccountBusy);
    let owed = site.store.reconciliation_of(candidate).await.unwrap().expect("it is owed").job;
    for said in [&*owed.id.to_string(), "turnlock run reconcile --account acme/alice", "in doubt"] {
        assert!(verdict.message.contains(said), "{}", verdict.message);
    }
    assert_eq!(tries.load(Ordering::SeqCst), 1, "it is not tried again and again");

    let brief = Job { deadline: Duration::from_secs(2), ..job("acme/alice") };
    let row = workers[0].run_one(&brief, std::future::pending()).await.unwrap();
    assert_eq!(row.verdict.unwrap().code, Code::LoggedIn);
    assert_eq!(site.job(owed.id).await.code, Some(Code::Reconciled));
}
