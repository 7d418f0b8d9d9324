//! Everything at once and for real: the bundled app, an inbox, a vault, a browser and a worker.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use turnlock::flow::{FlowPerformer, Watch};
use turnlock::inbox::{Arrival, Content, Desk, Inbox};
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::playbook::{OriginOverrides, Playbook};
use turnlock::queue::EmbeddedQueue;
use turnlock::store::{self, AttemptRow, LogQuery};
use turnlock::vault::{Credentials, MasterKey, NewAccount, Vault};
use turnlock::worker::{Worker, WorkerConfig};
use uuid::Uuid;

use super::Browser;
use super::desk::Receiving;

pub const FIRST_PASSWORD: &str = "First-Pass-2026";

/// An app that a test runs, and how Turnlock knows it.
pub struct Plan {
    /// The app's name in the playbook and in account references.
    pub name: &'static str,
    pub app: acme::Options,
    pub playbook: String,
}

impl Default for Plan {
    fn default() -> Self {
        // Codes that last 6 s, so that nobody waits half a minute for the next.
        let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
        let app = acme::Options { totp, ..acme::Options::default() };
        Self { name: "acme", app, playbook: acme_playbook() }
    }
}

impl Plan {
    /// The bundled app by another name, with the shipped playbook changed here and there.
    pub fn changed(name: &'static str, changes: &[(&str, &str)]) -> Self {
        let mut playbook = acme_playbook();
        for (from, to) in changes {
            assert!(playbook.contains(from), "the playbook has no {from:?}");
            playbook = playbook.replace(from, to);
        }
        Self { name, playbook, ..Self::default() }
    }
}

/// A playbook of `tests/playbooks`.
pub fn test_playbook(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/playbooks").join(name);
    std::fs::read_to_string(path).unwrap()
}

/// The bundled app's playbook as it is shipped.
pub fn acme_playbook() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("playbooks/acme.yaml");
    std::fs::read_to_string(path).unwrap()
}

pub struct Rig {
    /// The first app.
    pub app: acme::Acme,
    /// The other apps by name.
    others: HashMap<&'static str, acme::Acme>,
    pub inbox: Inbox,
    _mail: Receiving,
    _texts: JoinSet<()>,
    pub vault: Vault,
    pub worker: Worker,
    pub queue: Arc<EmbeddedQueue>,
    performer: Arc<FlowPerformer>,
    folder: tempfile::TempDir,
    _browser: Browser,
}

impl Rig {
    pub async fn start() -> Self {
        Self::planned(vec![Plan::default()]).await
    }

    pub async fn planned(plans: Vec<Plan>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store =
            store::open(&format!("sqlite:{}", folder.path().join("turnlock.db").display())).await.unwrap();
        let vault = Vault::open(Arc::clone(&store), MasterKey::generate().unwrap()).await.unwrap();
        let inbox = Inbox::new(Arc::clone(&store), vault.message_seal());
        let receiver = Receiving::mail(inbox.clone()).await;
        let (sms, sent) = mpsc::unbounded_channel();
        let mut texts = JoinSet::new();
        texts.spawn(hand_over(sent, inbox.clone()));
        let mut apps = Vec::new();
        let mut playbooks = HashMap::new();
        for Plan { name, app, playbook } in plans {
            let app = acme::Acme::start(app).await.unwrap();
            app.set_smtp(Some(receiver.address));
            app.set_sms(Some(sms.clone()));
            playbooks.insert(name.to_owned(), Arc::new(checked(name, &playbook, &app)));
            apps.push((name, app));
        }
        let (_, app) = apps.remove(0);
        let browser = Browser::start().await;
        let performer = FlowPerformer {
            vault: vault.clone(),
            pool: browser.pool.clone(),
            inbox: inbox.clone(),
            mail_servers: Vec::new(),
            playbooks,
            unusable: HashMap::new(),
            artifacts: folder.path().join("artifacts"),
            trial: None,
            new_password: None,
            watch: None,
        };
        let queue = Arc::new(EmbeddedQueue::new(Arc::clone(&store)));
        let performer = Arc::new(performer);
        let worker = Worker::new(store, queue.clone(), performer.clone(), WorkerConfig::default());
        let others = apps.into_iter().collect();
        Self {
            app,
            others,
            inbox,
            _mail: receiver,
            _texts: texts,
            vault,
            worker,
            queue,
            performer,
            folder,
            _browser: browser,
        }
    }

    /// The browser dies, all its processes at once.
    pub async fn kill_browser(&self) {
        let (_, group) = self._browser.pool.browser().await.unwrap();
        let group = Pid::from_raw(i32::try_from(group).unwrap()).unwrap();
        kill_process_group(group, Signal::KILL).unwrap();
    }

    /// The folder with the database and the evidence.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Another worker beside the first.
    pub fn worker_with(&self, config: WorkerConfig) -> Worker {
        Worker::new(Arc::clone(self.vault.store()), self.queue.clone(), self.performer.clone(), config)
    }

    /// Runs a job while somebody looks on.
    pub async fn watched(&self, job: &Job, watch: Arc<dyn Watch>) -> AttemptRow {
        let performer = FlowPerformer { watch: Some(watch), ..(*self.performer).clone() };
        let (store, queue) = (Arc::clone(self.vault.store()), self.queue.clone());
        let worker = Worker::new(store, queue, Arc::new(performer), WorkerConfig::default());
        worker.run_one(job, std::future::pending()).await.unwrap()
    }

    /// Stops an app other than the first: its port is closed from now on.
    pub async fn stop_app(&mut self, name: &str) {
        self.others.remove(name).unwrap().stop().await;
    }

