//! What only the SQLite store can get wrong.

use super::*;

#[tokio::test]
async fn the_file_is_private_and_so_are_its_companions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/turnlock.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    add(&store, "acme/alice").await;
    let mut seen = 0;
    for entry in std::fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
        seen += 1;
    }
    assert!(seen >= 2, "the write-ahead log was looked at too");
}

#[tokio::test]
async fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(file(&folder)).await.unwrap();
    let job = job("acme/alice");
    turnlock::store::Jobs::submit(&store, &job, None).await.unwrap();
    store.close().await;
    let again = open(&folder).await;
    assert_eq!(again.job(job.id).await.unwrap().unwrap().state, JobState::Queued);
}

#[tokio::test]
async fn two_that_start_at_once_do_not_get_in_each_others_way() {
    let folder = tempfile::tempdir().unwrap();
    let opened = (0..8).map(|_| {
        let path = file(&folder);
        tokio::spawn(async move { SqliteStore::open(path).await.map(|_| ()) })
    });
    for result in futures::future::join_all(opened).await {
        result.unwrap().unwrap();
    }
}

#[tokio::test]
async fn two_processes_share_the_places_in_an_app() {
    let folder = tempfile::tempdir().unwrap();
    gates::racing_enters([open(&folder).await, open(&folder).await]).await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = "dear diary, ".repeat(100);
    std::fs::write(file(&folder), &text).unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::NotADatabase { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(file(&folder)).unwrap(), text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was left beside it");
}

#[tokio::test]
async fn the_database_of_another_program_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut other = raw(&file(&folder)).await;
    other.execute("CREATE TABLE photos (id INTEGER)").await.unwrap();
    other.close().await.unwrap();
    let before = std::fs::read(file(&folder)).unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::NotOurs { .. }), "{refused}");
    assert_eq!(std::fs::read(file(&folder)).unwrap(), before);
}

#[tokio::test]
async fn a_newer_database_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    SqliteStore::open(file(&folder)).await.unwrap().close().await;
    raw(&file(&folder)).await.execute("PRAGMA user_version = 4000").await.unwrap();
    let refused = SqliteStore::open(file(&folder)).await.err().unwrap();
    assert!(matches!(refused, StoreError::TooNew { found: 4000, .. }), "{refused}");
}

#[tokio::test]
async fn a_folder_and_a_wrong_url_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = SqliteStore::open(folder.path()).await.err().unwrap();
    assert!(matches!(&refused, StoreError::CannotOpen { path, .. } if path == folder.path()), "{refused}");
    let refused = turnlock::store::open("mysql://root:hunter2@host/db").await.err().unwrap().to_string();
    assert!(refused.contains("mysql://") && !refused.contains("hunter2"), "{refused}");
    assert!(matches!(turnlock::store::open("sqlite:").await, Err(StoreError::BadUrl(_))));
}

#[tokio::test]
async fn a_writer_waits_for_another_process() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let mut other = raw(&file(&folder)).await;
    other.execute("BEGIN IMMEDIATE").await.unwrap();
    let waiting = {
        let store = store.clone();
        tokio::spawn(async move { store.submit(&job("acme/alice"), None).await })
    };
    // Readers are not held up meanwhile.
    assert_eq!(store.accounts(None).await.unwrap(), []);
    assert!(!waiting.is_finished());
    other.execute("COMMIT").await.unwrap();
    assert_eq!(waiting.await.unwrap().unwrap(), Submitted::New);
}

/// The promises hold for whoever opens the file, not only for this program.
#[tokio::test]
async fn the_database_itself_guards_ledger_and_log() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let owner = add(&store, "acme/alice").await;
    let (claim, attempt) = begin(&store, &owner, &WorkerId::new("w")).await;
    let new = candidate(&owner, CandidateKind::Password, 2);
    store.propose(&new, None).await.unwrap();
    store.reject(new.id, &never(), None).await.unwrap();
    store
        .end_attempt(attempt, &Verdict::new(Code::LoggedIn, ""), &Provenance::default(), None)
        .await
        .unwrap();
    finish(&store, &claim, Code::LoggedIn).await;

    let mut vandal = raw(&file(&folder)).await;
    vandal.execute("UPDATE accounts SET mfa_note = 'what is not guarded can be written'").await.unwrap();
    for sql in [
        "UPDATE candidates SET state = 'current' WHERE state = 'rejected'",
        "UPDATE candidates SET state = 'pending' WHERE state = 'current'",
        "UPDATE candidates SET state = 'rejected' WHERE state = 'current'",
        "UPDATE candidates SET sealed = x'00'",
        "UPDATE candidates SET account = 'acme/bob'",
        "DELETE FROM candidates",
        "UPDATE automation_log SET message = 'all is well'",
        "UPDATE automation_log SET outcome = NULL",
        "DELETE FROM automation_log",
        "INSERT INTO automation_step (attempt, seq, step, summary, started_at)
         SELECT id, 1, 'login.1', '', 0 FROM automation_log",
    ] {
        assert!(vandal.execute(sql).await.is_err(), "{sql}");
    }
}

// Helpers.

#[tokio::test]
async fn a_worker_notices_a_newer_schema() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    raw(&file(&folder)).await.execute("PRAGMA user_version = 99").await.unwrap();
    fleet::a_newer_schema(&store).await;
}

/// Where one mark stood for all servers, those who ask first go on from there.
#[tokio::test]
async fn what_was_told_before_each_server_had_a_mark_is_not_told_anew() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await;
    let insert = "INSERT INTO webhook_cursors (endpoint, event, changed) VALUES ('', '', 7)";
    raw(&file(&folder)).await.execute(insert).await.unwrap();
    let of =
        |endpoint: &str| Subscription { endpoint: endpoint.to_owned(), event: "job.finished".to_owned() };
    assert_eq!(store.webhook_cursors(&[of("one"), of("two")]).await.unwrap(), [7; 2]);
    let end = store.log_cursor().await.unwrap();
    assert_eq!(store.webhook_cursors(&[of("one"), of("three")]).await.unwrap(), [7, end]);
}
