//! Evidence: for how long it stays, what is said when it has gone, and that nothing depends on it.
#![cfg(feature = "failpoints")]

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use acme::{Acme, NewUser, Options};
use turnlock::job::{AccountRef, Kind};
use turnlock::vault::NewAccount;
use uuid::Uuid;

use crate::harness::fleet::{said, until};
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

struct Scene {
    _app: Acme,
    home: Home,
    account: AccountRef,
}

impl Scene {
    async fn set() -> Self {
        let app = Acme::start(Options::default()).await.unwrap();
        let home = Home::new(&app, &Plan::default().playbook);
        app.add_user(NewUser::new("alice", FIRST_PASSWORD)).unwrap();
        let account: AccountRef = "acme/alice".parse().unwrap();
        let new = NewAccount {
            account: account.clone(),
            username: "alice".to_owned(),
            address: None,
            number: None,
            password: Some(FIRST_PASSWORD.into()),
            totp: None,
        };
        home.vault().await.add_account(&new).await.unwrap();
        Self { _app: app, home, account }
    }

    /// The folder of a job's only attempt.
    fn folder(&self, job: Uuid) -> PathBuf {
        self.home.path().join(format!("artifacts/{job}/1"))
    }

    /// A job that leaves evidence.
    async fn job(&self) -> Uuid {
        let id = Uuid::now_v7();
        let output = self.home.run(Kind::VerifyLogin, &self.account, id, &["--evidence"], &[]).await;
        assert!(output.status.success(), "{output:?}");
        let folder = self.folder(id);
        assert!(folder.join("screenshot.png").is_file() && folder.join("page.txt").is_file());
        id
    }

    /// Evidence as an attempt of long ago may have left it.
    fn evidence(&self, bytes: usize, age: Duration) -> PathBuf {
        let folder = self.folder(Uuid::now_v7());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("screenshot.png"), vec![0; bytes]).unwrap();
        make_older(&folder, age);
        folder
    }

    async fn shown(&self, command: &[&str], environment: &[(&str, &str)]) -> String {
        let mut command_ = self.home.turnlock();
        said(command_.args(command).envs(environment.iter().copied()).output().await.unwrap()).ends(0).out
    }
}

/// As if all files in the folder had been written so long ago.
fn make_older(folder: &Path, age: Duration) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = std::fs::File::open(entry.unwrap().path()).unwrap();
        file.set_modified(SystemTime::now() - age).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_remove_evidence_by_age_and_size_and_nothing_else() {
    let scene = Scene::set().await;
    let (old, fresh) = (scene.job().await, scene.job().await);
    let (old_folder, fresh_folder) = (scene.folder(old), scene.folder(fresh));
    make_older(&old_folder, 31 * DAY);
    let artifacts = scene.home.path().join("artifacts");
    // What is old, but not Turnlock's, or not here.
    let shared = scene.evidence(10, 40 * DAY);
    std::fs::write(shared.join("notes.txt"), "of a person").unwrap();
    make_older(&shared, 40 * DAY);
    let by_name = artifacts.join("by-name/1");
    std::fs::create_dir_all(&by_name).unwrap();
    std::fs::write(by_name.join("screenshot.png"), "somebody's").unwrap();
    make_older(&by_name, 40 * DAY);
    let outside = tempfile::tempdir().unwrap();
    let linked = outside.path().join("1");
    std::fs::create_dir(&linked).unwrap();
    std::fs::write(linked.join("screenshot.png"), "elsewhere").unwrap();
    make_older(&linked, 40 * DAY);
    symlink(outside.path(), artifacts.join(Uuid::now_v7().to_string())).unwrap();
    // What is too much by a megabyte and a bit: the older ones of three.
    let large = [3, 2, 1].map(|days| scene.evidence(400_000, days * DAY));

    // Two at a time, as on a shared volume.
    let limits = [("TURNLOCK_EVIDENCE_RETENTION", "30d"), ("TURNLOCK_EVIDENCE_LIMIT", "1MB")];
    let mut workers = [(); 2].map(|()| scene.home.worker(&limits));
    let gone = [&old_folder, &large[0]];
    until("traces of the evidence no more", async || gone.iter().all(|folder| !folder.exists())).await;
    until("notes alone", async || !shared.join("screenshot.png").exists()).await;
    assert!(scene.home.words().contains("removed evidence"), "{}", scene.home.words());
    for worker in &mut workers {
        worker.kill().await.unwrap();
    }
    assert!(!old_folder.parent().unwrap().exists(), "the job's folder goes with its last attempt");
    for kept in [
        fresh_folder.join("screenshot.png"),
        fresh_folder.join("page.txt"),
        shared.join("notes.txt"),
        by_name.join("screenshot.png"),
        linked.join("screenshot.png"),
        large[1].join("screenshot.png"),
        large[2].join("screenshot.png"),
    ] {
        assert!(kept.is_file(), "{} has gone", kept.display());
    }

    // Who asks for it afterwards is told, and all else is there.
    let id = old.to_string();
    let text = scene.shown(&["job", "show", &id], &[]).await;
    assert!(text.contains("login.1") && text.contains("/1 (not on this machine, or removed)"), "{text}");
    let json = scene.shown(&["job", "show", &id, "--json"], &[]).await;
    assert!(json.contains("\"picture\":null,\"page\":null"), "{json}");
    scene.shown(&["job", "export", &id, "--output", "old.html"], &[]).await;
    let html = std::fs::read_to_string(scene.home.path().join("old.html")).unwrap();
    assert!(html.contains("it is not on this machine, or removed.") && !html.contains("<figure"), "{html}");
    // A month later.
    let library = std::fs::read_dir("/usr/lib").unwrap().flatten();
    let mut library = library.map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    let library = library.find(|path| path.exists()).expect("scripts/install-test-deps installs libfaketime");
    let later = [
        ("LD_PRELOAD", library.to_str().unwrap()),
        ("FAKETIME", "+31d"),
        ("TURNLOCK_EVIDENCE_RETENTION", "30d"),
    ];
    let text = scene.shown(&["job", "show", &id], &later).await;
    assert!(text.contains("/1 (gone: evidence is kept for 30 d)"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_finds_no_room_on_the_disk_fails_no_job() {
    let scene = Scene::set().await;
    for full in ["page.txt", "screenshot.png"] {
        let id = Uuid::now_v7();
        // The system says of this device that it is full.
        std::fs::create_dir_all(scene.folder(id)).unwrap();
        symlink("/dev/full", scene.folder(id).join(full)).unwrap();
        let output = scene.home.run(Kind::VerifyLogin, &scene.account, id, &["--evidence"], &[]).await;
        let said = said(output).ends(0);
        assert!(said.out.contains("logged_in"), "{} {}", said.out, said.err);
        assert!(!scene.folder(id).join(full).exists(), "nothing half is left");
        let shown = scene.shown(&["job", "show", &id.to_string()], &[]).await;
        assert!(shown.contains("succeeded") && shown.contains("No space left on device"), "{shown}");
    }
}
