//! The automation log in a browser, and the API: a real server, real HTTP, a real browser.

mod access;
mod addresses;
mod api;
mod away;
mod evidence;
mod filters;
mod hostile;
mod live;
mod looks;
mod measures;
mod metrics;
mod once;
mod pages;
mod question;
mod roles;
mod tabs;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Client, Response, StatusCode, redirect};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use turnlock::job::{AccountRef, Code, Job, Kind, Verdict};
use turnlock::playbook::Quote;
use turnlock::queue::{EmbeddedQueue, Queue};
use turnlock::reveal::Reveal;
use turnlock::store::{
    AccountEntry, Claim, Ending, NewAttempt, NewToken, Next, Provenance, Scope, SqliteStore, Step,
    StepResult, Store, WorkerId,
};
use turnlock::vault::{MasterKey, Vault};
use turnlock::web::{AppInfo, Options, Secret, Server};
use uuid::Uuid;

/// The pages that there are whatever happened.
const PAGES: [&str; 6] = ["/log", "/jobs", "/needs-you", "/apps", "/accounts", "/fleet"];

const LONG: Duration = Duration::from_secs(600);

/// A server with a store of its own.
struct Web {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
    /// The vault that it shows, if it has one.
    vault: Option<Vault>,
    url: String,
    stop: watch::Sender<bool>,
    serving: JoinHandle<()>,
}

impl Web {
    async fn start() -> Self {
        Self::start_with(None).await
    }

    /// The same, with a vault that is sealed by this key.
    async fn start_with(key: Option<MasterKey>) -> Self {
        Self::start_streaming(key, Duration::from_secs(1)).await
    }

    /// Streams go on for so long before who watches has to ask again.
    async fn start_streaming(key: Option<MasterKey>, stream: Duration) -> Self {
        Self::start_on(key, stream, |store| Arc::new(EmbeddedQueue::new(store))).await
    }