    /// The attempts at a job so far, in order.
    pub async fn attempts(&self, job: Uuid) -> Vec<AttemptRow> {
        let query = LogQuery { job: Some(job), ..LogQuery::default() };
        let mut rows = self.vault.store().log(&query).await.unwrap();
        rows.reverse();
        rows
    }

    /// The app that the account is in.
    pub fn app_of(&self, account: &AccountRef) -> &acme::Acme {
        self.others.get(account.app()).unwrap_or(&self.app)
    }

    /// An account in the app and in the vault: `alice` in the first app, or `other/alice`.
    pub async fn account(&self, name: &str) -> AccountRef {
        let account = reference(name);
        self.app_of(&account).add_user(acme::NewUser::new(account.name(), FIRST_PASSWORD)).unwrap();
        self.known(name, FIRST_PASSWORD, None).await
    }

    /// An account in the vault only, with this password.
    pub async fn known(&self, name: &str, password: &str, address: Option<&str>) -> AccountRef {
        self.reached(name, password, address, None).await
    }

    /// The same, with a number.
    pub async fn reached(
        &self,
        name: &str,
        password: &str,
        address: Option<&str>,
        number: Option<&str>,
    ) -> AccountRef {
        let account = reference(name);
        let new = NewAccount {
            account: account.clone(),
            username: account.name().to_owned(),
            address: address.map(str::to_owned),
            number: number.map(str::to_owned),
            password: Some(SecretString::from(password)),
            totp: None,
        };
        self.vault.add_account(&new).await.unwrap();
        account
    }

    pub async fn run(&self, kind: Kind, account: &AccountRef) -> AttemptRow {
        self.run_job(&Job::new(kind, account.clone())).await
    }

    pub async fn run_job(&self, job: &Job) -> AttemptRow {
        self.worker.run_one(job, std::future::pending()).await.unwrap()
    }

    pub async fn credentials(&self, account: &AccountRef) -> Credentials {
        self.vault.credentials(account).await.unwrap()
    }

    /// What the vault calls current opens the account.
    pub async fn assert_current_opens(&self, account: &AccountRef) {
        assert_opens(&self.vault, self.app_of(account), account).await;
    }
}

/// What the vault calls current opens the account, by plain HTTP and nothing of Turnlock's.
pub async fn assert_opens(vault: &Vault, app: &acme::Acme, account: &AccountRef) {
    opens(vault, app, account).await.unwrap_or_else(|why| panic!("{why}"));
}

/// The same, as a result.
pub async fn opens(vault: &Vault, app: &acme::Acme, account: &AccountRef) -> Result<(), String> {
    let held = vault.credentials(account).await.unwrap();
    let password = held.password.ok_or_else(|| format!("{account} has no current password"))?;
    let totp = held.totp.map(|totp| totp.secret);
    let secret = totp.as_ref().map(ExposeSecret::expose_secret);
    let until = tokio::time::Instant::now() + super::SOON;
    loop {
        let login = acme::client::login(app.url(), account.name(), password.secret.expose_secret(), secret);
        match login.await {
            // The app takes no code twice, and Turnlock may have used this one: only the clock gives the next.
            Err(acme::client::Refused::Said(why)) if why.contains("already used") => {
                if tokio::time::Instant::now() > until {
                    return Err(format!("{account}: no fresh code"));
                }
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
            // A code goes by mail: the password was taken.
            Err(acme::client::Refused::CodeWanted) if secret.is_none() => {
                let mfa_on = app.user(account.name()).is_none_or(|user| user.mfa_on);
                return if mfa_on {
                    Err(format!("{account}: MFA is on, and the vault has no secret"))
                } else {
                    Ok(())
                };
            }
            // The same, and nobody receives mail any more.
            Err(acme::client::Refused::Said(why)) if why.contains("could not send the code") => {
                let right = app.verify_password(account.name(), password.secret.expose_secret());
                return if right { Ok(()) } else { Err(format!("{account}: {why}")) };
            }
            login => return login.map(drop).map_err(|why| format!("{account}: {why:?}")),
        }
    }
}

/// Hands text messages over to the inbox, as a gateway does.
async fn hand_over(mut sent: mpsc::UnboundedReceiver<(String, String)>, inbox: Inbox) {
    while let Some((number, text)) = sent.recv().await {
        let arrival = Arrival {
            recipient: number,
            sender: "ACME".to_owned(),
            content: Content::Text(text),
            key: None,
            age: std::time::Duration::ZERO,
        };
        inbox.deliver(arrival).await.unwrap();
    }
}

fn reference(name: &str) -> AccountRef {
    if name.contains('/') { name.parse().unwrap() } else { format!("acme/{name}").parse().unwrap() }
}

/// A playbook for this app, checked.
pub fn checked(name: &'static str, source: &str, app: &acme::Acme) -> Playbook {
    let source = source.replacen("app: acme", &format!("app: {name}"), 1);
    let mut origins = OriginOverrides::new();
    origins.insert(name, "app", app.url());
    if source.contains("127.0.0.1:4181") {
        origins.insert(name, "frames", app.frame_url());
    }
    turnlock::playbook::parse(name, &source, &origins)
        .unwrap_or_else(|report| panic!("{}", report.render(false)))
}

#[track_caller]
pub fn assert_ended(row: &AttemptRow, outcome: Outcome, code: Code) {
    let verdict = row.verdict.as_ref().expect("the attempt ended");
    assert_eq!((verdict.outcome, verdict.code), (outcome, code), "{}", verdict.message);
}
