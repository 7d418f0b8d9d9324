//! One job, here and now, as `turnlock run` does it.

use super::*;

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
