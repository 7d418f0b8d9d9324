//! What every store must do, as one suite over `Arc<dyn Store>`; and what only one of them can get wrong.

mod access;
mod accounts;
mod budget;
mod canaries;
mod delivered;
mod fleet;
mod gates;
mod job_list;
mod jobs;
mod leases;
mod ledger;
mod log;
mod log_speed;
mod messages;
mod months;
mod overview;
mod postgres;
mod questions;
mod server;
mod speed;
mod sqlite;
mod summaries;
mod webhooks;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sqlx::{Connection, Executor, SqliteConnection};
use turnlock::job::{AccountRef, BreakerPolicy, Code, Job, Kind, Outcome, Priority, Verdict};
use turnlock::store::{
    AccountEntry, AccountQuery, AppGate, AppLimits, AppRow, AttemptRow, AuditOutcome, AuditQuery, Beat,
    Begun, Breaker, Cancelling, Candidate, CandidateKind, CandidateState, Claim, Claiming, CodesLeft,
    Delivered, DeliveryDepths, Disproof, Duty, Ending, Entry, Fence, JobQuery, JobState, Left, Limit,
    LogQuery, NewAttempt, NewAudit, NewCanary, NewCandidate, NewDelivery, NewQuestion, NewToken, NewTry,
    Next, NotRequeued, Provenance, QuestionState, Refusal, Requeueing, Role, Scope, SqliteStore, Step,
    StepResult, Store, StoreError, Submitted, Subscription, Taking, Transition, TryResult, Visit, Waits, Why,
    WorkerId, WorkerRow,
};
use uuid::Uuid;

const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn sqlite_conforms() {
    let folder = tempfile::tempdir().unwrap();
    conform(turnlock::store::open(&format!("sqlite:{}", file(&folder).display())).await.unwrap()).await;
}

/// Everything that holds for every store. Each part uses accounts of its own.
async fn conform(store: Arc<dyn Store>) {
    accounts::accounts(&store).await;
    ledger::the_ledger(&store).await;
    ledger::the_machine(&store).await;
    ledger::retention(&store).await;
    ledger::reconciliations(&store).await;
    ledger::racing_proposals(&store).await;
    ledger::a_write_that_nobody_polls(&store).await;
    budget::totp_steps(&store).await;
    budget::the_budget(&store).await;
    canaries::marks_of_apps(&store).await;
    access::tokens_and_sessions(&store).await;
    access::the_audit(&store).await;
    access::shares(&store).await;
    summaries::accounts_by_page(&store).await;
    summaries::what_is_known_of_an_account(&store).await;
    summaries::who_wants_a_human(&store).await;
    summaries::what_calls_a_person(&store).await;
    webhooks::messages_are_written_once(&store).await;
    webhooks::messages_are_one_process_s_at_a_time(&store).await;
    webhooks::messages_that_nobody_delivers(&store).await;
    leases::leases(&store).await;
    leases::fences(&store).await;
    leases::an_expired_lease(&store).await;
    jobs::jobs_in_order(&store).await;
    jobs::one_account_one_job(&store).await;
    jobs::racing_claims(&store).await;
    jobs::retries_and_endings(&store).await;
    jobs::cancelling(&store).await;
    jobs::cancelling_ahead(&store).await;
    jobs::racing_cancellations(&store).await;
    jobs::recovery(&store).await;
    jobs::priorities(&store).await;
    jobs::offers(&store).await;
    jobs::requeueing(&store).await;
    job_list::jobs_by_page(&store).await;
    delivered::jobs_that_are_delivered(&store).await;
    delivered::ends_that_are_announced(&store).await;
    gates::places(&store).await;
    gates::the_window(&store).await;
    gates::the_breaker(&store).await;
    gates::held_back_and_called_up(&store).await;
    gates::passed_over(&store).await;
    gates::racing_enters([store.clone(), store.clone()]).await;
    log::the_log(&store).await;
    questions::asked_and_answered_once(&store).await;
    questions::nobody_waits_any_more(&store).await;
    questions::in_vain(&store).await;
    questions::patience(&store).await;
    overview::at_a_glance(&store).await;
    fleet::signs_of_life(&store).await;
    fleet::what_is_wanted(&store).await;
    messages::one_message_one_request(&store).await;
    messages::one_address_one_request(&store).await;
    messages::a_shared_address_is_quiet_first(&store).await;
    messages::racing_for_a_message(&store).await;
    messages::old_messages(&store).await;
    messages::news_of_messages(&store).await;
    messages::marks_of_mailboxes(&store).await;
    messages::turns_at_a_source(&store).await;
    accounts::removal(&store).await;
}

