//! A worker that is killed, and the next one.

use super::*;

/// The job of a worker that was killed is taken up at once by the next worker of the same machine: the dead
/// one's claim would hold for an hour.
#[tokio::test]
async fn the_job_of_a_killed_worker_is_taken_up_at_once() {
    let site = Site::new().await;
    let job = job("acme/alice");
    site.queue.submit(&job, None).await.unwrap();
    let mut doomed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "suite::worker::killed::doomed_worker", "--ignored", "--nocapture"])
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
    assert_eq!(first.verdict.as_ref().unwrap().code, Code::WorkerDied);
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
