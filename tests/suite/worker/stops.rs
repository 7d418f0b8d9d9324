//! Deadlines, drains, cancellations and lost leases: an attempt stops at its next safe point.

use turnlock::store::Duty;

use super::*;
use crate::harness::fleet::until;

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
        // It is not to work once it has ended, which is what a worker waits for that was drained.
        let ends = async || {
            let rows = site.store.workers().await.unwrap();
            rows.first().is_some_and(|row| (row.duty, row.wanted) == (Duty::Draining, Duty::Draining))
        };
        until("the worker to say that it ends", ends).await;
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
        site.queue.cancel(job.id, &StopReason::Cancelled.verdict()).await.unwrap();
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
    // With a slot left it would take the job again at once.
    let quick = WorkerConfig { beat: Duration::from_millis(20), slots: 1, ..config() };
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