    /// Jobs go into that queue.
    async fn start_on(
        key: Option<MasterKey>,
        stream: Duration,
        queue: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Queue>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder.path().join("turnlock.db")).await.unwrap());
        std::fs::create_dir(folder.path().join("artifacts")).unwrap();
        let queue = queue(Arc::clone(&store));
        let vault = match key {
            Some(key) => Some(Vault::open(Arc::clone(&store), key).await.unwrap()),
            None => None,
        };
        let reveal = vault.clone().map(Reveal::new);
        let options = Options { reveal, stream, ..options(folder.path()) };
        let server = Server::bind(options, Arc::clone(&store), queue).await.unwrap();
        let url = format!("http://{}", server.local_addr().unwrap());
        let (stop, stopped) = watch::channel(false);
        let serving = tokio::spawn(async move { server.run(stopped).await.unwrap() });
        Self { folder, store, vault, url, stop, serving }
    }

    async fn end(self) {
        self.stop.send_replace(true);
        self.serving.await.unwrap();
    }

    /// A token with these scopes.
    async fn token(&self, scopes: &[Scope]) -> Secret {
        self.named(&format!("t{}", Uuid::now_v7()), scopes, false).await
    }

    /// One that is called so, and may be good for accounts that are shared with it only.
    async fn named(&self, name: &str, scopes: &[Scope], only_shared: bool) -> Secret {
        let secret = Secret::new().unwrap();
        let new = NewToken {
            id: Uuid::now_v7(),
            name: name.to_owned(),
            hash: secret.hash(),
            scopes: scopes.to_vec(),
            only_shared,
            expires_at: None,
            created_by: None,
        };
        self.store.add_token(&new).await.unwrap();
        secret
    }

    /// A browser's client that is signed in with such a token.
    async fn signed_in(&self, scopes: &[Scope]) -> Client {
        self.signed_in_with(&self.token(scopes).await).await
    }

    async fn signed_in_with(&self, token: &Secret) -> Client {
        let client = client();
        let form = [("token", token.expose()), ("next", "/log")];
        let response = client.post(self.at("/login")).form(&form).send().await.unwrap();
        assert_eq!((response.status(), location(&response)), (StatusCode::SEE_OTHER, "/log"));
        client
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn artifacts(&self) -> std::path::PathBuf {
        self.folder.path().join("artifacts")
    }

    async fn account(&self, name: &str, username: &str) -> AccountRef {
        let account: AccountRef = name.parse().unwrap();
        let entry = AccountEntry {
            account: account.clone(),
            username: username.to_owned(),
            address: None,
            number: None,
        };
        self.store.put_account(&entry, &[]).await.unwrap();
        account
    }

    /// A job of this account that a worker has begun.
    async fn begun(&self, account: &AccountRef) -> Begun {
        let job = Job::new(Kind::VerifyLogin, account.clone());
        self.store.submit(&job, None).await.unwrap();
        let claim = self.store.claim_next(&WorkerId::new("w"), LONG).await.unwrap().unwrap();
        self.attempt_of(claim).await
    }

    /// An attempt of the job that a worker has claimed.
    async fn attempt_of(&self, claim: Claim) -> Begun {
        let job = claim.job.clone();
        let attempt = NewAttempt {
            id: Uuid::now_v7(),
            job: job.id,
            kind: job.kind,
            account: job.account,
            number: 1,
            worker: WorkerId::new("w"),
            queued_at: Timestamp::now(),
            started_at: Timestamp::now(),
        };
        self.store.start_attempt(&attempt, None).await.unwrap();
        Begun { claim, attempt: attempt.id, job: job.id }
    }

    async fn step(&self, begun: &Begun, seq: u32, summary: &str, result: Option<StepResult>) {
        let step = Step {
            seq,
            id: format!("login.{seq}"),
            summary: summary.to_owned(),
            started_at: Timestamp::now(),
            duration: result.map(|_| Duration::from_millis(7)),
            result,
            detail: None,
        };
        self.store.write_steps(begun.attempt, &[step], None).await.unwrap();
    }

    async fn ended(&self, begun: &Begun, code: Code, message: &str, evidence: Option<&Path>) {
        let ending = Ending {
            attempt: begun.attempt,
            verdict: Verdict::new(code, message),
            provenance: Provenance { evidence: evidence.map(Path::to_owned), ..Provenance::default() },
            next: Next::Ended,
        };
        self.store.end(&begun.claim, &ending).await.unwrap();
    }
}

struct Begun {
    claim: Claim,
    attempt: Uuid,
    job: Uuid,
}

fn options(folder: &Path) -> Options {
    Options {
        listen: ([127, 0, 0, 1], 0).into(),
        tls: None,
        behind_proxy: false,
        artifacts: folder.join("artifacts"),
        apps: vec![AppInfo {
            app: "acme".to_owned(),
            title: "Acme".to_owned(),
            file: "acme.yaml".to_owned(),
            hash: "00ff".to_owned(),
            flows: vec!["login".to_owned()],
            quotes: BTreeMap::from([(
                "login.4".to_owned(),
                Quote {
                    file: "acme.yaml".to_owned(),
                    line: 28,
                    text: "- click: { role: button, name: Log on }".to_owned(),
                },
            )]),
        }],
        reveal: None,
        stream: Duration::from_secs(1),
        tracer: turnlock::traces::Tracer::default(),
        is_dead: turnlock::worker::identity::is_dead,
    }
}

/// It keeps cookies, and follows nothing by itself.
fn client() -> Client {
    Client::builder().cookie_store(true).redirect(redirect::Policy::none()).build().unwrap()
}

fn location(response: &Response) -> &str {
    response.headers().get("location").map(|location| location.to_str().unwrap()).unwrap_or_default()
}

async fn text(client: &Client, url: String) -> String {
    let response = client.get(&url).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{url}");
    response.text().await.unwrap()
}

/// What the forms of a page hold.
fn csrf(page: &str) -> &str {
    let from = page.find("name=\"csrf\" value=\"").unwrap() + "name=\"csrf\" value=\"".len();
    &page[from..from + page[from..].find('"').unwrap()]
}
