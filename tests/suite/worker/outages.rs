//! A worker outlives its database and its broker, however long they are away.

use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};
use turnlock::queue::rabbit::RabbitQueue;
use turnlock::store::PostgresStore;

use super::*;
use crate::harness::PATIENCE;
use crate::harness::postgres::{Server, server};
use crate::harness::rabbit::Broker;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_in_mid_job_leaves_one_outcome_with_a_broker() {
    let broker = Broker::start().await;
    let mut server = Server::start();
    let url = server.database().await;
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&url).await.unwrap());
    let may_end = watch::Sender::new(false);
    let acts = {
        let may_end = may_end.clone();
        move |_, _, _| {
            let mut may_end = may_end.subscribe();
            async move {
                may_end.wait_for(|may| *may).await.unwrap();
                ended(Code::LoggedIn)
            }
        }
    };
    // What a lost server leaves in doubt is taken up when the claim expires.
    let how = WorkerConfig { hold: Duration::from_secs(10), beat: Duration::from_secs(1), ..config() };
    let queue = RabbitQueue::consume(&broker.url().into(), &how.id, how.slots, store.clone());
    let performer = Arc::new(Acts(Box::new(boxed(acts))));
    let worker = Worker::new(store.clone(), Arc::new(queue), performer, how);
    let mut events = worker.events();
    let run = tokio::spawn(async move { worker.run(std::future::pending()).await });

    let producer = RabbitQueue::publish_only(&broker.url().into(), store.clone());
    for crash in [false, true] {
        may_end.send_replace(false);
        let (running, late) = match crash {
            false => (job("acme/a"), job("acme/b")),
            true => (job("acme/c"), job("acme/d")),
        };
        producer.submit(&running, None).await.unwrap();
        let begun = async {
            while !matches!(events.recv().await.unwrap(), Event::AttemptStarted { job, .. } if job.id == running.id)
            {
            }
        };
        timeout(PATIENCE, begun).await.expect("the job begins");
        if crash {
            server.kill();
        } else {
            server.stop();
        }
        // Its outcome is to be written while nobody is there to write it, and the next one is brought.
        may_end.send_replace(true);
        producer.submit(&late, None).await.unwrap();
        server.start_again();
        for job in [running, late] {
            let row = ended_somehow(&store, &job).await;
            assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::LoggedIn)), "{row:?}");
            let log = store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap();
            let ends = log.iter().map(|attempt| attempt.verdict.as_ref().expect("each attempt ends"));
            assert_eq!(ends.filter(|end| end.outcome == Outcome::Succeeded).count(), 1, "{log:?}");
        }
    }
    run.abort();
}

/// An attempt whose beginning a crash of the server has undone cannot be ended: its job is done again when the claim has
/// expired, and its slot is free until then.
#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_cannot_be_seen_through_costs_no_slot() {
    let (broker, server) = (Broker::start().await, server());
    let url = server.database().await;
    let store: Arc<dyn Store> = Arc::new(PostgresStore::open(&url).await.unwrap());
    let may_end = watch::Sender::new(false);
    let acts = {
        let may_end = may_end.clone();
        move |_, _, _| {
            let mut may_end = may_end.subscribe();
            async move {
                may_end.wait_for(|may| *may).await.unwrap();
                ended(Code::LoggedIn)
            }
        }
    };
    let (hold, beat) = (Duration::from_secs(10), Duration::from_secs(1));
    let how = WorkerConfig { slots: 1, hold, beat, ..config() };
    let queue = RabbitQueue::consume(&broker.url().into(), &how.id, how.slots, store.clone());
    let performer = Arc::new(Acts(Box::new(boxed(acts))));
    let worker = Worker::new(store.clone(), Arc::new(queue), performer, how);
    let mut events = worker.events();
    let run = tokio::spawn(async move { worker.run(std::future::pending()).await });
    let producer = RabbitQueue::publish_only(&broker.url().into(), store.clone());
    let (forgotten, late) = (job("acme/a"), job("acme/b"));
    producer.submit(&forgotten, None).await.unwrap();
    let begun = async { while !matches!(events.recv().await.unwrap(), Event::AttemptStarted { .. }) {} };
    timeout(PATIENCE, begun).await.expect("the job begins");

    let mut crash = PgConnection::connect(&url).await.unwrap();
    crash
        .execute(
            "ALTER TABLE attempts_under_way DISABLE TRIGGER USER; DELETE FROM attempts_under_way;
             ALTER TABLE attempts_under_way ENABLE TRIGGER USER",
        )
        .await
        .unwrap();
    producer.submit(&late, None).await.unwrap();
    may_end.send_replace(true);
    for job in [late, forgotten] {
        let row = ended_somehow(&store, &job).await;
        assert_eq!((row.state, row.code), (JobState::Finished, Some(Code::LoggedIn)), "{row:?}");
    }
    run.abort();
}

/// Looks for the end of a job in spite of calls that fail.
async fn ended_somehow(store: &Arc<dyn Store>, job: &Job) -> JobRow {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Ok(Some(row)) = store.job(job.id).await
            && row.has_ended()
        {
            return row;
        }
        assert!(Instant::now() < until, "no end of {}", job.account);
        sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(feature = "failpoints")]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tries_until_its_database_is_back_and_ends_when_it_is_told() {
    use acme::{Acme, NewUser, Options};
    use rustix::process::{Pid, Signal, kill_process};

    use crate::harness::home::Home;
    use crate::harness::rig::{FIRST_PASSWORD, acme_playbook};

    let app = Acme::start(Options::default()).await.unwrap();
    let mut server = Server::start();
    let mut home = Home::new(&app, &acme_playbook());
    home.keep_rows_in(server.database().await);
    let vault = home.vault().await;
    app.add_user(NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let new = NewAccount {
        account: "acme/alice".parse().unwrap(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(FIRST_PASSWORD.into()),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    let says = async |words: &str, times: usize| {
        let until = Instant::now() + PATIENCE;
        while home.words().matches(words).count() < times {
            assert!(Instant::now() < until, "{times} times {words:?} never was:\n{}", home.words());
            sleep(Duration::from_millis(50)).await;
        }
    };
    let mut worker = home.worker(&[("TURNLOCK_LOG", "turnlock=debug")]);
    says("ready for jobs", 1).await;
    server.stop();
    says("still no job can be taken", 3).await;
    let words = home.words();
    let told = words.lines().filter(|line| line.contains(" WARN ") && line.contains("no job can be taken"));
    assert_eq!(told.count(), 1, "it is told at first, and then now and then:\n{words}");
    server.start_again();
    says("over: no job can be taken", 1).await;
    let job = job("acme/alice");
    vault.store().submit(&job, None).await.unwrap();
    assert_eq!(ended_somehow(vault.store(), &job).await.code, Some(Code::LoggedIn));

    server.stop();
    says("no job can be taken; it is tried again", 2).await;
    let pid = Pid::from_raw(worker.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let ended = timeout(PATIENCE, worker.wait()).await.expect("it ends though nobody answers").unwrap();
    assert_eq!(ended.code(), Some(0), "{}", home.words());
    home.no_browser_is_left().await.unwrap();
}