fn file(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("turnlock.db")
}

async fn open(folder: &tempfile::TempDir) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(file(folder)).await.unwrap())
}

async fn raw(path: &Path) -> SqliteConnection {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).create_if_missing(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

fn account(name: &str) -> AccountRef {
    name.parse().unwrap()
}

fn job(name: &str) -> Job {
    Job::new(Kind::VerifyLogin, account(name))
}

fn candidate(account: &AccountRef, kind: CandidateKind, version: u32) -> NewCandidate {
    let sealed = vec![u8::try_from(version).unwrap(); 60];
    NewCandidate {
        id: Uuid::now_v7(),
        account: account.clone(),
        kind,
        version,
        sealed,
        job: None,
        codes: None,
    }
}

/// Adds an account with a password.
async fn add(store: &Arc<dyn Store>, name: &str) -> AccountRef {
    let account = account(name);
    let entry = AccountEntry {
        account: account.clone(),
        username: account.name().to_owned(),
        address: None,
        number: None,
    };
    store.put_account(&entry, &[candidate(&account, CandidateKind::Password, 1)]).await.unwrap();
    account
}

async fn states(store: &Arc<dyn Store>, account: &AccountRef) -> Vec<CandidateState> {
    store.candidates(account).await.unwrap().iter().map(|row: &Candidate| row.state).collect()
}

fn beginning(account: &AccountRef, job: Uuid) -> NewAttempt {
    NewAttempt {
        id: Uuid::now_v7(),
        job,
        kind: Kind::VerifyLogin,
        account: account.clone(),
        number: 1,
        worker: WorkerId::new("w"),
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    }
}

async fn start(store: &Arc<dyn Store>, account: &AccountRef, job: Uuid) -> Uuid {
    let new = beginning(account, job);
    store.start_attempt(&new, None).await.unwrap();
    new.id
}

/// A worker claims a job and begins its first attempt.
async fn begin(store: &Arc<dyn Store>, account: &AccountRef, worker: &WorkerId) -> (Claim, Uuid) {
    let job = Job::new(Kind::ChangePassword, account.clone());
    store.submit(&job, None).await.unwrap();
    let claim = store.claim_next(worker, LONG).await.unwrap().unwrap();
    assert_eq!(claim.job.id, job.id);
    let attempt = start(store, account, job.id).await;
    (claim, attempt)
}

/// An attempt at the claimed job ends like this.
async fn end(
    store: &Arc<dyn Store>,
    claim: &Claim,
    verdict: Verdict,
    next: Next,
) -> Result<AttemptRow, StoreError> {
    let new = beginning(&claim.job.account, claim.job.id);
    store.start_attempt(&new, None).await.unwrap();
    let provenance = Provenance::default();
    let ending = Ending { attempt: new.id, verdict, provenance, next };
    store.end(claim, &ending).await
}

async fn finish(store: &Arc<dyn Store>, claim: &Claim, code: Code) {
    end(store, claim, Verdict::new(code, ""), Next::Ended).await.unwrap();
}

async fn requeue(store: &Arc<dyn Store>, claim: &Claim, verdict: &Verdict, at: Timestamp, counts: bool) {
    end(store, claim, verdict.clone(), Next::Again { at, counts }).await.unwrap();
}

/// How the attempts at a job ended, by the log.
async fn logged(store: &Arc<dyn Store>, job: &Job) -> Vec<Verdict> {
    let rows = store.log(&LogQuery { job: Some(job.id), ..LogQuery::default() }).await.unwrap();
    rows.into_iter().map(|row| row.verdict.unwrap()).collect()
}

async fn ended_as(store: &Arc<dyn Store>, attempt: Uuid, outcome: Outcome, code: Code) {
    let verdict = store.attempt(attempt).await.unwrap().unwrap().verdict.unwrap();
    assert_eq!((verdict.outcome, verdict.code), (outcome, code));
}

fn claim_lost<T: std::fmt::Debug>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::ClaimLost(_) | StoreError::LeaseLost(_))), "{result:?}");
}

fn illegal(result: Result<(), StoreError>, id: Uuid, from: CandidateState) {
    match result {
        Err(StoreError::IllegalTransition { candidate, from: was, .. }) => {
            assert_eq!((candidate, was), (id, from));
        }
        other => panic!("{other:?}"),
    }
}

fn new_try(name: &str) -> NewTry {
    NewTry {
        account: account(name),
        job: Uuid::now_v7(),
        flow: "login",
        within: LONG,
        password: None,
        totp: None,
    }
}

fn never() -> Disproof {
    Disproof::NeverSubmitted { opened: "current password".to_owned() }
}
