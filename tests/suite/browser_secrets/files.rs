//! A browser's temporary files hold nothing secret, whatever the app asks it to keep.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use secrecy::ExposeSecret;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use turnlock::browser::Pool;
use turnlock::credential::TotpSecret;
use turnlock::flow::FlowPerformer;
use turnlock::job::{AccountRef, Code, Job, Kind, Outcome};
use turnlock::playbook::OriginOverrides;
use turnlock::queue::EmbeddedQueue;
use turnlock::vault::{MasterKey, NewAccount, Vault};
use turnlock::worker::{Worker, WorkerConfig};

use crate::harness::rig::{FIRST_PASSWORD, acme_playbook, assert_ended};
use crate::harness::{SOON, browser_options};
use crate::suite::browser_process::{kill_group, members, signal_group, stop};

/// Stands between the browser and the app. It makes of it one that lets the browser keep every page and each
/// cookie for a year, and keeps the values of the cookies itself.
async fn lasting(app: &acme::Acme) -> (String, Arc<Mutex<BTreeSet<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = app.url().strip_prefix("http://").unwrap().to_owned();
    let cookies: Arc<Mutex<BTreeSet<String>>> = Arc::default();
    let seen = Arc::clone(&cookies);
    tokio::spawn(async move {
        while let Ok((browser, _)) = listener.accept().await {
            let app = tokio::net::TcpStream::connect(&address).await.unwrap();
            let ((mut asks, mut hears), (mut reads, mut writes)) = (browser.into_split(), app.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut asks, &mut writes).await.map(drop) });
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut buffer = vec![0; 1 << 16];
                while let Ok(read @ 1..) = reads.read(&mut buffer).await {
                    let text = String::from_utf8_lossy(&buffer[..read]);
                    let values =
                        text.split("acme_session=").skip(1).filter_map(|rest| rest.split(';').next());
                    seen.lock().unwrap().extend(values.map(str::to_owned));
                    let text =
                        text.replace("cache-control: no-store", "cache-control: private, max-age=31536000");
                    let text = text.replace("; SameSite=Lax", "; SameSite=Lax; Max-Age=31536000");
                    hears.write_all(text.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (url, cookies)
}

/// Every file below the folder, and each that was removed there but is still open in one of these processes.
fn written(folder: &Path, processes: &[i32]) -> Vec<PathBuf> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                collect(&entry.path(), found);
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    collect(folder, &mut found);
    for pid in processes {
        for entry in std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten() {
            let target = std::fs::read_link(entry.path()).unwrap_or_default();
            if target.starts_with(folder) && !target.exists() {
                found.push(entry.path());
            }
        }
    }
    found
}

/// Stops the browser where it is and searches all that it has written so far: what would be left, were it or its
/// worker killed at this point and nobody there to remove it.
async fn assert_nothing_written(group: u32, profiles: &Path, secrets: &[(&str, String)]) {
    stop(group).await;
    let files = written(profiles, &members(group, ""));
    assert!(files.len() > 5, "nothing was searched: {files:?}");
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for (name, secret) in secrets {
            // As it is, and as text of 16 bits a character.
            let wide = secret.chars().flat_map(|c| [c, '\0']).collect();
            for form in [secret.clone(), wide] {
                let found = text.contains(&form);
                assert!(!found, "{name} is in {}", file.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_writes_no_secret_to_its_temporary_files() {
    // The code that turns MFA on is not taken again, and the next one is soon there.
    let totp = acme::TotpShape { period: 6, ..acme::TotpShape::default() };
    let app = acme::Acme::start(acme::Options { totp, ..acme::Options::default() }).await.unwrap();
    app.add_user(acme::NewUser::new("alice", FIRST_PASSWORD)).unwrap();
    let (url, cookies) = lasting(&app).await;
    let mut origins = OriginOverrides::new();
    origins.insert("acme", "app", &url);
    let playbook = turnlock::playbook::parse("acme.yaml", &acme_playbook(), &origins);
    let playbook = playbook.unwrap_or_else(|report| panic!("{}", report.render(false)));
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("turnlock.db").display());
    let store = turnlock::store::open(&store).await.unwrap();
    let vault = Vault::open(Arc::clone(&store), MasterKey::generate().unwrap()).await.unwrap();
    let account: AccountRef = "acme/alice".parse().unwrap();
    let new = NewAccount {
        account: account.clone(),
        username: "alice".to_owned(),
        address: None,
        number: None,
        password: Some(FIRST_PASSWORD.into()),
        totp: None,
    };
    vault.add_account(&new).await.unwrap();
    let profiles = tempfile::tempdir().unwrap();
    let pool = Pool::start(browser_options(profiles.path())).await.unwrap();
    let (_, group) = pool.browser().await.unwrap();
    let performer = FlowPerformer {
        vault: vault.clone(),
        pool: pool.clone(),
        inbox: turnlock::inbox::Inbox::new(Arc::clone(vault.store()), vault.message_seal()),
        mail_servers: Vec::new(),
        playbooks: [("acme".to_owned(), Arc::new(playbook))].into(),
        unusable: HashMap::new(),
        artifacts: folder.path().join("artifacts"),
        trial: None,
        new_password: None,
        watch: None,
    };
    let queue = Arc::new(EmbeddedQueue::new(Arc::clone(&store)));
    let worker = Worker::new(store, queue, Arc::new(performer), WorkerConfig::default());
    let secrets = async || {
        let held = vault.credentials(&account).await.unwrap();
        let mut secrets = vec![("the first password", FIRST_PASSWORD.to_owned())];
        for password in held.password.iter().chain(&held.pending_password) {
            secrets.push(("a password", password.secret.expose_secret().to_owned()));
        }
        for totp in held.totp.iter().chain(&held.pending_totp) {
            let totp = TotpSecret::from_uri(totp.secret.expose_secret()).unwrap();
            secrets.push(("the TOTP secret", totp.base32().expose_secret().to_owned()));
        }
        secrets.extend(cookies.lock().unwrap().iter().map(|value| ("a session's cookie", value.clone())));
        secrets
    };
    // The secret has been shown, the code was typed, and the answer is awaited.
    let hold = app.hold("POST /account/mfa/confirm", acme::When::After);
    let job = Job::new(Kind::EnrolMfa, account.clone());
    let look = async {
        timeout(SOON, hold.arrived()).await.expect("the job does not come so far");
        let secrets = secrets().await;
        for name in ["the TOTP secret", "a session's cookie"] {
            assert!(secrets.iter().any(|(secret, _)| *secret == name), "{name} is not known");
        }
        assert_nothing_written(group, profiles.path(), &secrets).await;
        signal_group(group, Signal::CONT);
        hold.release();
    };
    let (row, ()) = tokio::join!(worker.run_one(&job, std::future::pending()), look);
    assert_ended(&row.unwrap(), Outcome::Succeeded, Code::MfaEnabled);
    // The new password was typed.
    let hold = app.hold("POST /account/password", acme::When::After);
    let job = Job::new(Kind::ChangePassword, account.clone());
    let look = async {
        timeout(SOON, hold.arrived()).await.expect("the job does not come so far");
        let secrets = secrets().await;
        assert_eq!(secrets.iter().filter(|(name, _)| *name == "a password").count(), 2);
        assert_nothing_written(group, profiles.path(), &secrets).await;
        kill_group(group);
    };
    tokio::select! {
        row = worker.run_one(&job, std::future::pending()) => panic!("{row:?}"),
        () = look => {}
    }
}
