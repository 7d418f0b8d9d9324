//! How PostgreSQL's server is reached, and lost.

use std::time::Instant;

use turnlock::store::PostgresStore;

use super::postgres::raw;
use super::*;
use crate::harness::SOON;
use crate::harness::postgres::{Server, server};

#[tokio::test]
async fn a_server_that_was_restarted_is_found_again() {
    let mut server = Server::start();
    let url = server.database().await;
    let store = turnlock::store::open(&url).await.unwrap();
    let owner = add(&store, "restart/a").await;
    let (claim, attempt) = begin(&store, &owner, &WorkerId::new("w")).await;
    let lease = claim.lease.clone();
    let new = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&new, Some(&lease.fence())).await.unwrap();

    store.jobs_changed().await;
    server.stop();
    let began = Instant::now();
    let refused = store.promote(new.id, Some(&lease.fence())).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unreachable(_)), "{refused}");
    assert!(matches!(store.candidates(&owner).await, Err(StoreError::Unreachable(_))));
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    server.start_again();
    store.promote(new.id, Some(&lease.fence())).await.unwrap();
    assert_eq!(states(&store, &owner).await, [CandidateState::Current, CandidateState::Previous]);

    // And one that crashed: what was said to be durable is.
    server.kill();
    server.start_again();
    assert_eq!(states(&store, &owner).await, [CandidateState::Current, CandidateState::Previous]);
    let verdict = Verdict::new(Code::PasswordChanged, "");
    store.end_attempt(attempt, &verdict, &Provenance::default(), Some(&lease.fence())).await.unwrap();
    finish(&store, &claim, Code::PasswordChanged).await;
    server.kill();
    server.start_again();
    tokio::time::timeout(SOON, store.jobs_changed()).await.expect("it listens again");
    ended_as(&store, attempt, Outcome::Succeeded, Code::PasswordChanged).await;
    assert_eq!(store.job(claim.job.id).await.unwrap().unwrap().state, JobState::Finished);
}

#[tokio::test]
async fn the_databases_of_others_and_of_newer_versions_are_left_alone() {
    let url = server().database().await;
    let mut other = raw(&url).await;
    other.execute("CREATE TABLE photos (id int)").await.unwrap();
    let refused = turnlock::store::open(&url).await.err().unwrap();
    assert!(matches!(&refused, StoreError::ForeignSchema { schema } if schema == "public"), "{refused}");
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(tables, 1, "nothing was left in it");

    let url = server().database().await;
    PostgresStore::open(&url).await.unwrap().close().await;
    raw(&url).await.execute("UPDATE turnlock_schema SET version = 4000").await.unwrap();
    let refused = turnlock::store::open(&url).await.err().unwrap();
    assert!(matches!(refused, StoreError::TooNew { found: 4000, .. }), "{refused}");
}

#[tokio::test]
async fn what_is_wrong_with_a_url_is_said_and_its_password_is_not() {
    let server = server();
    let said = async |url: String| turnlock::store::open(&url).await.err().unwrap().to_string();
    for url in [
        "postgres://turnlock:hunter2@127.0.0.1:1/turnlock".to_owned(),
        "postgres://turnlock:hunter2@host:port/turnlock".to_owned(),
        "postgres://turnlock@127.0.0.1/turnlock?pasword=hunter2".to_owned(),
        "postgres://turnlock@127.0.0.1/turnlock?password=hunter2&sslmode=hunter2".to_owned(),
        "postgres://turnlock:hunter2@127.0.0.1/".to_owned(),
        server.url("nowhere").replace("turnlock@", "turnlock:hunter2@"),
        server.url("postgres").replace("turnlock@", "nobody:hunter2@"),
    ] {
        let said = said(url.clone()).await;
        assert!(!said.contains("hunter2"), "{url}: {said}");
    }
    assert!(said(server.url("nowhere")).await.contains("database \"nowhere\" does not exist"));
    assert!(said("postgres://u:p@127.0.0.1:1/db".to_owned()).await.contains("cannot be reached"));
    let database = server.database().await;
    let name = database.rsplit_once('/').unwrap().1;
    turnlock::store::open(&server.socket_url(name)).await.unwrap();
}

#[tokio::test]
async fn the_server_is_known_by_its_certificate() {
    let server = Server::start();
    let url = server.database().await.replace("127.0.0.1", "localhost");
    let authority = server.offer_tls().await;
    let known = format!("{url}?sslmode=verify-full&sslrootcert={}", authority.display());
    let store = PostgresStore::open(&known).await.unwrap();
    let mut raw = raw(&url.replace("localhost", "127.0.0.1")).await;
    let encrypted: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)
         WHERE application_name = 'turnlock' AND ssl",
    )
    .fetch_one(&mut raw)
    .await
    .unwrap();
    assert!(encrypted >= 1);
    store.close().await;
    // By the system's authorities it is nobody, and by another name neither.
    for url in [format!("{url}?sslmode=verify-full"), known.replace("localhost", "127.0.0.1")] {
        let refused = PostgresStore::open(&url).await.err().unwrap();
        assert!(
            matches!(&refused, StoreError::Unreachable(why) if why.contains("invalid peer certificate")),
            "{refused}"
        );
    }
}
