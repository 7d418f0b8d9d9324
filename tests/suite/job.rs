//! `turnlock job`: all that is known of a job, in the terminal and as one file that asks for nothing.
#![cfg(feature = "failpoints")]

use std::path::PathBuf;
use std::sync::Arc;

use acme::{Acme, NewUser, Options};
use async_trait::async_trait;
use turnlock::job::{AccountRef, Code, Job, Kind, Verdict};
use turnlock::store::{AccountEntry, CandidateKind, NewCandidate, WorkerId};
use turnlock::vault::NewAccount;
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, WorkerConfig};
use uuid::Uuid;

use crate::harness::fleet::{self, Fleet, said};
use crate::harness::home::Home;
use crate::harness::rig::{FIRST_PASSWORD, Plan};
use crate::harness::terminal::OnTerminal;
use crate::harness::{PATIENCE, Reply, Site, Stage, put_log_aside};

/// What a page, an account or a playbook may say that is out for more than to be read.
const HOSTILE: &str = "</pre><script>fetch('/stolen')</script><img src='/stolen'><style>*{background:url(/stolen)}</style>\u{1b}[2J\u{202e}";

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_is_shown_with_what_was_awaited_what_was_found_and_its_line() {
    let app = Acme::start(Options::default()).await.unwrap();
    let plan = Plan::changed(
        "acme",
        &[("name: Sign in }", "name: Log on }"), ("lockout:", "timeouts: { step: 2s }\nlockout:")],
    );
    let home = Home::new(&app, &plan.playbook);
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
    let id = Uuid::now_v7();
    home.run(Kind::VerifyLogin, &account, id, &[], &[]).await;
    let short = &id.simple().to_string()[24..];
    let turnlock = async |arguments: &[&str]| said(home.turnlock().args(arguments).output().await.unwrap());

    let shown = turnlock(&["job", "show", short]).await.ends(0).out;
    let line = 1 + plan.playbook.lines().position(|line| line.contains("Log on")).unwrap();
    for part in [
        &format!("Job {id}"),
        "verify_login of acme/alice",
        "needs_human (page_not_as_described)",
        "✓  login.1",
        "✗  login.4",
        "awaited    click role button \"Log on\"",
        "Sign in",
        &format!("acme.yaml:{line}: - click: {{ role: button, name: Log on }}"),
        "What to do Compare the evidence",
        &format!("artifacts/{id}/1/screenshot.png"),
        "chrome/",
    ] {
        assert!(shown.to_lowercase().contains(&part.to_lowercase()), "`{part}` is not in:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "no picture and no colour goes into a pipe:\n{shown}");
    assert_eq!(shown.matches("nothing on the page matches").count(), 1, "it is said once:\n{shown}");
    let line_of_shell = format!("{} job show {short}", env!("CARGO_BIN_EXE_turnlock"));
    for (term, pictured) in [("xterm-kitty", true), ("xterm", false)] {
        let mut terminal = OnTerminal::start(&home.turnlock(), &line_of_shell, term);
        terminal.shows("What to do").await;
        assert!(terminal.shown.contains("\u{1b}[35mneeds_human\u{1b}[0m"), "{}", terminal.shown);
        let begun = terminal.shown.contains("\u{1b}_Ga=T,f=100,q=2,");
        assert_eq!(begun, pictured, "{term}: {}", terminal.shown);
    }

    let json = turnlock(&["job", "show", &id.to_string(), "--json"]).await.ends(0).json().remove(0);
    assert_eq!(
        (json["state"].as_str(), json["code"].as_str()),
        (Some("finished"), Some("page_not_as_described"))
    );
    let attempt = &json["attempts"][0];
    assert_eq!(attempt["failed_step"], 4);
    let place = attempt["steps"][3]["playbook_line"].as_str().unwrap();
    assert!(place.ends_with(&format!("acme.yaml:{line}")), "{place}");
    assert!(PathBuf::from(attempt["picture"].as_str().unwrap()).is_file());

    // Of another text nobody knows the lines.
    std::fs::write(home.path().join("acme.yaml"), format!("# another text\n{}", plan.playbook)).unwrap();
    let other = turnlock(&["job", "show", short]).await.ends(0).out;
    assert!(!other.contains("acme.yaml:"), "{other}");

    let written = turnlock(&["job", "export", short]).await.ends(0).out;
    assert_eq!(written.trim(), format!("job-{short}.html"));
    turnlock(&["job", "export", short]).await.ends(2).complains("--force");
    turnlock(&["job", "export", short, "--force"]).await.ends(0);
    let html = std::fs::read_to_string(home.path().join(written.trim())).unwrap();
    assert!(!html.contains(FIRST_PASSWORD), "the password is in the file");
    let mut opened = opened(html).await;
    let stage = &opened.stage;
    assert_eq!(stage.text("{ css: h1 }").await, "verify_login of acme/alice");
    let decisive = stage.text("{ css: li.decisive }").await;
    assert!(decisive.contains("login.4") && decisive.contains("awaited"), "{decisive}");
    assert!(stage.text("{ css: .todo }").await.contains("Compare the evidence"));
    // A picture that could not be decoded, or was not let in, has no size.
    let shown = stage.page.picture(&stage.target("{ css: \"figure img\" }"), PATIENCE).await.unwrap();
    let size = png::Decoder::new(std::io::Cursor::new(shown)).read_info().unwrap().info().size();
    assert!(size.0 > 600 && size.1 > 300, "{size:?}");
    opened.asked_for_nothing();

    turnlock(&["job", "show", "0123abcd"]).await.ends(2).complains("the id of no job");
    let unknown = Uuid::now_v7().to_string();
    turnlock(&["job", "export", &unknown]).await.ends(2).complains("there is no job");

    // Where the key is at hand, nobody reads a password that somebody has written into a reason.
    let (clear, masked) = (format!("pw is {FIRST_PASSWORD} ok"), "pw is [secret] ok");
    let vault = home.vault().await;
    let reason = async |id: Uuid| vault.store().job(id).await.unwrap().unwrap().job.reason.unwrap();
    let submitted = Uuid::now_v7();
    let wish =
        ["verify_login", "--account", "acme/alice", "--reason", &clear, "--id", &submitted.to_string()];
    turnlock(&[&["submit"], &wish[..]].concat()).await.ends(0);
    assert_eq!(reason(submitted).await, masked);
    let job = Job { reason: Some(clear.clone()), ..Job::new(Kind::VerifyLogin, account) };
    vault.store().submit(&job, None).await.unwrap();
    let id = job.id.to_string();
    turnlock(&["job", "show", &id]).await.ends(0).says(masked);
    turnlock(&["job", "export", &id, "-o", "clear.html"]).await.ends(0);
    let html = std::fs::read_to_string(home.path().join("clear.html")).unwrap();
    assert!(html.contains(masked) && !html.contains(FIRST_PASSWORD), "{html}");
    assert_eq!(reason(job.id).await, clear, "to look changes nothing");
    turnlock(&["cancel", &id]).await.ends(0);
    assert_eq!(reason(job.id).await, masked);
}

/// As `log_retention` does with old months.
#[tokio::test]
async fn a_job_whose_attempts_were_put_aside_says_so() {
    let fleet = Fleet::embedded().await;
    let (job, queue) = (fleet::job("acme/alice"), fleet.producer());
    queue.submit(&job, None).await.unwrap();
    let worker = fleet.worker(fleet::Counts::ending(Code::BadCredentials), WorkerConfig::default());
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        ended = tokio::time::timeout(PATIENCE, queue.ended(job.id)) => { ended.unwrap().unwrap(); }
    }
    put_log_aside(&fleet.database).await;
    let id = job.id.to_string();
    let shown = fleet.turnlock(&["job", "show", &id]).await.ends(0);
    shown.says("rejected (bad_credentials)").says("attempts   put aside").says("log_retention");
    let json = fleet.turnlock(&["job", "show", &id, "--json"]).await.ends(0).json().remove(0);
    assert_eq!((&json["put_aside"], &json["attempts"]), (&true.into(), &serde_json::json!([])));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aside.html");
    fleet.turnlock(&["job", "export", &id, "-o", path.to_str().unwrap()]).await.ends(0);
    let html = std::fs::read_to_string(path).unwrap();
    assert!(html.contains("put aside") && html.contains("bad_credentials"), "{html}");
}

/// Says hostile things wherever it can.
struct Hostile(PathBuf);

#[async_trait]
impl Performer for Hostile {
    async fn perform(&self, _attempt: &Attempt, steps: StepSink, _stop: Stop) -> Performed {
        steps.begin("login.1", HOSTILE).ok_with(HOSTILE);
        steps.begin(format!("login.{HOSTILE}"), HOSTILE).failed(HOSTILE);
        std::fs::write(self.0.join("page.txt"), HOSTILE).unwrap();
        // It is no picture, and so it is none of the file's.
        std::fs::write(self.0.join("screenshot.png"), HOSTILE).unwrap();
        let mut performed = Performed::new(Verdict::new(Code::HumanWanted, HOSTILE));
        performed.provenance.evidence = Some(self.0.clone());
        performed.provenance.playbook = Some(HOSTILE.to_owned());
        performed.provenance.browser_version = Some(HOSTILE.to_owned());
        performed
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_texts_are_shown_as_texts() {
    let fleet = Fleet::embedded().await;
    let evidence = tempfile::tempdir().unwrap();
    let own = evidence.path().join("1");
    std::fs::create_dir(&own).unwrap();
    let job = Job {
        requested_by: Some(HOSTILE.to_owned()),
        reason: Some(HOSTILE.to_owned()),
        ..Job::new(Kind::VerifyLogin, "acme/Ünï.会社".parse().unwrap())
    };
    let queue = fleet.producer();
    queue.submit(&job, None).await.unwrap();
    let worker = fleet.worker(Arc::new(Hostile(own)), WorkerConfig::default());
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        ended = tokio::time::timeout(PATIENCE, queue.ended(job.id)) => { ended.unwrap().unwrap(); }
    }
    let id = job.id.to_string();
    let shown = fleet.turnlock(&["job", "show", &id]).await.ends(0).out;
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
    for command in [&["log"][..], &["log", "--job", &id], &["log", "--failed"]] {
        let log = fleet.turnlock(command).await.ends(0).out;
        assert!(!log.contains('\u{1b}'), "{command:?}: {log:?}");
    }
    let path = evidence.path().join("ticket.html");
    let export = ["job", "export", &id, "-o", path.to_str().unwrap()];
    let exported = fleet.command(&export).env("TURNLOCK_ARTIFACTS", evidence.path()).output().await.unwrap();
    assert!(exported.status.success(), "{exported:?}");
    let html = std::fs::read_to_string(path).unwrap();
    assert!(!html.contains("<script") && !html.contains("<img"), "{html}");
    let mut opened = opened(html).await;
    assert_eq!(opened.stage.text("{ css: h1 }").await, format!("verify_login of {}", job.account));
    opened.stage.click("{ text: What the page said }").await.unwrap();
    let page = opened.stage.text("{ css: \"details pre\" }").await;
    assert!(page.contains("<script>"), "{page}");
    opened.asked_for_nothing();
}

#[tokio::test]
async fn a_job_shows_the_reconciliation_that_it_called_for_and_that_shows_the_job() {
    let fleet = Fleet::embedded().await;
    let account: AccountRef = "acme/alice".parse().unwrap();
    let cause = Job::new(Kind::ChangePassword, account.clone());
    fleet.store.submit(&cause, None).await.unwrap();
    let entry =
        AccountEntry { account: account.clone(), username: "alice".to_owned(), address: None, number: None };
    let current = NewCandidate {
        id: Uuid::now_v7(),
        account,
        kind: CandidateKind::Password,
        version: 1,
        sealed: vec![1; 60],
        job: None,
        codes: None,
    };
    fleet.store.put_account(&entry, std::slice::from_ref(&current)).await.unwrap();
    let pending = NewCandidate { id: Uuid::now_v7(), version: 2, job: Some(cause.id), ..current };
    fleet.store.propose(&pending, None).await.unwrap();
    fleet.store.mark_submitted(pending.id, None).await.unwrap();
    let [owed] = fleet.store.recover(&|_: &WorkerId| false).await.unwrap()[..] else { panic!("one is owed") };

    let short = |id: Uuid| id.simple().to_string()[24..].to_owned();
    let shown = fleet.turnlock(&["job", "show", &cause.id.to_string()]).await.ends(0);
    let of = short(owed);
    shown.says(&format!("{of}  reconcile")).says(&format!("turnlock job show {of}"));
    let shown = fleet.turnlock(&["job", "show", &owed.to_string()]).await.ends(0);
    shown.says(&format!("caused by  job {}", cause.id));
}

/// A file in a real browser.
struct Opened {
    stage: Stage,
    site: Site,
}

async fn opened(html: String) -> Opened {
    let headers = || vec![("content-type", "text/html".to_owned())];
    let site = Site::new(move |request| match request.path.as_str() {
        "/" => Reply::Answer(200, headers(), html.clone()),
        _ => Reply::Answer(404, headers(), String::new()),
    })
    .await;
    Opened { stage: Stage::open(&site.url()).await, site }
}

impl Opened {
    #[track_caller]
    fn asked_for_nothing(&mut self) {
        assert_eq!(self.site.requests.try_recv().unwrap().path, "/");
        let more = self.site.requests.try_recv();
        assert!(more.is_err(), "the file asks for more: {more:?}");
    }
}
