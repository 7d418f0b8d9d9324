//! `turnlock top`: what it shows of a fleet, and the terminal that it leaves behind.

use std::process::Stdio;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use turnlock::job::{Code, Kind, Verdict};
use turnlock::store::{NewCanary, Provenance};
use turnlock::worker::{Attempt, Performed, Performer, StepSink, Stop, WorkerConfig};

use crate::harness::PATIENCE;
use crate::harness::fleet::{Fleet, job, until};

/// Comes to a step and stays there until it may go on.
#[derive(Default)]
struct Waits {
    there: Notify,
    goes_on: Notify,
}

#[async_trait]
impl Performer for Waits {
    async fn perform(&self, _attempt: &Attempt, steps: StepSink, _stop: Stop) -> Performed {
        let step = steps.begin("login.4", "click button \"Sign in\"");
        self.there.notify_one();
        self.goes_on.notified().await;
        step.ok();
        Performed::new(Verdict::new(Code::LoggedIn, "Done."))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_what_waits_and_what_fails_is_seen_at_a_glance() {
    let fleet = Fleet::embedded().await;
    let queue = fleet.producer();
    let (runs, waits, later) = (job("acme/alice"), job("acme/bob"), job("acme/carol"));
    queue.submit(&runs, None).await.unwrap();
    let performer = Arc::new(Waits::default());
    let worker = fleet.worker(performer.clone(), WorkerConfig { slots: 1, ..WorkerConfig::default() });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let work = async move { worker.run(async move { drop(stopped.await) }).await };
    let work = tokio::spawn(work);
    performer.there.notified().await;
    queue.submit(&waits, None).await.unwrap();
    queue.submit(&later, Some(Timestamp::now() + PATIENCE)).await.unwrap();
    let canary = NewCanary {
        account: "wiki/canary".parse().unwrap(),
        flow: "change_password".to_owned(),
        job: runs.id,
        tried_at: Timestamp::now(),
        verdict: Verdict::new(Code::PageNotAsDescribed, "as the test says"),
        playbook_hash: None,
    };
    fleet.store.mark_canary(&canary).await.unwrap();

    let glance = async || fleet.turnlock(&["top", "--json"]).await.ends(0).json().remove(0);
    // The step goes to the log behind the performer's back.
    until("a step", async || glance().await["under_way"][0]["step"]["id"] == "login.4").await;
    let json = glance().await;
    assert_eq!((&json["slots"], &json["busy"], &json["running"]), (&1.into(), &1.into(), &1.into()));
    assert_eq!((&json["due"], &json["later"], &json["held_back"]), (&1.into(), &1.into(), &0.into()));
    assert_eq!(json["oldest"]["job"], waits.id.to_string());
    assert_eq!(json["under_way"][0]["job"], runs.id.to_string());
    assert_eq!(json["ended"]["hour"]["succeeded"], 0);

    let shown = fleet.turnlock(&["top"]).await.ends(0).out;
    let short = |id: uuid::Uuid| id.simple().to_string()[24..].to_owned();
    for part in [
        "1 worker, 1 of 1 slots busy".to_owned(),
        "waiting 2: 1 due, 1 for later, 0 held back by their apps; running 1".to_owned(),
        format!("oldest  {} verify_login of acme/bob, due for ", short(waits.id)),
        "! wiki: its canary fails in change_password since".to_owned(),
        format!("{}  verify_login     acme/alice ", short(runs.id)),
        "login.4  click button \"Sign in\"".to_owned(),
        "1/1        working".to_owned(),
    ] {
        assert!(shown.contains(&part), "`{part}` is not in:\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "{shown:?}");

    performer.goes_on.notify_one();
    until("an end", async || glance().await["ended"]["minute"]["succeeded"] == 1).await;
    performer.goes_on.notify_one();
    stop.send(()).unwrap();
    work.await.unwrap().unwrap();
}

/// A program on a terminal of its own, which `script` makes.
struct OnTerminal {
    child: Child,
    shown: String,
}

impl OnTerminal {
    fn start(fleet: &Fleet, line: &str) -> Self {
        let like = fleet.command(&[]);
        let mut command = Command::new("script");
        command.args(["--quiet", "--return", "--command", line, "/dev/null"]);
        command.env_clear().current_dir(like.as_std().get_current_dir().unwrap());
        let given = like.as_std().get_envs();
        command
            .envs(given.filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        Self { child: command.spawn().unwrap(), shown: String::new() }
    }

    /// Reads on until that is shown.
    async fn shows(&mut self, what: &str) {
        let out = self.child.stdout.as_mut().unwrap();
        let read = async {
            while !self.shown.contains(what) {
                let mut bytes = [0; 4096];
                let count = out.read(&mut bytes).await.unwrap();
                assert!(count > 0, "`{what}` was never shown: {:?}", self.shown);
                self.shown.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        };
        tokio::time::timeout(PATIENCE, read).await.expect("it is shown");
    }

    async fn press(&mut self, keys: &str) {
        self.child.stdin.as_mut().unwrap().write_all(keys.as_bytes()).await.unwrap();
    }
}

const ENTERED: &str = "\u{1b}[?1049h\u{1b}[?25l";
const LEFT: &str = "\u{1b}[?25h\u{1b}[?1049l";

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_is_as_it_was_whoever_ends_it() {
    let fleet = Fleet::embedded().await;
    let attempt = turnlock::store::NewAttempt {
        id: uuid::Uuid::now_v7(),
        job: uuid::Uuid::now_v7(),
        kind: Kind::VerifyLogin,
        account: "acme/alice".parse().unwrap(),
        number: 1,
        worker: turnlock::store::WorkerId::new("w"),
        queued_at: Timestamp::now(),
        started_at: Timestamp::now(),
    };
    fleet.store.start_attempt(&attempt, None).await.unwrap();
    let end = Verdict::new(Code::BadCredentials, "no");
    fleet.store.end_attempt(attempt.id, &end, &Provenance::default(), None).await.unwrap();
    let turnlock = env!("CARGO_BIN_EXE_turnlock");
    for end in ["q", "\u{3}", "SIGTERM"] {
        // A shell without a trap dies of Ctrl-C as well.
        let line = format!("trap : INT; {turnlock} top; echo code $?; stty -a");
        let mut top = OnTerminal::start(&fleet, &line);
        top.shows(ENTERED).await;
        // Coloured: there is one that was rejected.
        top.shows("\u{1b}[31m").await;
        top.shows("no job is due").await;
        match end {
            "SIGTERM" => {
                let pid = child_named("turnlock", top.child.id().unwrap());
                rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
            }
            key => top.press(key).await,
        }
        top.shows("code 0").await;
        top.shows("-extproc").await;
        let after = top.shown.split(LEFT).nth(1).unwrap_or_else(|| panic!("{end}: {:?}", top.shown));
        for on in [" icanon", " echo ", "susp = ^Z"] {
            assert!(after.contains(on), "{end}: `{on}` is not in {after:?}");
        }
    }
}

/// The process of that name below that one.
fn child_named(name: &str, of: u32) -> rustix::process::Pid {
    let children = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap();
    let mut children = children.split_whitespace().map(|pid| pid.parse::<u32>().unwrap());
    let found = children.find_map(|pid| {
        let is_it =
            std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
        if is_it { Some(pid) } else { Some(child_named(name, pid).as_raw_nonzero().get() as u32) }
    });
    rustix::process::Pid::from_raw(found.unwrap() as i32).unwrap()
}
