//! A job waits for a person, takes a code, and goes on in the same browser session.

mod decisions;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use acme::{Approval, NewUser, Switches};
use reqwest::{Client, StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::store::{AttemptRow, NewToken, QuestionState, Scope, StepResult, Store, TryResult};
use turnlock::web::{Options, Secret, Server};
use turnlock::worker::{Worker, WorkerConfig};
use uuid::Uuid;

use crate::harness::SOON;
use crate::harness::rig::{FIRST_PASSWORD, Plan, Rig, assert_ended};

const SEED: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
/// Longer than any test takes to answer.
const LONG: Duration = Duration::from_secs(90);

/// Everything, and a server beside it.
struct Stand {
    rig: Arc<Rig>,
    url: String,
    token: Secret,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Stand {
    async fn start(rig: Rig) -> Self {
        let store = Arc::clone(rig.vault.store());
        let options = Options {
            listen: ([127, 0, 0, 1], 0).into(),
            tls: None,
            behind_proxy: false,
            artifacts: rig.folder().join("artifacts"),
            apps: Vec::new(),
            reveal: None,
            stream: Duration::from_secs(1),
            tracer: turnlock::traces::Tracer::default(),
            is_dead: turnlock::worker::identity::is_dead,
        };
        let server = Server::bind(options, Arc::clone(&store), rig.queue.clone()).await.unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(async move { server.run(stopped).await.unwrap() });
        let token = Secret::new().unwrap();
        let new = NewToken {
            id: Uuid::now_v7(),
            name: "helper".to_owned(),
            hash: token.hash(),
            scopes: vec![Scope::Read, Scope::Operate],
            only_shared: false,
            expires_at: None,
            created_by: None,
        };
        store.add_token(&new).await.unwrap();
        Self { rig: Arc::new(rig), url, token, stop, serving }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.serving.await.unwrap();
    }

    fn store(&self) -> &Arc<dyn Store> {
        self.rig.vault.store()
    }

    /// An account with MFA on in the app, of which the vault knows nothing.
    async fn unmanaged(&self, name: &str) -> AccountRef {
        self.rig.app.add_user(NewUser::new(name, FIRST_PASSWORD).totp(SEED)).unwrap();
        self.rig.known(name, FIRST_PASSWORD, None).await
    }

    fn run(&self, job: &Job) -> JoinHandle<AttemptRow> {
        let (rig, job) = (Arc::clone(&self.rig), job.clone());
        tokio::spawn(async move { rig.run_job(&job).await })
    }

    async fn get(&self, path: &str) -> (StatusCode, Vec<u8>) {
        let request = Client::new().get(format!("{}{path}", self.url)).bearer_auth(self.token.expose());
        let response = request.send().await.unwrap();
        (response.status(), response.bytes().await.unwrap().to_vec())
    }

    async fn answer(&self, job: Uuid, body: Value) -> (StatusCode, String) {
        let url = format!("{}/api/v1/jobs/{job}/answer", self.url);
        let request = Client::new().post(url).bearer_auth(self.token.expose()).body(body.to_string());
        let response = request.send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    }

    /// What the job asks for, once it asks for something other than that.
    async fn asked(&self, job: Uuid, other_than: Option<&Value>) -> Value {
        let asked = async {
            loop {
                let (_, job) = self.get(&format!("/api/v1/jobs/{job}")).await;
                let job: Value = serde_json::from_slice(&job).unwrap();
                let asked = job["waits_for"].clone();
                if !asked.is_null() && other_than.is_none_or(|other| asked["id"] != other["id"]) {
                    return asked;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        match tokio::time::timeout(SOON, asked).await {
            Ok(asked) => asked,
            Err(_) => {
                let (_, shown) = self.get(&format!("/api/v1/jobs/{job}")).await;
                panic!("{}: {:#?}", String::from_utf8_lossy(&shown), steps(self, job).await)
            }
        }
    }
}

fn patient(account: &AccountRef) -> Job {
    Job { wait_for_human: LONG, ..Job::new(Kind::VerifyLogin, account.clone()) }
}

/// What came of the job's tries by the account's budget.
async fn tries(stand: &Stand, job: Uuid) -> Vec<Option<TryResult>> {
    let tries = stand.store().tries(job).await.unwrap();
    tries.into_iter().map(|tried| tried.result).collect()
}

/// What the log says of the job's steps.
async fn steps(stand: &Stand, job: Uuid) -> Vec<String> {
    let attempt = stand.rig.attempts(job).await[0].id;
    let steps = stand.store().log_steps(attempt).await.unwrap();
    let line = |step: turnlock::store::Step| format!("{}: {}", step.summary, step.detail.unwrap_or_default());
    steps.into_iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_goes_on_in_its_session_with_the_code_that_a_person_gives() {
    let stand = Stand::start(Rig::start().await).await;
    let alice = stand.unmanaged("alice").await;
    let job = patient(&alice);
    let running = stand.run(&job);
    let asked = stand.asked(job.id, None).await;
    assert_eq!((&asked["wanted"], &asked["account"]), (&json!("totp"), &json!("acme/alice")));
    let (_, list) = stand.get("/api/v1/questions").await;
    assert!(String::from_utf8(list).unwrap().contains(asked["id"].as_str().unwrap()));
    for page in ["/needs-you".to_owned(), format!("/jobs/{}", job.id), "/log".to_owned()] {
        let (_, html) = stand.get(&page).await;
        let html = String::from_utf8(html).unwrap();
        assert!(html.contains("for a person") || html.contains("A job waits for you"), "{page}: {html}");
    }
    let code = stand.rig.app.totp_code("alice").unwrap();
    let (status, said) =
        stand.answer(job.id, json!({ "code": format!("{} {}", &code[..3], &code[3..]) })).await;
    assert_eq!(status, StatusCode::OK, "{said}");
    assert_ended(&running.await.unwrap(), Outcome::Succeeded, Code::LoggedIn);
    let log = steps(&stand, job.id).await;
    assert_eq!(log.iter().filter(|line| line.starts_with("open ")).count(), 1, "{log:#?}");
    let waited = "wait for a person to give a code of the account's authenticator app: given by helper";
    assert!(log.iter().any(|line| line == waited), "{log:#?}");
    assert_eq!(stand.rig.app.user("alice").unwrap().failed_attempts, 0);
    let audits = stand.store().audits(&turnlock::store::AuditQuery::default()).await.unwrap();
    let [row] = &audits[..] else { panic!("{audits:?}") };
    assert_eq!((&*row.audit.who, &*row.audit.action), ("helper", "job.answer"));
    assert!(!format!("{audits:?}{log:?}").contains(&code));

    let (status, said) = stand.answer(job.id, json!({ "code": "123456" })).await;
    assert!(status == StatusCode::CONFLICT && said.contains("helper has given it already"), "{said}");
    stand.end().await;
}

/// Its plain text is nowhere in what was written.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_code_is_asked_for_once_more_and_kept_nowhere() {
    const WRONG: &str = "Xyzzy-Plugh-51973";
    let stand = Stand::start(Rig::start().await).await;
    let bob = stand.unmanaged("bob").await;
    let job = patient(&bob);
    let running = stand.run(&job);
    let first = stand.asked(job.id, None).await;
    for (body, status, part) in [
        (json!({ "code": "" }), StatusCode::BAD_REQUEST, "no code"),
        (json!({ "code": 123_456 }), StatusCode::BAD_REQUEST, "the body is not as it should be"),
        (json!({ "code": WRONG, "colour": 1 }), StatusCode::BAD_REQUEST, "the body is not as it should be"),
        (
            json!({ "code": WRONG, "question": Uuid::now_v7() }),
            StatusCode::CONFLICT,
            "the job does not ask that; what it asks for now",
        ),
    ] {
        let (said, problem) = stand.answer(job.id, body).await;
        assert!(said == status && problem.contains(part) && !problem.contains("Xyzzy"), "{problem}");
    }
    let both = [0; 2].map(|_| stand.answer(job.id, json!({ "code": WRONG, "question": first["id"] })));
    let mut both: Vec<_> =
        futures::future::join_all(both).await.into_iter().map(|(status, _)| status).collect();
    both.sort();
    assert_eq!(both, [StatusCode::OK, StatusCode::CONFLICT], "a code is taken once");
    let again = stand.asked(job.id, Some(&first)).await;
    // It says why it asks once more.
    let why = again["refused"].as_str().unwrap();
    assert!(
        why.contains("refused the code") && why.contains("showed \"Wrong code") && first["refused"].is_null(),
        "{why}"
    );
    let (_, page) = stand.get(&format!("/jobs/{}", job.id)).await;
    assert!(String::from_utf8(page).unwrap().contains("It asks once more: the app refused the code"));
    let (status, said) = stand.answer(job.id, json!({ "code": WRONG, "question": first["id"] })).await;
    assert_eq!(status, StatusCode::CONFLICT, "the first question takes no other");
    let now = format!("(question {})", again["id"].as_str().unwrap());
    assert!(said.contains("a code is taken once; what it asks for now is") && said.contains(&now), "{said}");
    let (status, _) = stand.answer(job.id, json!({ "code": WRONG, "question": again["id"] })).await;
    assert_eq!(status, StatusCode::OK);
    assert_ended(&running.await.unwrap(), Outcome::Rejected, Code::CodeRefused);
    assert_eq!(stand.rig.app.user("bob").unwrap().failed_attempts, 2);
    let tries = stand.store().tries(job.id).await.unwrap();
    let results: Vec<_> = tries.iter().filter_map(|tried| tried.result).collect();
    assert_eq!(results, [TryResult::CodeRefused; 2], "both count against the budget");
    let mut files = 0;
    for text in [WRONG.to_owned(), WRONG.to_lowercase(), data_encoding_of(WRONG)] {
        files += scan(stand.rig.folder(), text.as_bytes());
    }
    assert!(files >= 9, "database, its log, and evidence: {files}");
    stand.end().await;
}

fn data_encoding_of(text: &str) -> String {
    text.bytes().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// How many files there are, none of which holds it.
fn scan(folder: &Path, secret: &[u8]) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += scan(&path, secret);
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        let held = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!held, "{} holds the code", path.display());
        files += 1;
    }
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_a_text_message_is_asked_for_where_there_is_no_number() {
    let stand = Stand::start(Rig::start().await).await;
    let (texts, mut sent) = mpsc::unbounded_channel();
    stand.rig.app.set_sms(Some(texts));
    stand
        .rig
        .app
        .add_user(NewUser::new("carol", FIRST_PASSWORD).number("+442079460001").text_login())
        .unwrap();
    let carol = stand.rig.known("carol", FIRST_PASSWORD, None).await;
    let job = patient(&carol);
    let running = stand.run(&job);
    let (_, text) = sent.recv().await.unwrap();
    assert_eq!(stand.asked(job.id, None).await["wanted"], "sms_code");
    let code = text.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).unwrap();
    assert_eq!(stand.answer(job.id, json!({ "code": code })).await.0, StatusCode::OK, "{text}");
    let ended = running.await.unwrap();
    assert_ended(&ended, Outcome::Succeeded, Code::LoggedIn);
    // Where a person was asked instead, nothing has failed.
    let steps = stand.store().log_steps(ended.id).await.unwrap();
    assert!(!steps.iter().any(|step| step.result == Some(StepResult::Failed)), "{steps:#?}");
    let waited = steps.iter().find(|step| step.result == Some(StepResult::Skipped)).unwrap();
    assert!(waited.detail.as_ref().unwrap().contains("a person is asked for it"), "{waited:#?}");
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_the_job_ends_and_wants_a_human() {
    let brief = ("into: { label: Sign-in code }", "into: { label: Sign-in code, timeout: 1s }");
    let never = ("from: acme.test", "from: elsewhere.test");
    let stand = Stand::start(Rig::planned(vec![Plan::changed("acme", &[brief, never])]).await).await;
    let dave = stand.unmanaged("dave").await;
    stand
        .rig
        .app
        .add_user(NewUser::new("erin", FIRST_PASSWORD).email("erin@managed.test").code_login())
        .unwrap();
    let erin = stand.rig.known("erin", FIRST_PASSWORD, Some("erin@managed.test")).await;
    for (account, code) in [(dave, Code::MfaUnmanaged), (erin, Code::CodeNotReceived)] {
        let job = Job { wait_for_human: Duration::from_secs(1), ..patient(&account) };
        let row = stand.rig.run_job(&job).await;
        assert_ended(&row, Outcome::NeedsHuman, code);
        let message = row.verdict.unwrap().message;
        assert!(message.contains("and nobody gave "), "{message}");
        let tries = stand.store().tries(job.id).await.unwrap();
        assert_eq!(tries[0].result, Some(TryResult::NotSent), "it costs nothing");
        let (status, said) = stand.answer(job.id, json!({ "code": "123456" })).await;
        assert!(status == StatusCode::CONFLICT && said.contains("it is too late"), "{said}");
        // Who does not ask for it waits for nobody.
        let row = stand.rig.run(Kind::VerifyLogin, &account).await;
        assert!(!row.verdict.unwrap().message.contains("nobody gave"));
    }
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_its_job_and_with_its_worker() {
    let stand = Stand::start(Rig::start().await).await;
    let frank = stand.unmanaged("frank").await;
    let job = patient(&frank);
    let (cancel, cancelled) = oneshot::channel::<()>();
    let running = {
        let (rig, job) = (Arc::clone(&stand.rig), job.clone());
        tokio::spawn(async move { rig.worker.run_one(&job, async { drop(cancelled.await) }).await.unwrap() })
    };
    stand.asked(job.id, None).await;
    cancel.send(()).unwrap();
    assert_ended(&running.await.unwrap(), Outcome::Interrupted, Code::Cancelled);
    let (status, said) = stand.answer(job.id, json!({ "code": "123456" })).await;
    assert!(status == StatusCode::CONFLICT && said.contains("has ended"), "{said}");

    let worker: Worker =
        stand.rig.worker_with(WorkerConfig { drain: Duration::ZERO, ..WorkerConfig::default() });
    let job = patient(&frank);
    stand.store().submit(&job, None).await.unwrap();
    let (shutdown, told) = oneshot::channel::<()>();
    let working = tokio::spawn(async move { worker.run(async { drop(told.await) }).await.unwrap() });
    stand.asked(job.id, None).await;
    shutdown.send(()).unwrap();
    working.await.unwrap();
    assert_ended(&stand.rig.attempts(job.id).await[0], Outcome::Interrupted, Code::WorkerStopped);
    let question = stand.store().question_of(job.id).await.unwrap().unwrap();
    assert_eq!(question.state, QuestionState::Withdrawn);
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_ends_with_its_browser() {
    let stand = Stand::start(Rig::start().await).await;
    let ivy = stand.unmanaged("ivy").await;
    let job = patient(&ivy);
    let running = stand.run(&job);
    stand.asked(job.id, None).await;
    stand.rig.kill_browser().await;
    assert_ended(&running.await.unwrap(), Outcome::RetryLater, Code::BrowserCrashed);
    assert_eq!(
        tries(&stand, job.id).await,
        [Some(TryResult::NotSent)],
        "the app wanted a code, and got none"
    );
    let question = stand.store().question_of(job.id).await.unwrap().unwrap();
    assert_eq!(question.state, QuestionState::Withdrawn);
    let (status, said) = stand.answer(job.id, json!({ "code": "123456" })).await;
    assert!(status == StatusCode::CONFLICT && said.contains("has ended"), "{said}");
    stand.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_on_sees_the_page_with_its_secrets_covered() {
    let stand = Stand::start(Rig::start().await).await;
    let grace = stand.unmanaged("grace").await;
    let job = patient(&grace);
    let running = stand.run(&job);
    let asked = stand.asked(job.id, None).await;
    let view = format!("/jobs/{}/view?question={}", job.id, asked["id"].as_str().unwrap());
    let pictures = async {
        let open = picture(&stand, &view, |grey| grey == 0).await;
        // What the page shows is a secret from here on.
        turnlock::redact::register(&SecretString::from("Two-factor authentication"));
        let covered = picture(&stand, &view, |grey| grey > 1000).await;
        (open, covered)
    };
    let (open, covered) = tokio::time::timeout(SOON, pictures).await.unwrap();
    assert!(open == 0 && covered > 1000);
    let (status, _) = stand.get(&view.replace(&job.id.to_string(), &Uuid::now_v7().to_string())).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "it is a picture of another job");
    let code = stand.rig.app.totp_code("grace").unwrap();
    stand.answer(job.id, json!({ "code": code })).await;
    assert_ended(&running.await.unwrap(), Outcome::Succeeded, Code::LoggedIn);
    assert_eq!(stand.get(&view).await.0, StatusCode::NO_CONTENT, "nothing is kept of it");
    stand.end().await;
}

/// The first picture whose number of pixels in the cover's colour is like that.
async fn picture(stand: &Stand, view: &str, like: impl Fn(usize) -> bool) -> usize {
    loop {
        let (status, png) = stand.get(view).await;
        if status == StatusCode::OK {
            let decoder = png::Decoder::new(std::io::Cursor::new(png));
            let mut reader = decoder.read_info().unwrap();
            let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
            let info = reader.next_frame(&mut pixels).unwrap();
            let samples = info.color_type.samples();
            let grey = pixels.chunks_exact(samples).filter(|pixel| pixel[..3] == [0x60; 3]).count();
            if like(grey) {
                return grey;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
